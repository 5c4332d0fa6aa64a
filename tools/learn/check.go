package learn

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/board"
)

const (
	// defaultTTL is the TTL of an app without a setting.
	defaultTTL = 10 * time.Second
	// ownTTL is the TTL of an app that the check starts. It differs from
	// defaultTTL, so that an app with a fixed TTL of ten seconds fails.
	ownTTL = 7 * time.Second
	// checkWithin bounds one check, in addition to the TTL that some wait for.
	checkWithin = 45 * time.Second
	// houseWithin bounds all house rules together: they are extra.
	houseWithin = 30 * time.Second
	// boardWithin bounds the report to a class board.
	boardWithin = 2 * time.Second
)

// ErrFailed says that the app does not pass. Check has printed why.
var ErrFailed = errors.New("the check has failed")

// Check checks a learner's app.
type Check struct {
	Copy Copy
	// URL is the address of a running app in any language. Empty means to build
	// and start the copy.
	URL string
	// Binary is the program that was built from the copy; empty means to build it.
	Binary string
	// RedisURL is where the app keeps its data. Empty means a Redis that runs only
	// for this check, or with URL the one on this machine's usual port.
	RedisURL string
	// TTL is the session TTL of the app. 0 means 7 s for the copy, which the check
	// starts, and 10 s for an app at URL.
	TTL time.Duration
	// Hint is how much help to print, 1 to 3.
	Hint int
	// Exercise is the name of the exercise to check; empty for the lesson.
	Exercise string
	// Only is the id of the only check to run: one of the lesson, the house rules
	// or the exercise. Empty means all checks of the lesson or exercise.
	Only string
	// Board is the address of a class board to report to as Name, or empty.
	Board, Name string
	Out         io.Writer
	// Lang is the language of what is printed; empty means English.
	Lang lang.Lang
	// Colour is true if Out shows colours. The words have the full meaning without.
	Colour bool
	// Width is the width of the terminal in characters. If it is 0, no line is
	// broken.
	Width int
	// Keys is true if the user gets more help and the next step with a key, not
	// with a command.
	Keys bool
	// Progress, if not nil, is called with how far the check is, in Lang. Out then gets no
	// line for a check that passes.
	Progress func(text string)

	// reported is the last report that a class board has accepted.
	reported board.Progress
}

// Problem is the first check that failed, and why.
type Problem struct {
	number int
	check  contract.Check
	*contract.Failure
	// helps is the check whose hints help: mostly the one that failed.
	helps contract.Check
	// said is what the app printed during the check, or all that it printed if it
	// has ended.
	said  string
	ended bool
}

// appFailed reports whether the app answered 500 and printed why. The hints are
// then about another mistake than the one that stopped the app.
func (p *Problem) appFailed() bool {
	return !p.ended && strings.TrimSpace(p.said) != "" && strings.Contains(p.Got.EN, "answered 500")
}

// Run is Find, but returns ErrFailed for an app that does not pass.
func (c *Check) Run(ctx context.Context) error {
	problem, err := c.Find(ctx)
	if err == nil && problem != nil {
		return ErrFailed
	}
	return err
}

// Find checks the app, prints what it finds, and returns the first problem: nil
// if the app passes. The error says why the app could not be checked. All that
// Find started has ended when it returns.
func (c *Check) Find(ctx context.Context) (*Problem, error) {
	checks, err := c.checks()
	if err != nil {
		return nil, err
	}
	if c.TTL == 0 {
		c.TTL = ownTTL
		if c.URL != "" {
			c.TTL = defaultTTL
		}
	}
	begun := time.Now()
	s, err := c.open(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.reportNotReady(ctx, err)
		}
		return nil, orStopped(ctx, err)
	}
	defer s.close()
	total := len(checks)
	if c.Only != "" {
		total = 1
	}
	checking := lang.T("Checking %s: %s, %d checks.", "%s をチェックします: %s、%d 個。", s.name, c.subject(), total)
	if total == 1 {
		checking = lang.T("Checking %s: %s, 1 check.", "%s をチェックします: %s、1 個。", s.name, c.subject())
	}
	c.say(checking)
	passed, problem := c.runAll(ctx, s, checks, total)
	if ctx.Err() != nil {
		return nil, orStopped(ctx, nil)
	}
	c.remember(begun, passed, total)
	if problem == nil {
		c.congratulate(ctx, s, total)
	} else {
		c.explain(problem)
		c.say(lang.T("%d of %d passed. %s", "%[2]d 個中 %[1]d 個が合格。%[3]s", passed, total, c.moreHelp(problem)))
		c.sayUndo()
	}
	c.reportTo(ctx, c.report(passed, total, problem))
	return problem, nil
}

