package docs

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/tools/learn"
)

var (
	stepTitle  = regexp.MustCompile(`(?m)^### Step (\d): .*$`)
	mistakeRow = regexp.MustCompile("(?m)^\\| ([^|]+) \\| `([^|]+)` \\| \"[^|]+\" \\|$")
)

// The mistakes that the teacher is told of are those of the wrong programs, on
// which the checks are tested.
func TestTheTeacherIsToldOfMistakesThatTheChecksCatch(t *testing.T) {
	text := read(t, filepath.Join(root, "docs/INSTRUCTOR.md"))
	found := map[int]int{}
	for _, title := range stepTitle.FindAllStringSubmatchIndex(text, -1) {
		step, _ := strconv.Atoi(text[title[2]:title[3]])
		part, _, _ := strings.Cut(text[title[1]:], "\n#")
		for _, row := range mistakeRow.FindAllStringSubmatch(part, -1) {
			found[step]++
			known := slices.ContainsFunc(programs.Wrongs, func(w programs.Wrong) bool {
				return w.Mistake == row[1] && w.Caught == row[2] && w.Step == step
			})
			if !known {
				t.Errorf("step %d: no wrong program has the mistake %q, caught by %s", step, row[1], row[2])
			}
		}
	}
	for step := 1; step <= learn.Steps; step++ {
		if found[step] < 3 {
			t.Errorf("step %d: the teacher is told of %d mistakes, want 3 or more", step, found[step])
		}
	}
}
