package takeaway

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/clone"
	"example.com/session-workshop/tools/internal/repotest"
)

const repository = "../../.."

// service creates a project with these lines in its go.mod, and a program that
// keeps its sessions in the package imported. The path of the project contains
// a space.
func service(t *testing.T, imported string, goMod ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "my service")
	repotest.Write(t, filepath.Join(dir, "go.mod"), strings.Join(goMod, "\n")+"\n")
	repotest.Write(t, filepath.Join(dir, "main.go"), `package main

import (
	"github.com/redis/go-redis/v9"

	"`+imported+`"
)

func main() { sessionstore.New(redis.NewClient(&redis.Options{})) }
`)
	return dir
}

// run runs the go command without a workspace, as the owner of a project does.
func run(t *testing.T, dir string, env []string, args ...string) (said string, err error) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS="+os.Getenv("GOFLAGS")+" -mod=mod", "TEST_REDIS=", "REQUIRE_REDIS=")
	cmd.Env = append(cmd.Env, env...)
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func mustRun(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	said, err := run(t, dir, env, args...)
	if err != nil {
		t.Fatalf("go %q: %v\n%s", args, err, said)
	}
	return said
}

func mustTake(t *testing.T, to string) Taken {
	t.Helper()
	taken, err := Store(repository, to)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// mustPassTests runs the tests in a folder on a running Redis, and some of them on one
// that they have to start.
func mustPassTests(t *testing.T, dir string) {
	t.Helper()
	redistest.One(t, func(t *testing.T, r *redistest.Redis) {
		mustRun(t, dir, []string{"TEST_REDIS=" + r.URL}, "test", "-count=1", "./...")
		// Nothing listens there, so these tests can only pass if they use
		// another Redis.
		said, err := run(t, dir, []string{"REDIS_URL=redis://127.0.0.1:1"}, "test", "-count=1", "-run=Suite", ".")
		if err == nil {
			t.Error("the tests pass without the Redis that REDIS_URL names")
		}
		repotest.WantText(t, said, "Redis does not answer the suite: ")
	})
	mustRun(t, dir, nil, "test", "-count=1", "-run=Suite/cookie", ".")
}

func TestIntoTheModuleOfAService(t *testing.T) {
	testall.Only(t)
	dir := service(t, "example.org/svc/internal/sessionstore", "module example.org/svc", "go 1.26.0")
	taken := mustTake(t, filepath.Join(dir, "internal"))
	mustRun(t, dir, nil, "mod", "tidy")
	mustPassTests(t, taken.Dir)
}

func TestIntoAFolderWithoutAModule(t *testing.T) {
	testall.Only(t)
	taken := mustTake(t, t.TempDir())
	mustRun(t, taken.Module, nil, "mod", "tidy", "-diff")
	mustRun(t, taken.Module, nil, "test", "-run=Example|Imports", "./...")
	dir := service(t, taken.ImportPath, "module example.org/svc", "go 1.26.0", "replace "+taken.ImportPath+" => "+taken.Dir)
	mustRun(t, dir, nil, "mod", "tidy")
	mustRun(t, dir, nil, "build", "./...")
}

// A user who does not know make take copies the folder.
func TestTheWholeFolderCopiedByHand(t *testing.T) {
	testall.Only(t)
	dir := filepath.Join(t.TempDir(), "my store")
	for _, file := range clone.Files(t, repository, "sessionstore") {
		text, err := os.ReadFile(filepath.Join(repository, file))
		if err != nil {
			t.Fatal(err)
		}
		repotest.Write(t, filepath.Join(dir, strings.TrimPrefix(file, "sessionstore/")), string(text))
	}
	mustRun(t, dir, nil, "mod", "tidy", "-diff")
	mustPassTests(t, dir)
}

func TestTheFilesWithoutTestsCopiedByHand(t *testing.T) {
	testall.Only(t)
	dir := service(t, "svc/sessionstore", "module svc", "go 1.26.0")
	copyWithoutTests(t, filepath.Join(dir, "sessionstore"))
	mustRun(t, dir, nil, "mod", "tidy")
	mustRun(t, dir, nil, "build", "./...")
}

func copyWithoutTests(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, "sessionstore", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") {
			repotest.Write(t, filepath.Join(dir, filepath.Base(file)), string(text))
		}
	}
}

// The store must not compile with the last version that sends an increment
// again, and must compile with the oldest documented one.
func TestTheOldestGoRedis(t *testing.T) {
	testall.Only(t)
	build := func(version string) (said string, err error) {
		dir := service(t, "svc/sessionstore", "module svc", "go 1.26.0", "require github.com/redis/go-redis/v9 "+version)
		copyWithoutTests(t, filepath.Join(dir, "sessionstore"))
		mustRun(t, dir, nil, "mod", "tidy")
		return run(t, dir, nil, "build", "./...")
	}
	said, err := build("v9.18.0")
	if err == nil {
		t.Error("the store compiles with a go-redis that ignores NoRetry")
	}
	repotest.WantText(t, said, "needs_go_redis_9_23.go:", "redis.Cmder.NoRetry undefined")
	if said, err := build("v9.23.0"); err != nil {
		t.Errorf("with the oldest documented go-redis: %v\n%s", err, said)
	}
}

