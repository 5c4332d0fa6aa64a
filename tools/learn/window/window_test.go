package window_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"example.com/session-workshop/tools/internal/repotest"
	"example.com/session-workshop/tools/learn"
	"example.com/session-workshop/tools/learn/window"
)

// breaking panics when a check begins to print, which happens in another goroutine
// than the window's.
type breaking struct{}

func (breaking) Write(text []byte) (int, error) {
	if strings.Contains(string(text), "Checking") {
		panic("a mistake of the check")
	}
	return len(text), nil
}

// A panic in another goroutine would leave the terminal without echo.
func TestAPanicOfACheckEndsInTheGoroutineThatRestoresTheTerminal(t *testing.T) {
	t.Setenv("PORT", "0")
	t.Setenv("GOWORK", "")
	root := filepath.Dir(repotest.App(t))
	defer func() {
		if said := fmt.Sprint(recover()); !strings.HasPrefix(said, "a mistake of the check\n") || !strings.Contains(said, "learn.(*Check).Find") {
			t.Errorf("the panic is %s", said)
		}
	}()
	err := window.Run(t.Context(), window.Options{
		Check: learn.Check{Copy: learn.Copy{Root: root, Step: 1}},
		In:    strings.NewReader(""), Out: breaking{}, Width: func() int { return 0 },
	})
	t.Errorf("it ends with %v", err)
}
