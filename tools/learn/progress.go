package learn

import (
	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/lang"
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
func Progress(root string) lang.Text {
	var each lang.Text
	exercises, done := 0, 0
	for n := 1; n <= steps.Count; n++ {
		c := Copy{root, n}
		r := c.results()
		exercises += len(contract.Exercises(n))
		done += len(r.Exercises)
		step := lang.T("%d to come", "%d これから", n)
		switch {
		case c.Passed():
			step = lang.T("%d passed", "%d 合格", n)
		case r.Total > 0:
			step = lang.T("%d at %d of %d", "%d 途中（%d/%d）", n, r.Passed, r.Total)
		}
		if n > 1 {
			step = lang.Text{EN: each.EN + ", " + step.EN, JA: each.JA + "、" + step.JA}
		}
		each = step
	}
	return lang.T("Steps: %s. Exercises: %d of %d.", "ステップ: %s。練習問題: %d/%d。", each, done, exercises)
}
