package learn_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/repotest"
	"example.com/session-workshop/tools/learn"
)

// started is a new copy of step n in a repository.
func started(t *testing.T, root string, n int) learn.Copy {
	t.Helper()
	c, err := learn.Of(root, n)
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// checkOf returns a check of the lesson or an exercise, as the command makes it.
func checkOf(c learn.Copy, exercise string) *learn.Check {
	return &learn.Check{Copy: c, Exercise: exercise, Hint: 1}
}

// passes runs a check that must pass, fails one that must fail. Both return its
// output.
func passes(t *testing.T, check *learn.Check) string {
	t.Helper()
	return ends(t, check, nil)
}

func fails(t *testing.T, check *learn.Check) string {
	t.Helper()
	return ends(t, check, learn.ErrFailed)
}

func ends(t *testing.T, check *learn.Check, want error) string {
	t.Helper()
	var said strings.Builder
	check.Out = &said
	if err := check.Run(t.Context()); !errors.Is(err, want) {
		t.Errorf("the check ends with %v, want %v:\n%s", err, want, said.String())
	}
	return said.String()
}

func status(t *testing.T, root string) string {
	t.Helper()
	var said strings.Builder
	if err := learn.Status(&said, root, lang.English); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

func solve(t *testing.T, c learn.Copy) string {
	t.Helper()
	var said strings.Builder
	if err := c.Solve(t.Context(), &said, lang.English, false); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

// putSolution copies our solution into a learner's copy.
func putSolution(t *testing.T, c learn.Copy) {
	t.Helper()
	ours := steps.Folders[:][c.Step-1]
	names := []string{"main.go"}
	if c.Step == 4 {
		names = append(names, "session/token.go", "session/cookie.go", "session/store.go", "session/script.go")
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(c.Root, ours, name))
		if err != nil {
			t.Fatal(err)
		}
		repotest.Write(t, filepath.Join(c.Dir(), name), strings.ReplaceAll(string(text), "/"+ours+"/", "/"+c.Name()+"/"))
	}
}

// plain is a text as the check prints it.
func plain(text string) string { return strings.ReplaceAll(text, "…", "...") }

func wantASCII(t *testing.T, said string) {
	t.Helper()
	if found := regexp.MustCompile(`[^\n\t -~]`).FindString(said); found != "" {
		t.Errorf("the output has the character %q:\n%s", found, said)
	}
}

func wantError(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("there is no error, want one with %q", texts)
		return
	}
	repotest.WantText(t, err.Error(), texts...)
}

func TestALearnerBuildsEachStep(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	root := repotest.Clone(t)
	workspace, err := os.ReadFile(filepath.Join(root, "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	repotest.WantText(t, status(t, root), "step 1  not started", "step 4  not started", "make start4")
	numbers := []int{1, 2, 3, 4}
	if testing.Short() {
		// Step 2 has a Redis, and no TTL to wait for.
		numbers = []int{2}
	}
	t.Run("steps", func(t *testing.T) {
		for _, n := range numbers {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				buildStep(t, root, n)
			})
		}
	})
	said := status(t, root)
	for _, n := range numbers {
		repotest.WantText(t, said, fmt.Sprintf("step %d  passed, all ", n))
	}
	if now, err := os.ReadFile(filepath.Join(root, "go.work")); err != nil || string(now) != string(workspace) {
		t.Errorf("go.work has changed: %s, %v", now, err)
	}
	wantNotInGit(t, root)
}

// wantNotInGit fails the test if a copy or backup is in git or in the workspace.
func wantNotInGit(t *testing.T, root string) {
	t.Helper()
	said := repotest.Run(t, root, "git", "status", "--porcelain", "--", ":!go.work.sum") + repotest.Run(t, root, "go", "list", "-m")
	if strings.Contains(said, "my-step") {
		t.Errorf("git or the workspace has taken up a copy:\n%s", said)
	}
}

func buildStep(t *testing.T, root string, n int) {
	c, err := learn.Of(root, n)
	if err != nil {
		t.Fatal(err)
	}
	lesson := len(contract.StepGroup(n, contract.Lesson))
	if n == 4 {
		lesson += len(contract.Methods())
	}
	again := fmt.Sprintf("make check%d", n)
	wantError(t, checkOf(c, "").Run(t.Context()), fmt.Sprintf("make start%d", n))
	c = started(t, root, n)
	wantError(t, c.Start(), "exists already", fmt.Sprintf("make reset%d", n))

	t.Log("everything works at once in the new folder")
	if module := strings.TrimSpace(repotest.Run(t, c.Dir(), "go", "list", "-f", "{{.Module.Path}}", ".")); module != "example.com/session-workshop/"+c.Name() {
		t.Errorf("the module is %s", module)
	}
	repotest.Run(t, c.Dir(), "go", "vet", "./...")

	t.Log("untouched, it fails")
	repotest.WantText(t, repotest.Run(t, c.Dir(), "go", "doc", "-src", "-u", ".", "run"), fmt.Sprintf("config.MustLoad(%d)", n))
	said := fails(t, checkOf(c, ""))
	if place := fmt.Sprintf(`look at:  %s/(main|session/store).go:\d+, func \w+\n`, c.Name()); !regexp.MustCompile(place).MatchString(said) {
		t.Errorf("no %q in:\n%s", place, said)
	}
	repotest.WantText(t, said, "FAIL", "expected: ", "got: ", "hint 1: ", again+" HINT=2", fmt.Sprintf(" of %d passed", lesson))
	wantASCII(t, said)
	// The other steps are built at the same time.
	ownLine := func() string {
		return regexp.MustCompile(fmt.Sprintf(`(?m)^step %d .*$`, n)).FindString(status(t, root))
	}
	before := ownLine()
	repotest.WantText(t, before, fmt.Sprintf("of %d at the last check", lesson))
	one := checkOf(c, "")
	one.Only = "healthz"
	repotest.WantText(t, passes(t, one), " healthz: /healthz answers 200\nNow all checks: "+again+"\n")
	if after := ownLine(); after != before {
		t.Errorf("after one check alone the status is %q, want as before: %q", after, before)
	}
	repotest.WantText(t, solve(t, c), "yours/main.go", "ours/main.go", "\n+")

	t.Log("solved, it passes")
	putSolution(t, c)
	repotest.WantText(t, status(t, root), "at the last check, changed since")
	repotest.WantText(t, solve(t, c), "There is no difference")
	exercises := contract.Exercises(n)
	repotest.Write(t, filepath.Join(c.Dir(), ".check.json"), fmt.Sprintf(`{"Exercises": [%q]}`, exercises[1].Name))
	said = passes(t, checkOf(c, ""))
	repotest.WantText(t, said, fmt.Sprintf("\nok   %2d ", lesson), fmt.Sprintf("Passed: all %d checks of step %d", lesson, n), "Why it matters: ", "Still wrong: ", "House rules: ",
		fmt.Sprintf("  make check%d EX=%s\n  make check%d EX=%s  done\n", n, exercises[0].Name, n, exercises[1].Name),
		[]string{1: "make start2", 2: "make start3", 3: "make start4", 4: "This was the last step."}[n])
	wantASCII(t, said)
	switch {
	case n == 2 && !testing.Short():
		repotest.Run(t, c.Dir(), "go", "test", "./...")
	case n == 4:
		repotest.Run(t, c.Dir(), "go", "test", "./session")
	}
}

// wantKept fails the test unless the copy's only backup has this text.
func wantKept(t *testing.T, c learn.Copy, text string) {
	t.Helper()
	backups, _ := filepath.Glob(c.Dir() + "-backup-*")
	if len(backups) != 1 {
		t.Fatalf("backups: %v", backups)
	}
	if kept, err := os.ReadFile(filepath.Join(backups[0], "main.go")); string(kept) != text {
		t.Errorf("the backup has %q, %v", kept, err)
	}
}

func TestResetKeepsABackup(t *testing.T) {
	root := repotest.Clone(t)
	c := learn.Copy{Root: root, Step: 2}
	_, err := c.Reset(time.Now())
	wantError(t, err, "no my-step2 yet", "make start2")
	c = started(t, root, 2)
	main := filepath.Join(c.Dir(), "main.go")
	repotest.Write(t, main, "package mine\n")
	if backup, err := c.Reset(time.Now()); err != nil || !strings.HasPrefix(backup, "my-step2-backup-") {
		t.Errorf("the backup is %s, %v", backup, err)
	}
	wantKept(t, c, "package mine\n")
	if fresh, _ := os.ReadFile(main); !strings.Contains(string(fresh), "func main") {
		t.Errorf("the new copy has %q", fresh)
	}
	wantNotInGit(t, root)
}

func TestALearnerTakesOurSolution(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	root := repotest.Clone(t)
	repotest.Write(t, filepath.Join(started(t, root, 4).Dir(), "main.go"), "package mine\n")
	for n := 1; n <= 4; n++ {
		c := learn.Copy{Root: root, Step: n}
		if backup, err := c.Take(time.Now()); err != nil || (backup != "") != (n == 4) {
			t.Errorf("step %d: the backup is %q, %v", n, backup, err)
		}
		repotest.WantText(t, solve(t, c), "There is no difference")
		repotest.Run(t, c.Dir(), "go", "vet", "./...")
	}
	wantKept(t, learn.Copy{Root: root, Step: 4}, "package mine\n")
	repotest.WantText(t, passes(t, checkOf(learn.Copy{Root: root, Step: 4}, "")), "Passed: all ")
}

func TestSolveNeedsACopy(t *testing.T) {
	wantError(t, learn.Copy{Root: t.TempDir(), Step: 3}.Solve(t.Context(), io.Discard, lang.English, false), "make start3")
}
