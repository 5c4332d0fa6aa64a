package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"example.com/session-workshop/tools/internal/kit"
	"example.com/session-workshop/tools/internal/modules"
)

// runOffline packs everything that a class without a network needs.
func runOffline(ctx context.Context, args []string) error {
	flags := newFlags("offline [-o FILE] [-image=false]")
	file := flags.String("o", "", "`file` to write (default bin/"+kit.Name+".zip)")
	withImage := flags.Bool("image", true, "add an image of Redis, if Docker has one or can pull it")
	if err := parseOnly(flags, args); err != nil {
		return err
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	*file = cmp.Or(*file, filepath.Join(root, "bin", kit.Name+".zip"))
	packed := kit.Kit{Root: root, Out: stdout, WithImage: *withImage}
	if err := packed.Write(ctx, *file); err != nil {
		return fmt.Errorf("offline: %w", err)
	}
	info, err := os.Stat(*file)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\n%s is ready, %.0f MB. In the classroom: unpack it, then go run setup.go\n", *file, float64(info.Size())/1e6)
	fmt.Fprintln(stdout, "It does not contain Go: bring the installers from https://go.dev/dl/ too.")
	return nil
}
