// Package repotest gives a test a copy of the repository, or a small app in the
// place of a step, to change and to run. Importing it unsets the settings of an
// app in the environment of the test, and the user's language: a test expects
// English unless it sets one.
package repotest

import (
	_ "embed"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/clone"
	"example.com/session-workshop/tools/internal/modules"
)

func init() {
	for _, line := range config.Unset() {
		variable, _, _ := strings.Cut(line, "=")
		os.Unsetenv(variable)
	}
	for _, variable := range []string{lang.Variable, "LC_ALL", "LC_MESSAGES", "LANG"} {
		os.Unsetenv(variable)
	}
}

// Copy copies the files that git would commit to a new folder. This clone may
// belong to another user, and be read-only for the test.
func Copy(t testing.TB) (root string) {
	t.Helper()
	from, err := modules.Root()
	if err != nil {
		t.Fatal(err)
	}
	return clone.Copy(t, from)
}

// Clone is Copy, but as a git clone.
func Clone(t testing.TB) (root string) {
	t.Helper()
	root = Copy(t)
	Run(t, root, "git", "init", "--quiet")
	Run(t, root, "git", "add", "--all")
	return root
}

// Run runs a program that must succeed, and returns its output. Tests that the
// program runs use only the embedded Redis.
func Run(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TEST_REDIS=embedded", "REQUIRE_REDIS=")
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, said)
	}
	return string(said)
}

// Write writes a file, and creates its folder if needed.
func Write(t testing.TB, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// Change replaces texts in a file in one write, as an editor saves it. It fails
// if a text is not in the file, because the test would then test nothing.
func Change(t testing.TB, file string, fromTo ...string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fromTo); i += 2 {
		if !strings.Contains(string(text), fromTo[i]) {
			t.Fatalf("%s does not contain %q", file, fromTo[i])
		}
	}
	Write(t, file, strings.NewReplacer(fromTo...).Replace(string(text)))
}

//go:embed testdata/app.go
var app string

// App writes a program without dependencies that counts its visits, and beside
// it a workspace that does not name the program, like a learner's own copy of a
// step. GET /end makes the program end with status 3. dir is the folder of the
// program.
func App(t testing.TB) (dir string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(root, "my-step1")
	Write(t, filepath.Join(root, "go.work"), "go 1.26.0\n\nuse ./shared\n")
	Write(t, filepath.Join(root, "shared", "go.mod"), "module shared\n\ngo 1.26.0\n")
	Write(t, filepath.Join(root, "shared", "shared.go"), "package shared\n")
	Write(t, filepath.Join(dir, "go.mod"), "module app\n\ngo 1.26.0\n")
	Write(t, filepath.Join(dir, "main.go"), app)
	return dir
}
