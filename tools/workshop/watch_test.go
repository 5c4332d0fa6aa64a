package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/session-workshop/check/testall"
)

const address = `Step 3 is running: (\S+)\n`

func TestWatchKeepsLoginAndVisits(t *testing.T) {
	if !alone(t) {
		return
	}
	root := checkout(t, "step3-ttl")
	watch := start(t, root, []string{"PORT=0"}, "watch", "3")
	home := watch.waitFor(address, 1)
	redis := watch.waitFor(`watch: Redis: (?:embedded here until you stop this,|found) on (127\.0\.0\.1:\d+)`, 1)
	wantText(t, watch.said(), "SESSION_TTL is 10m", "TTL: 10m")

	visitor := newBrowser(t)
	name := "watch" + port(strings.TrimPrefix(home, "http://"))
	wantText(t, visitor.login(home, name), "Logged in as "+name, "Visits: 1")

	source := filepath.Join(root, "step3-ttl", "main.go")
	change(t, source, "Logged in as", "Welcome back,")
	if again := watch.waitFor(address, 2); again != home {
		t.Errorf("after a save the address is %s, before it was %s", again, home)
	}
	wantText(t, visitor.visit(home), "Welcome back, "+name, "Visits: 2")

	t.Log("a mistake: the app from before goes on running")
	change(t, source, "Welcome back,", "Good day,", "func run() error {", "func run() error {\n\tundefinedName()")
	watch.waitFor(`undefined: undefinedName[^$]*goes on running`, 1)
	wantText(t, visitor.visit(home), "Welcome back, "+name, "Visits: 3")

	t.Log("the mistake is mended")
	change(t, source, "\tundefinedName()\n", "")
	watch.waitFor(address, 3)
	wantText(t, visitor.visit(home), "Good day, "+name, "Visits: 4")

	embedded := strings.Contains(watch.said(), "Redis: embedded here")
	watch.stop()
	for _, addr := range []string{strings.TrimPrefix(home, "http://"), redis} {
		if (addr != redis || embedded) && isTaken(addr) {
			t.Errorf("somebody still answers on %s", addr)
		}
	}
}

func TestWatchWaitsForTheNextSaveWhenTheAppEnds(t *testing.T) {
	testall.Only(t)
	root := checkout(t, "step3-ttl")
	redis := start(t, ".", nil, "redis", "-port", "0").waitFor(`running on (\S+)\. `, 1)
	watch := start(t, root, []string{"PORT=0", "REDIS_URL=redis://" + redis}, "watch", "step3-ttl", "--", "-ttl", "3m")
	home := watch.waitFor(address, 1)
	wantText(t, watch.said(), redis, "TTL: 3m")

	t.Log("an app that ends while it runs")
	source := filepath.Join(root, "step3-ttl", "main.go")
	change(t, source,
		"import (", "import (\n\t\"os\"",
		`"/login", loginForm)`, `"/end", func(echo.Context) error { os.Exit(3); return nil })`)
	watch.waitFor(address, 2)
	eventually(t, func() error {
		if response, err := newBrowser(t).client.Get(home + "/end"); err == nil {
			response.Body.Close()
			return os.ErrExist
		}
		return nil
	})
	watch.waitFor(`the app ended by itself`, 1)

	t.Log("an app that ends before it is ready")
	change(t, source, "func run() error {", "func run() error {\n\tpanic(\"at the start\")")
	watch.waitFor(`panic: at the start[^$]*the app did not start`, 1)

	change(t, source, "\tpanic(\"at the start\")\n", "")
	if again := watch.waitFor(address, 3); again != home {
		t.Errorf("the address is now %s, before it was %s", again, home)
	}
	watch.stop()
}

// A learner's copy of a step is not named in go.work.
func TestWatchRunsALearnersCopy(t *testing.T) {
	testall.Only(t)
	root := checkout(t, "step3-ttl")
	if err := os.CopyFS(filepath.Join(root, "my-step3"), os.DirFS(filepath.Join(root, "step3-ttl"))); err != nil {
		t.Fatal(err)
	}
	redis := start(t, ".", nil, "redis", "-port", "0").waitFor(`running on (\S+)\. `, 1)
	watch := start(t, root, []string{"PORT=0", "REDIS_URL=redis://" + redis}, "watch", "my-step3")
	watch.waitFor(address, 1)

	t.Log("a change in shared counts too")
	change(t, filepath.Join(root, "shared", "web", "run.go"), "is running:", "still is running:")
	watch.waitFor(`still is running: (\S+)\n`, 1)
	watch.stop()
}

func TestWatchRefuses(t *testing.T) {
	for wrong, want := range map[string]string{
		"":          "which step?",
		"9":         "there is no step 9",
		"nowhere":   `"nowhere" is not the folder of a step`,
		"3 -ttl 2m": "after two dashes",
	} {
		output, status := run(t, repository, nil, append([]string{"watch"}, strings.Fields(wrong)...)...)
		if status != 1 {
			t.Errorf("watch %s: status %d, want 1", wrong, status)
		}
		wantText(t, output, want)
	}
}

// checkout copies what a step is built from to a temporary folder, as a
// workspace of its own that a test may change.
func checkout(t *testing.T, step string) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, folder := range []string{"check", "shared", step} {
		copyFolder(t, filepath.Join(repository, folder), filepath.Join(root, folder))
	}
	write(t, filepath.Join(root, "go.work"), "go 1.26.0\n\nuse (\n\t./check\n\t./shared\n\t./"+step+"\n)\n")
	return root
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), content, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// change replaces texts in a file, as one save of an editor does. A text that
// is not there would make the test one of nothing.
func change(t *testing.T, file string, fromTo ...string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fromTo); i += 2 {
		if !strings.Contains(string(content), fromTo[i]) {
			t.Fatalf("%s does not hold %q", file, fromTo[i])
		}
	}
	write(t, file, strings.NewReplacer(fromTo...).Replace(string(content)))
}
