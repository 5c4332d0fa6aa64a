package rename_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/session-workshop/tools/internal/rename"
	"example.com/session-workshop/tools/internal/repotest"
)

// from is the path in the repository of a test, and to one that sorts after it.
const from, to = "example.org/a/class", "github.com/you/class"

// repository commits files, and the go.mod that names the modules.
func repository(t *testing.T, files map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	repotest.Write(t, filepath.Join(root, "tools", "go.mod"), "module "+from+"/tools\n")
	repotest.Write(t, filepath.Join(root, ".gitignore"), "my-step*/\nbin/\n*.tmp\n")
	for name, text := range files {
		repotest.Write(t, filepath.Join(root, name), text)
	}
	git(t, root, "init", "--quiet")
	git(t, root, "config", "core.autocrlf", "false")
	commit(t, root)
	return root
}

func commit(t *testing.T, root string) {
	t.Helper()
	git(t, root, "add", "--all")
	git(t, root, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message=all")
}

func git(t *testing.T, root string, args ...string) string {
	t.Helper()
	command := exec.Command("git", args...)
	command.Dir = root
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, said)
	}
	return string(said)
}

func modules(t *testing.T, root, to string) rename.Renamed {
	t.Helper()
	done, err := rename.Modules(t.Context(), root, to)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func wantRefused(t *testing.T, root, to, why string) {
	t.Helper()
	if _, err := rename.Modules(t.Context(), root, to); err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("the path %q: got %v, want %q in it", to, err, why)
	}
}

func wantFile(t *testing.T, root, name, want string) {
	t.Helper()
	if text, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(text) != want {
		t.Errorf("%s contains %q, %v; want %q", name, text, err, want)
	}
}

// texts has for each file a text, and the one after the rename.
var texts = map[string][2]string{
	"bare.txt":            {from, to},
	"twice.txt":           {from + " " + from + "/shared", to + " " + to + "/shared"},
	"sentence.md":         {"It is " + from + ". Import `" + from + "/shared`.", "It is " + to + ". Import `" + to + "/shared`."},
	"guide.ja.md":         {"モジュールは" + from + "です。", "モジュールは" + to + "です。"},
	"address.md":          {"https://pkg.go.dev/" + from + "/sessionstore@v1.2.3", "https://pkg.go.dev/" + to + "/sessionstore@v1.2.3"},
	"escaped.txt":         {`"require (\n\t` + from + `/shared\n"`, `"require (\n\t` + to + `/shared\n"`},
	"windows.txt":         {"module " + from + "/a\r\n\r\ngo 1.26.0\r\n", "module " + to + "/a\r\n\r\ngo 1.26.0\r\n"},
	"longer.txt":          {from + "2 " + from + "-b " + from + ".git " + from + "_c", from + "2 " + from + "-b " + from + ".git " + from + "_c"},
	"other.txt":           {"my-" + from + " x." + from, "my-" + from + " x." + from},
	"binary":              {"\x00" + from, "\x00" + from},
	"a/go.mod":            {"module " + from + "/a\n\nrequire (\n\t" + from + "/shared v0.0.0\n\tgithub.com/redis/go-redis/v9 v9.23.0\n)\n", "module " + to + "/a\n\nrequire (\n\tgithub.com/redis/go-redis/v9 v9.23.0\n\t" + to + "/shared v0.0.0\n)\n"},
	"a/main.go":           {"package a\n\nimport (\n\t_ \"" + from + "/shared\"\n\t_ \"github.com/redis/go-redis/v9\"\n)\n", "package a\n\nimport (\n\t_ \"github.com/redis/go-redis/v9\"\n\t_ \"" + to + "/shared\"\n)\n"},
	"a/unformatted.go":    {"package  a\nimport \"" + from + "/shared\"", "package  a\nimport \"" + to + "/shared\""},
	"a/wrong.go":          {"not Go: " + from, "not Go: " + to},
	"my-step3/main.go":    {"import \"" + from + "/shared\"", "import \"" + to + "/shared\""},
	"my-step3-passed/x/a": {from, to},
	"bin/ignored":         {from, from},
}

func TestEveryFileThatNamesTheModulesIsChanged(t *testing.T) {
	files, changed := map[string]string{}, 1 // tools/go.mod
	for name, text := range texts {
		files[name] = text[0]
		if text[0] != text[1] {
			changed++
		}
	}
	root := repository(t, files)
	if err := os.Chmod(filepath.Join(root, "bare.txt"), 0o755); err != nil {
		t.Fatal(err)
	}
	commit(t, root)
	if done := modules(t, root, to); done != (rename.Renamed{From: from, Files: changed}) {
		t.Errorf("it returned %+v, want %s and %d files", done, from, changed)
	}
	for name, text := range texts {
		wantFile(t, root, name, text[1])
	}
	if info, err := os.Stat(filepath.Join(root, "bare.txt")); err != nil || info.Mode().Perm()&0o100 == 0 && filepath.Separator == '/' {
		t.Errorf("a program is no longer executable: %v", err)
	}
	if left := git(t, root, "status", "--porcelain", "--ignored", "--untracked-files=all"); strings.Contains(left, ".tmp") {
		t.Errorf("it left temporary files:\n%s", left)
	}

	commit(t, root)
	modules(t, root, from)
	for name, text := range texts {
		wantFile(t, root, name, text[0])
	}
}

