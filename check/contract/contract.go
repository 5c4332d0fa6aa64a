// Package contract holds the checks of what each step of the workshop must do.
// They look at a running app only from outside: over HTTP, and in the Redis that
// holds its data. The same checks test the workshop's own apps and an app that a
// learner wrote, in any language.
//
// Every check makes up its own user name, so checks may run in any order, at the
// same time, and on a Redis that other programs use too. A check deletes the
// keys that it caused.
package contract

import (
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/shared/lang"
)

// Target is the app to check.
type Target struct {
	// URL is the address of the running app, such as http://127.0.0.1:5000.
	URL string
	// Redis is where the app keeps its data. Step 1 needs none.
	Redis redis.UniversalClient
	// TTL is the session TTL with which the app was started. 0 means 10 s.
	TTL time.Duration
	// Wire carries the app's connections to Redis. It is nil for an app that
	// another process has started.
	Wire *wire.Wire
	// TestMethod runs the Go tests of one method of a learner's session store,
	// such as Visit, and returns nil or a *Failure. It is nil for an app without
	// such a store.
	TestMethod func(ctx context.Context, name string) error
}

// Group says which apps a check is for.
type Group string

const (
	// Lesson holds what a step teaches. It is tolerant: it allows any key
	// prefix and either redirect status, and compares a page's text without
	// its tags.
	Lesson Group = "lesson"
	// House holds what the workshop's own apps promise beyond the lesson:
	// error pages, headers, and the exact names of keys and cookies.
	House Group = "house"
)

// Check is one thing a step must do.
type Check struct {
	// ID is a short name in kebab case, which stands for the check everywhere
	// else. It is unique in a step and means the same in all steps.
	ID string
	// Name is a short sentence that is true when the check passes.
	Name lang.Text
	// Hints help a learner. Each says more than the one before: the probable
	// mistake, the means to fix it, and nearly the code. A house check has only
	// the first.
	Hints []lang.Text
	// Where is the place to look in a Go app that began as a copy of the step
	// before, such as "main.go, func index". A house check has none.
	Where string
	// Group says whether the check is part of the lesson.
	Group Group
	// Waits is true for the one check of a step that waits a whole TTL.
	Waits bool
	// Wire is true for a check that needs Target.Wire.
	Wire bool
	// Run checks the app, and ends early if ctx is done. It returns nil, a
	// *Failure, or ErrNotChecked. A check that waits needs the TTL and some
	// seconds more.
	Run func(ctx context.Context, t Target) error
}

// ErrNotChecked is returned if Target lacks the Wire or the TestMethod that a
// check needs. Only a program that starts the app itself can give them.
var ErrNotChecked = lang.Errorf("not checked: that needs an app that the check itself starts",
	"未チェック: この項目は、チェックが起動したアプリでしか調べられません")

// Failure says what a check expected and what it got.
type Failure struct {
	Expected, Got lang.Text
	// See is the id of another check whose hints fit this failure better; empty
	// for most failures.
	See string
}

func (f *Failure) Error() string {
	return "expected " + f.Expected.EN + " / got " + f.Got.EN
}

// Step returns the checks of step n, 1 to 4: first those of the lesson, in the
// order in which a learner gets them to pass, then those of the house. For any
// other n it returns none.
func Step(n int) []Check {
	return append(StepGroup(n, Lesson), StepGroup(n, House)...)
}

// StepGroup returns the checks of step n that belong to group, in the order of
// Step.
func StepGroup(n int, group Group) []Check {
	if group == Lesson {
		return checksOf(n, Lesson, lesson)
	}
	return checksOf(n, House, house)
}

// rule is a check that is not yet bound to a step. Its fields are those of
// Check.
type rule struct {
	id   string
	name lang.Text
	// steps are the steps that the rule holds for; nil means all four.
	steps []int
	waits bool
	wire  bool
	hints []lang.Text
	where string
	// inFour is set if a learner does it differently in step 4, where the login
	// is in Redis.
	inFour place
	run    func(s *scene)
}

// place replaces a rule's where, and its last hints.
type place struct {
	where string
	hints []lang.Text
}

// The steps of a rule that does not hold for all four.
var (
	onlyOne   = []int{1}
	onlyTwo   = []int{2}
	onlyThree = []int{3}
	onlyFour  = []int{4}
	counting  = []int{2, 3, 4} // visits are counted
	byName    = []int{2, 3}    // visits are counted under the user's name
	expiring  = []int{3, 4}    // the key in Redis has a TTL
)

func checksOf(n int, group Group, rules []rule) []Check {
	var checks []Check
	for _, r := range rules {
		if n < 1 || n > 4 || r.steps != nil && !slices.Contains(r.steps, n) {
			continue
		}
		hints, where := r.hints, r.where
		if n == 4 && r.inFour.where != "" {
			hints, where = slices.Concat(hints[:len(hints)-len(r.inFour.hints)], r.inFour.hints), r.inFour.where
		}
		checks = append(checks, Check{
			ID: r.id, Name: r.name, Hints: hints, Where: where,
			Group: group, Waits: r.waits, Wire: r.wire,
			Run: func(ctx context.Context, t Target) error {
				if r.wire && t.Wire == nil {
					return ErrNotChecked
				}
				return play(ctx, t, n, r.run)
			},
		})
	}
	return checks
}
