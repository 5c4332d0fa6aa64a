package docs

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"example.com/session-workshop/check/contract/programs"
	workshop "example.com/session-workshop/check/steps"
)

var (
	stepTitle  = regexp.MustCompile(`^Step (\d): `)
	mistakeRow = regexp.MustCompile("(?m)^\\| ([^|]+) \\| `([^|]+)` \\| \"[^|]+\" \\|$")
)

// The mistakes in the guide of the teacher are those of the wrong programs,
// with which the checks are tested.
func TestTheChecksCatchTheMistakesInTheGuideOfTheTeacher(t *testing.T) {
	told := map[string]int{}
	for _, s := range sections(read(t, filepath.Join(root, "docs/INSTRUCTOR.md"))) {
		title := stepTitle.FindStringSubmatch(s.title)
		if title == nil {
			continue
		}
		for _, row := range mistakeRow.FindAllStringSubmatch(s.words(), -1) {
			told[title[1]]++
			known := slices.ContainsFunc(programs.Wrongs, func(w programs.Wrong) bool {
				return w.Mistake == row[1] && w.Caught == row[2] && strconv.Itoa(w.Step) == title[1]
			})
			if !known {
				t.Errorf("%s: no wrong program has the mistake %q, caught by %s", s.title, row[1], row[2])
			}
		}
	}
	if len(told) != workshop.Count {
		t.Errorf("the teacher is told of mistakes in the steps %v, want each of %d", told, workshop.Count)
	}
}
