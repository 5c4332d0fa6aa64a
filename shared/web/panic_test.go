package web

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

// here panics, in the only such line of this file.
func here() { panic("a mistake") }

const place = "shared/web/panic_test.go:16 (here)"

func TestAPanicIsOneLine(t *testing.T) {
	log := logged(t)
	server := serveTest(t, func(e *echo.Echo) {
		e.GET("/panic", func(c echo.Context) error { here(); return nil })
		e.GET("/late", func(c echo.Context) error {
			c.Response().WriteHeader(http.StatusOK)
			here()
			return nil
		})
	})
	for _, path := range []string{"/panic", "/late"} {
		log.Reset()
		do(t, http.MethodGet, server.URL+path)
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "panic: a mistake at ") || !strings.Contains(text, place+", :") {
			t.Errorf("%s: the log has %s", path, text)
		}
	}
}

// panicVariable makes this test binary the app of TestAPanicAtTheStartIsOneLine.
const panicVariable = "PANIC_AT_START"

func TestAPanicAtTheStartIsOneLine(t *testing.T) {
	pages := map[string]string{"index": "<h1>\n{{if}}"}
	switch os.Getenv(panicVariable) {
	case "panic":
		Main(func() error { here(); return nil })
	case "page":
		Main(func() error { New(pages); return nil })
	}
	for kind, want := range map[string]string{
		"panic": "panic: a mistake at ",
		"page":  "panic: template: index:2: missing value for if at ",
	} {
		app := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
		app.Env = append(os.Environ(), panicVariable+"="+kind)
		said, err := app.CombinedOutput()
		exit, _ := errors.AsType[*exec.ExitError](err)
		if text := string(said); exit == nil || exit.ExitCode() != 1 || !strings.HasPrefix(text, want) || strings.Count(text, "\n") != 1 || !strings.Contains(text, "panic_test.go:") {
			t.Errorf("%s: the app ended with %v and said %q, want one line with %q", kind, err, said, want)
		}
	}
}

func TestAMistakeInAPageNamesThePage(t *testing.T) {
	log := logged(t)
	server := serveTest(t, func(e *echo.Echo) {
		e.GET("/broken", func(c echo.Context) error { return c.Render(http.StatusOK, "broken", struct{ Name string }{}) })
	})
	do(t, http.MethodGet, server.URL+"/broken")
	if want := "template: broken:1:10: executing"; !strings.Contains(log.String(), want) || !strings.Contains(log.String(), "Missing") {
		t.Errorf("the log has %s, want it to say %q", log, want)
	}
}

func TestLinesOfAnotherModuleAreLeftOut(t *testing.T) {
	if got := LinesOf(string(debug.Stack()), "my-step1"); got != "" {
		t.Errorf("got %q", got)
	}
	const windows = "main.app.index({0x1, 0x2}, 0x3)\n\tC:/Users/ada/ws/my-step2/main.go:63 +0x1d\nmain.main()\n\tC:/Users/ada/ws/my-step2/main.go:20 +0x2\n"
	if got, want := LinesOf(windows, "my-step2"), "my-step2/main.go:63 (app.index), :20 (main)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