// orStopped returns err, or a short error if the user has stopped the check.
func orStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return lang.Errorf("stopped: all that was started for the check has ended", "中止しました。チェックのために起動したものは、すべて終了しました")
	}
	return err
}

// checks returns the checks of the lesson or exercise, in the order of their
// numbers. If only one is to run, the house rules are among them. The error for an
// unknown id lists them all.
func (c *Check) checks() ([]contract.Check, error) {
	checks := append(c.methods(), contract.StepGroup(c.Copy.Step, contract.Lesson)...)
	switch {
	case c.Exercise != "":
		exercise, err := c.exercise()
		if err != nil {
			return nil, err
		}
		checks = exercise.Checks
	case c.Only != "":
		checks = append(c.methods(), contract.Step(c.Copy.Step)...)
	}
	hasID := func(check contract.Check) bool { return check.ID == c.Only }
	if c.Only != "" && !slices.ContainsFunc(checks, hasID) {
		return nil, c.unknown(checks)
	}
	return checks, nil
}

func (c *Check) exercise() (contract.Exercise, error) {
	var names []string
	for _, e := range contract.Exercises(c.Copy.Step) {
		if e.Name == c.Exercise {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return contract.Exercise{}, lang.Errorf("EX: step %d has no exercise of this name. It has: %s",
		"EX: ステップ %d にその名前の練習問題はありません。次のものがあります: %s", c.Copy.Step, strings.Join(names, ", "))
}

// runAll runs checks, or only the one that is asked for, until the first failure
// or the end of ctx. They run one after the other: if an app keeps data of all
// visitors in one variable, a check could otherwise fail because of another, and
// give the wrong hint.
func (c *Check) runAll(ctx context.Context, s *subject, checks []contract.Check, total int) (passed int, problem *Problem) {
	for i, check := range checks {
		if c.Only != "" && check.ID != c.Only {
			continue
		}
		if check.Wire && s.target.Wire == nil {
			c.line("--", i+1, check)
			c.say(lang.T("        not checked: this works only with an app that the check starts", "        未確認: チェックが起動したアプリでしか調べられません"))
			passed++
			continue
		}
		if check.Waits {
			c.progress(lang.T("%d of %d checks, and the next waits up to %v ...", "チェック %d/%d。次のチェックは最長 %v 待ちます…", passed, total, c.TTL), func() {
				c.say(lang.T("        the next check waits for a time to run out, up to %v ...", "        次のチェックは期限切れを待ちます（最長 %v）…", c.TTL))
			})
		}
		before := s.said()
		failure := c.run(ctx, s, check)
		switch {
		case ctx.Err() != nil:
			return passed, nil
		case failure != nil:
			// hasEnded waits a moment, in which the last output of the app arrives.
			problem = &Problem{number: i + 1, check: check, Failure: failure, helps: helpFor(checks, check, failure), ended: s.hasEnded()}
			problem.said = s.said()
			if !problem.ended {
				problem.said = strings.TrimPrefix(problem.said, before)
			}
			return passed, problem
		}
		passed++
		c.progress(lang.T("%d of %d checks ...", "チェック %d/%d…", passed, total), func() { c.line("ok", i+1, check) })
	}
	return passed, nil
}

func (c *Check) run(ctx context.Context, s *subject, check contract.Check) *contract.Failure {
	ctx, cancel := context.WithTimeout(ctx, c.TTL+checkWithin)
	defer cancel()
	err := check.Run(ctx, s.target)
	if err == nil {
		return nil
	}
	if failure, ok := errors.AsType[*contract.Failure](err); ok {
		return failure
	}
	return &contract.Failure{Expected: check.Name, Got: lang.Of(err)}
}

// helpFor is the check whose hints help: mostly the one that failed.
func helpFor(checks []contract.Check, failed contract.Check, failure *contract.Failure) contract.Check {
	for _, check := range checks {
		if check.ID == failure.See {
			return check
		}
	}
	return failed
}

// remember stores the result in the copy, for Status. The result of a single check
// is not stored. If storing fails, the result of the check is still valid.
func (c *Check) remember(begun time.Time, passed, total int) {
	if c.URL != "" || c.Only != "" {
		return
	}
	results := c.Copy.results()
	switch {
	case c.Exercise == "":
		results.addLesson(begun, passed, total)
	case passed == total:
		results.addExercise(c.Exercise)
	}
	err := c.Copy.keep(results)
	if c.Exercise == "" && passed == total {
		err = errors.Join(err, c.Copy.keepPassed(begun))
	}
	if err != nil {
		c.say(lang.T("The result could not be stored for make status and make undo%d: %v",
			"結果を保存できなかったため、make status と make undo%d には反映されません: %v", c.Copy.Step, err))
	}
}
