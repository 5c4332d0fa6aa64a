package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/folder"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/slides"
)

// runSlides writes the slides of a class, one page in each language.
func runSlides(_ context.Context, args []string) error {
	if err := parseOnly(newFlags("slides", lang.T("It writes bin/slides.html and bin/slides.ja.html.", "bin/slides.html と bin/slides.ja.html を書き出します。")), args); err != nil {
		return err
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	for _, suffix := range []string{"", ".ja"} {
		var page strings.Builder
		if err := slides.Write(&page, root, suffix+".md"); err != nil {
			return err
		}
		file := filepath.Join(root, "bin", "slides"+suffix+".html")
		if err := folder.WriteFile(file, page.String(), 0o644); err != nil {
			return err
		}
		fmt.Fprintln(stdout, file)
	}
	say(lang.T("Open one in a browser. Keys: arrows, Space, Home, End. To get a PDF, print it there.",
		"ブラウザで開いてください。キー: 矢印、Space、Home、End。PDF にするには、ブラウザから印刷します。"))
	return nil
}