func TestTheCopyHasTheRightFiles(t *testing.T) {
	dir := service(t, "svc/a/sessionstore", "module svc", "go 1.26.0")
	taken := mustTake(t, filepath.Join(dir, "a"))
	if taken.ImportPath != "svc/a/sessionstore" {
		t.Errorf("the import path is %s", taken.ImportPath)
	}
	var files []string
	err := filepath.WalkDir(taken.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, err := filepath.Rel(taken.Dir, path)
			files = append(files, filepath.ToSlash(name))
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"LICENSE", "CHANGELOG.md", "store.go", "session_test.go", "sessiontest/sessiontest.go"} {
		if !slices.Contains(files, file) {
			t.Errorf("%s was not taken", file)
		}
	}
	for _, file := range files {
		if strings.HasPrefix(file, "go.") || strings.HasPrefix(file, "README") || slices.Contains([]string{"faults", "bench", "example"}, filepath.Dir(file)) {
			t.Errorf("%s was taken", file)
		}
		if strings.HasSuffix(file, ".go") {
			importsNothingOfTheWorkshop(t, filepath.Join(taken.Dir, file))
		}
	}
}

func importsNothingOfTheWorkshop(t *testing.T, file string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range parsed.Imports {
		if strings.Contains(spec.Path.Value, "example.com/session-workshop") {
			t.Errorf("%s imports %s", file, spec.Path.Value)
		}
	}
}

func TestAnOlderGoModIsUpgradedFirst(t *testing.T) {
	store, err := parse(filepath.Join(repository, "sessionstore", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	newGo := "go mod edit -go=" + store.Go.Version
	i := slices.IndexFunc(store.Require, func(r *modfile.Require) bool { return r.Mod.Path == "github.com/redis/go-redis/v9" })
	newGoRedis := "go get " + store.Require[i].Mod.String()
	for _, c := range []struct {
		lines []string
		want  []string
	}{
		{[]string{"go " + store.Go.Version}, nil},
		{[]string{"go 1.99", "require github.com/redis/go-redis/v9 v9.999.0"}, nil},
		{nil, []string{newGo}},
		{[]string{"go 1.21", "require github.com/redis/go-redis/v9 v9.18.0"}, []string{newGo, newGoRedis}},
	} {
		dir := service(t, "svc/sessionstore", append([]string{"module svc"}, c.lines...)...)
		if got := mustTake(t, dir).First; !slices.Equal(got, c.want) {
			t.Errorf("%q: first %q, want %q", c.lines, got, c.want)
		}
	}
}

func TestARefusedCopyLeavesNoFile(t *testing.T) {
	dir := service(t, "svc/sessionstore", "module svc", "go 1.26.0")
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"there/sessionstore/mine.go": "", "file/sessionstore": "", "nameless/go.mod": "go 1.26.0\n", "broken/go.mod": "module\n"} {
		repotest.Write(t, at(name), text)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(mustAbs(t, repository), link); err != nil {
		t.Fatal(err)
	}
	before := list(t, dir)
	for to, want := range map[string]string{
		at("there"):                           "already exists: nothing was changed",
		at("file"):                            "already exists: nothing was changed",
		at("main.go"):                         "is a file",
		at("main.go/internal"):                "there is no folder " + at("main.go"),
		at("nope/internal"):                   "there is no folder " + at("nope"),
		at("with space"):                      "malformed import path",
		at("nameless"):                        "does not name its module",
		at("broken"):                          "go.mod:1",
		repository:                            "is inside the workshop",
		filepath.Join(repository, "tools"):    "is inside the workshop",
		filepath.Join(repository, "new"):      "is inside the workshop",
		link:                                  "is inside the workshop",
		filepath.Join(link, "sessionstore/x"): "is inside the workshop",
	} {
		if _, err := Store(repository, to); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("to %s: %v, want %q", to, err, want)
		}
	}
	// Root can write everywhere except in /proc.
	if runtime.GOOS == "linux" {
		if _, err := Store(repository, "/proc"); err == nil || !strings.Contains(err.Error(), "/proc/sessionstore was not written: ") {
			t.Errorf("to a read-only folder: %v", err)
		}
	}
	if after := list(t, dir); !slices.Equal(before, after) {
		t.Errorf("left behind: %q, before %q", after, before)
	}
}

func mustAbs(t *testing.T, path string) string {
	t.Helper()
	absolute, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return absolute
}

func list(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
