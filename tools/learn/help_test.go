package learn

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/repotest"
)

// The key o shows our code at the place that a check names.
func TestEachCheckNamesAPlaceInOurCode(t *testing.T) {
	root, err := modules.Root()
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= steps.Count; n++ {
		for _, check := range contract.StepGroup(n, contract.Lesson) {
			found := func(p place) bool {
				_, name, _ := strings.Cut(p.declaration, " ")
				return p.line > 0 && strings.Contains(p.source, name)
			}
			if all := places(root, steps.Folder(n), check.Where); !slices.ContainsFunc(all, found) {
				t.Errorf("step %d, %s: nothing is at %v", n, check.ID, all)
			}
		}
	}
}

func TestAScriptIsShownWithTheMethodThatRunsIt(t *testing.T) {
	root, err := modules.Root()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	(&Check{Copy: Copy{root, 4}, Out: &out}).Ours(&Problem{helps: contract.Check{Where: "session/store.go, func Visit"}})
	repotest.WantText(t, out.String(), "Ours, step4-store/session/store.go:", "func (s *Store) Visit(", "Ours, step4-store/session/script.go:", "redis.call('HINCRBY'", "make solve4")
}

func TestAMissingPlaceIsNamedWithoutALine(t *testing.T) {
	root := t.TempDir()
	repotest.Write(t, root+"/my-step1/main.go", "package main\n\n// index is the page.\nfunc index() {}\n")
	var said []string
	for _, place := range places(root, "my-step1", "main.go, func index, func gone; session/store.go, func Key") {
		said = append(said, place.String())
	}
	const want = "my-step1/main.go:4, func index | my-step1/main.go, func gone | my-step1/session/store.go, func Key"
	if got := strings.Join(said, " | "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLearningGoesOnWithTheFirstStepThatHasNotPassed(t *testing.T) {
	root := t.TempDir()
	wants := func(step int, line string) {
		t.Helper()
		if c, said := First(root), Progress(root).EN; c.Step != step || !strings.HasPrefix(said, line) || len(said) > 80 {
			t.Errorf("step %d comes, and it says %q; want step %d, and %q in 80 columns", c.Step, said, step, line)
		}
	}
	check := func(step, passed, total int) {
		t.Helper()
		c := Copy{root, step}
		if err := os.MkdirAll(c.Dir(), 0o755); err != nil {
			t.Fatal(err)
		}
		(&Check{Copy: c}).remember(time.Now(), passed, total)
	}
	wants(1, "Steps: 1 to come, 2 to come, 3 to come, 4 to come. Exercises: 0 of ")
	check(1, 11, 11)
	check(3, 23, 24)
	wants(2, "Steps: 1 passed, 2 to come, 3 at 23 of 24, 4 to come. ")
	check(2, 20, 20)
	check(3, 24, 24)
	wants(4, "Steps: 1 passed, 2 passed, 3 passed, 4 to come. ")
	check(4, 40, 40)
	check(2, 19, 20)
	wants(4, "Steps: 1 passed, 2 passed, 3 passed, 4 passed. ")
}
