package learn

import (
	"fmt"
	"strings"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/steps"
)

// First returns the copy of the first step that has not passed, or of the last step
// if all have. It need not exist yet.
func First(root string) Copy {
	for n := 1; n < steps.Count; n++ {
		if c := (Copy{root, n}); !c.Passed() {
			return c
		}
	}
	return Copy{root, steps.Count}
}

// Passed reports whether the step has passed once. It stays true if an exercise
// breaks the copy afterwards.
func (c Copy) Passed() bool {
	r := c.results()
	return r.Once || r.Total > 0 && r.Passed == r.Total
}

// Progress is one line about how far the learner is with all steps and exercises.
func Progress(root string) string {
	var each []string
	exercises, done := 0, 0
	for n := 1; n <= steps.Count; n++ {
		c := Copy{root, n}
		r := c.results()
		exercises += len(contract.Exercises(n))
		done += len(r.Exercises)
		switch {
		case c.Passed():
			each = append(each, fmt.Sprintf("%d passed", n))
		case r.Total > 0:
			each = append(each, fmt.Sprintf("%d at %d of %d", n, r.Passed, r.Total))
		default:
			each = append(each, fmt.Sprintf("%d to come", n))
		}
	}
	return fmt.Sprintf("Steps: %s. Exercises: %d of %d.", strings.Join(each, ", "), done, exercises)
}
