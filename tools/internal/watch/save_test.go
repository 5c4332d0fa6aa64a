package watch

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"example.com/session-workshop/tools/internal/repotest"
)

// saving saves a file once more when the build of the first save begins.
type saving struct {
	printer
	save func()
}

func (s *saving) Changed() {
	s.printer.Changed()
	if s.save != nil {
		s.save()
	}
	s.save = nil
}

func TestASaveDuringABuildReportsOnlyTheNextMistakes(t *testing.T) {
	t.Setenv("GOWORK", "")
	dir := repotest.App(t)
	mistake := func(name string) {
		repotest.Change(t, filepath.Join(dir, "main.go"), "func main() {", "func main() {\n\t"+name+"()")
	}
	watch := repotest.Go(t, func(ctx context.Context, r *repotest.Running) error {
		return Follow(ctx, Options{Dir: dir, Output: r}, &saving{printer{out: r}, func() { mistake("second") }})
	})
	watch.WaitFor(`Step 9 is running: (\S+)\n`)
	mistake("first")
	watch.WaitFor(`(?s)building\..*building\..*undefined: second.*Waiting for the next (save)`)
	watch.Stop()
	if n := strings.Count(watch.String(), "does not compile"); n != 1 {
		t.Errorf("the mistakes of two saves are reported %d times, want once:\n%s", n, watch)
	}
}
