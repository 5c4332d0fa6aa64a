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

// recovery makes an error page of a panic, and one line of the log.
var recovery = middleware.RecoverConfig{
	DisablePrintStack: true,
	LogErrorFunc: func(c echo.Context, err error, _ []byte) error {
		err = panicked(err)
		if c.Response().Committed {
			// There is no error page any more, and so no line for it.
			slog.Error("request failed", "method", c.Request().Method, "path", c.Request().URL.Path, "error", err)
		}
		return err
	},
}

// caught runs the app, and returns a panic as an error.
func caught(run func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicked(value)
		}
	}()
	return run()
}

// panicked says with what the app panicked, and in which of its own lines. Of a
// panic in code that is not its own it has the whole stack.
func panicked(value any) error {
	stack := string(debug.Stack())
	if app, ok := debug.ReadBuildInfo(); ok {
		if lines := LinesOf(stack, path.Base(app.Main.Path)); lines != "" {
			return fmt.Errorf("panic: %v at %s", value, lines)
		}
	}
	return fmt.Errorf("panic: %v\n%s", value, stack)
}

// LinesOf returns those lines of a Go stack that belong to the module in a
// folder, the innermost first, as in "my-step1/main.go:102 (username), :63 (index)".
// It is empty if there are none.
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
