package web

import (
	"fmt"
	"log/slog"
	"path"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// recovery turns a panic into an error page and one line in the log.
var recovery = middleware.RecoverConfig{
	DisablePrintStack: true,
	LogErrorFunc: func(c echo.Context, err error, _ []byte) error {
		err = panicked(err)
		if c.Response().Committed {
			// showError logs nothing after the answer has begun.
			slog.Error("request failed", "method", c.Request().Method, "path", c.Request().URL.Path, "error", err)
		}
		return err
	},
}

// caught calls run and returns its error, or its panic as an error.
func caught(run func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicked(value)
		}
	}()
	return run()
}

// panicked describes a panic in one line, with the lines of the app in its stack. If
// the stack has no line of the app, the error holds all of it.
func panicked(value any) error {
	stack := string(debug.Stack())
	if app, ok := debug.ReadBuildInfo(); ok {
		if lines := LinesOf(stack, path.Base(app.Main.Path)); lines != "" {
			return fmt.Errorf("panic: %v at %s", value, lines)
		}
	}
	return fmt.Errorf("panic: %v\n%s", value, stack)
}

// LinesOf returns the lines of a Go stack that belong to the module in folder, the
// innermost first, as in "my-step1/main.go:102 (username), :63 (index)". It is empty
// if there are none.
func LinesOf(stack, folder string) string {
	frame := regexp.MustCompile(`(?m)^(\S+)\(.*\)\n\t.*[/\\](` + regexp.QuoteMeta(folder) + `[/\\]\S+\.go):(\d+)`)
	var lines []string
	last := ""
	for _, found := range frame.FindAllStringSubmatch(stack, -1) {
		function, file, line := found[1], found[2], found[3]
		_, function, _ = strings.Cut(path.Base(function), ".")
		function = strings.NewReplacer("(*", "", ")", "").Replace(function)
		if file == last {
			file = ""
		} else {
			last = file
		}
		lines = append(lines, fmt.Sprintf("%s:%s (%s)", file, line, function))
	}
	return strings.Join(lines, ", ")
}
