package watch

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/netns"
	"example.com/session-workshop/tools/internal/repotest"
)

func TestAnAppRestartsWhenAFileChanges(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("GOWORK", "")
	dir := repotest.App(t)
	source := filepath.Join(dir, "main.go")
	watch := repotest.Go(t, func(ctx context.Context, r *repotest.Running) error { return Run(ctx, dir, nil, r, lang.English) })
	starts := 0
	waitForStart := func() string {
		t.Helper()
		starts++
		address := watch.WaitForTimes(starts, `Step 9 is running: (\S+)\n`)
		// The app prints the line before its health check has answered.
		wait.ForSuccess(t, func() error {
			response, err := http.Get(address)
			if err == nil {
				response.Body.Close()
			}
			return err
		})
		return address
	}
	visitor := repotest.NewVisitor(t)
	home := waitForStart()

	repotest.Change(t, source, "visit %d", "call %d")
	if again := waitForStart(); again != home {
		t.Errorf("after a save the address is %s, before it was %s", again, home)
	}
	visitor.Get(home).Wants("call")

	t.Log("after a mistake the app from before is still running")
	repotest.Change(t, source, "call %d", "arrival %d", "func main() {", "func main() {\n\tundefinedName()")
	watch.WaitFor(`my-step1/main.go:\d+:2: undefined: undefinedName[^$]*is still running`)
	visitor.Get(home).Wants("call")
	repotest.Change(t, source, "\tundefinedName()\n", "")
	waitForStart()
	visitor.Get(home).Wants("arrival")

	t.Log("an app that ends while it runs")
	if response, err := http.Get(home + "/end"); err == nil {
		response.Body.Close()
	}
	watch.WaitFor(`the app has ended\nwatch: Waiting for the next (save)`)

	t.Log("an app that ends before it is ready")
	repotest.Change(t, source, "func main() {", "func main() {\n\tpanic(\"at the start\")")
	watch.WaitFor(`panic: at the start[^$]*the app did not start: it ended before`)
	repotest.Change(t, source, "\tpanic(\"at the start\")\n", "")
	if again := waitForStart(); again != home {
		t.Errorf("the address is now %s, before it was %s", again, home)
	}

	t.Log("a change in shared counts too")
	repotest.Write(t, filepath.Join(dir, "..", "shared", "new.go"), "package shared\n")
	waitForStart()

	watch.Stop()
	if watch.Err != nil || !strings.HasSuffix(watch.String(), "watch: stopped.\n") || netns.Taken(strings.TrimPrefix(home, "http://")) {
		t.Errorf("it ended with %v:\n%s", watch.Err, watch)
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) > 0 {
		t.Errorf("files are left: %q", left)
	}
}

func TestASnapshotHasTheSourcesOfAnApp(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) { repotest.Write(t, filepath.Join(dir, filepath.FromSlash(name)), text) }
	write("main.go", "package main\n")
	before := takeSnapshot(dir)
	for _, name := range []string{"main_test.go", ".main.go", "README.md", "main.go~", ".git/x.go", "testdata/x.go", "node_modules/x.js"} {
		write(name, "package x\n")
		if !takeSnapshot(dir).equal(before) {
			t.Errorf("%s is in the snapshot, and is no part of an app", name)
		}
	}
	for _, name := range []string{"main.go", "go.mod", "session/store.go", "page.html", "style.css", "hood.js"} {
		write(name, "package changed\n")
		now := takeSnapshot(dir)
		if now.equal(before) {
			t.Errorf("%s has changed, and the snapshot is the same", name)
		}
		before = now
	}
}