func TestOnePathMayBeginTheOther(t *testing.T) {
	root := repository(t, map[string]string{"a.txt": from + "/shared"})
	for _, path := range []string{from + "2", from, from + "/fork", from, "example.org/a", from} {
		modules(t, root, path)
		wantFile(t, root, "a.txt", path+"/shared")
		wantFile(t, root, "tools/go.mod", "module "+path+"/tools\n")
		commit(t, root)
	}
}

func TestALinkStaysALink(t *testing.T) {
	root := repository(t, map[string]string{"a.txt": from})
	if err := os.Symlink("a.txt", filepath.Join(root, "link")); err != nil {
		t.Skip(err)
	}
	commit(t, root)
	modules(t, root, to)
	wantFile(t, root, "a.txt", to)
	if target, err := os.Readlink(filepath.Join(root, "link")); target != "a.txt" {
		t.Errorf("the link leads to %q, %v", target, err)
	}
}

func TestAnInvalidPathIsRefused(t *testing.T) {
	root := repository(t, map[string]string{"a/go.sum": "github.com/redis/go-redis/v9 v9.23.0 h1:x\n"})
	for path, why := range map[string]string{
		"":                             "not the path of a Go module: empty string. Give the address of the repository without https://",
		"session-workshop":             "missing dot in first path element",
		"example.com":                  "not the path of a repository",
		"https://me:pass@github.com/a": "double slash. Give the address of the repository without https://",
		"git@github.com:you/class":     "invalid char",
		"github.com/you/class.git":     "without .git",
		"github.com/you/class/":        "trailing slash",
		"github.com/you/my class":      "invalid char ' '",
		"github.com/あなた/class":         "invalid char",
		"ｇｉｔｈｕｂ.com/you/class":         "invalid char",
		"github.com/you/../class":      "invalid path element",
		"./class":                      `invalid path element "."`,
		"github.com/you/class/v2":      "ends in a major version",
		"gopkg.in/class.v3":            "ends in a major version",
		"github.com/redis":             "a/go.sum has a dependency of this path",
		"github.com/redis/go-redis":    "a/go.sum has a dependency of this path",
		from:                           "have this path already: nothing was changed",
	} {
		wantRefused(t, root, path, why)
	}
	if status := git(t, root, "status", "--porcelain"); status != "" {
		t.Errorf("a refused path changed files:\n%s", status)
	}
}

func TestWorkThatGitDoesNotHaveIsNeverChanged(t *testing.T) {
	root := repository(t, map[string]string{"a.txt": from})
	repotest.Write(t, filepath.Join(root, "a.txt"), from+" and mine")
	wantRefused(t, root, to, " M a.txt\n")
	wantFile(t, root, "a.txt", from+" and mine")
	commit(t, root)
	repotest.Write(t, filepath.Join(root, "new.txt"), from)
	wantRefused(t, root, to, "?? new.txt\n")
	commit(t, root)
	modules(t, root, to)

	noClone := t.TempDir()
	repotest.Write(t, filepath.Join(noClone, "tools", "go.mod"), "module "+from+"/tools\n")
	wantRefused(t, noClone, to, "git init && git add --all")
	repotest.Write(t, filepath.Join(noClone, "tools", "go.mod"), "module tools\n")
	wantRefused(t, noClone, to, "does not end in /tools")
}

// untilChanged ends, as by Ctrl+C, when a file contains the new path.
type untilChanged struct {
	context.Context
	file string
}

func (c untilChanged) Err() error {
	if text, err := os.ReadFile(c.file); err != nil || strings.Contains(string(text), to) {
		return context.Canceled
	}
	return nil
}

func TestAnInterruptedRenameCanBeUndoneAndRepeated(t *testing.T) {
	root := repository(t, map[string]string{"a.txt": from, "b.txt": from, "my-step1/main.go": from})
	_, err := rename.Modules(untilChanged{t.Context(), filepath.Join(root, "a.txt")}, root, to)
	if err == nil {
		t.Fatal("it returned no error")
	}
	repotest.WantText(t, err.Error(), "1 of 4 files were changed. b.txt was not: context canceled", "git -C "+root+" restore .")
	wantFile(t, root, "a.txt", to)
	wantFile(t, root, "b.txt", from)
	git(t, root, "restore", ".")
	wantFile(t, root, "a.txt", from)

	// Copies of steps come last, so git may bring back all files except them.
	_, err = rename.Modules(untilChanged{t.Context(), filepath.Join(root, "my-step1", "main.go")}, root, to)
	if err != nil {
		t.Fatal(err)
	}
	git(t, root, "restore", ".")
	modules(t, root, to)
	wantFile(t, root, "b.txt", to)
	wantFile(t, root, "my-step1/main.go", to)
}
