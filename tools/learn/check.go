package learn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/tools/board"
)

const (
	// defaultTTL is that of the lesson, and of an app that was told no other.
	defaultTTL = 10 * time.Second
	// ownTTL is that of an app which the check starts. It is another one, so that
	// ten seconds that stand in the code do not pass for the setting.
	ownTTL = 7 * time.Second
	// checkWithin bounds one check, beside the TTL that some wait for.
	checkWithin = 45 * time.Second
	// houseWithin bounds all house rules together: they are extra.
	houseWithin = 30 * time.Second
	// boardWithin bounds the report to a class board.
	boardWithin = 2 * time.Second
)

// ErrFailed says that the app does not pass. What is wrong has been printed.
var ErrFailed = errors.New("the check has failed")

// Check checks an app of a learner.
type Check struct {
	Copy Copy
	// URL is the address of a running app, in whatever language. Empty means to
	// build and start the copy.
	URL string
	// Binary is the program that was built from the copy; empty means to build it.
	Binary string
	// RedisURL is where the app keeps its data. Empty means one that runs for
	// this check alone, or with URL the one on this machine's usual port.
	RedisURL string
	// TTL is the session TTL of the app. 0 means 7 s for the copy, which the check
	// starts, and 10 s for an app at URL.
	TTL time.Duration
	// Hint is how much help to print, 1 to 3.
	Hint int
	// Exercise is the name of one, in place of the lesson; empty for the lesson.
	Exercise string
	// Only is the id of the one check to run: of the lesson, of the house rules,
	// or of the exercise. Empty means all checks of the lesson or exercise.
	Only string
	// Board is the address of a class board to report to as Name, or empty.
	Board, Name string
	Out         io.Writer
	// Colour is true if Out shows colours. They never carry a meaning.
	Colour bool
	// Width is that of the terminal in characters, 0 if Out is none: then no
	// line is broken.
	Width int
	// Keys is true if more help, and the next step, is a key away and not another
	// command.
	Keys bool
	// Progress, if not nil, is told how far the check is, in place of a line on
	// each check that passes.
	Progress func(text string)
}

// Problem is the first thing that is not right.
type Problem struct {
	number int
	check  contract.Check
	*contract.Failure
	// helps is the check whose hints help: mostly the one that failed.
	helps contract.Check
	// said is what the app printed meanwhile, and all of it if it has ended.
	said  string
	ended bool
}

// broke reports whether an answer of 500 came with words of the app about it. A
// hint then looks for another mistake than the one that stopped the app.
func (p *Problem) broke() bool {
	return !p.ended && strings.TrimSpace(p.said) != "" && strings.Contains(p.Got, "answered 500")
}

// Run is Find, with ErrFailed for an app that does not pass.
func (c *Check) Run(ctx context.Context) error {
	problem, err := c.Find(ctx)
	if err == nil && problem != nil {
		return ErrFailed
	}
	return err
}

// Find checks the app, prints what it finds, and returns the first problem: nil
// if the app passes. The error says why the app could not be checked. Nothing
// that it started runs on.
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
		return nil, orStopped(ctx, err)
	}
	defer s.close()
	total := len(checks)
	if c.Only != "" {
		total = 1
	}
	c.say("Checking %s: %s, %s.", s.name, c.subject(), count(total, "check"))
	passed, problem := c.inOrder(ctx, s, checks, total)
	if ctx.Err() != nil {
		return nil, orStopped(ctx, nil)
	}
	c.remember(begun, passed, total)
	if problem == nil {
		c.congratulate(ctx, s, total)
	} else {
		c.explain(problem)
		c.say("%d of %d passed. %s", passed, total, c.moreHelp(problem))
		c.sayUndo()
	}
	c.reportTo(ctx, passed, total)
	return problem, nil
}

// orStopped tells in few words that a person has stopped the check.
func orStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("stopped: nothing that was started for the check is running any more")
	}
	return err
}

// checks are those of the lesson or exercise, in the order in which they are
// printed. If only one check is to run, the house rules are among them, and the
// error for an unknown id lists them all.
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
	return contract.Exercise{}, fmt.Errorf("EX: step %d has no exercise of this name. It has: %s", c.Copy.Step, strings.Join(names, ", "))
}

// inOrder runs checks one after the other, or the one that is asked for, and
// stops at the first failure, or when ctx ends. They do not run side by side: in
// an app that keeps something in a variable of all visitors, one check would
// then fail by another, with a hint that is not meant.
func (c *Check) inOrder(ctx context.Context, s *subject, checks []contract.Check, total int) (passed int, problem *Problem) {
	for i, check := range checks {
		if c.Only != "" && check.ID != c.Only {
			continue
		}
		if check.Wire && s.target.Wire == nil {
			c.line("--", i+1, check)
			c.say("        not checked: for this the check must start the app itself")
			passed++
			continue
		}
		if check.Waits {
			c.progress(fmt.Sprintf("%d of %d checks, and the next waits up to %v ...", passed, total, c.TTL),
				fmt.Sprintf("        the next check waits for a time to run out, up to %v ...", c.TTL))
		}
		before := s.said()
		failure := c.run(ctx, s, check)
		switch {
		case ctx.Err() != nil:
			return passed, nil
		case failure != nil:
			// What the app printed may arrive a moment later than its answer.
			problem = &Problem{number: i + 1, check: check, Failure: failure, helps: helpFor(checks, check, failure), ended: s.hasEnded()}
			problem.said = s.said()
			if !problem.ended {
				problem.said = strings.TrimPrefix(problem.said, before)
			}
			return passed, problem
		}
		passed++
		c.progress(fmt.Sprintf("%d of %d checks ...", passed, total), c.result("ok", i+1, check))
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
	return &contract.Failure{Expected: check.Name, Got: err.Error()}
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

// remember keeps the result in the copy, for Status. One check alone says too
// little to be kept. A check that cannot be remembered counts all the same.
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
		c.say("The result could not be noted for make status and make undo%d: %v", c.Copy.Step, err)
	}
}

// reportTo tells a class board. Whatever is wrong with it is no fault of the
// learner's.
func (c *Check) reportTo(ctx context.Context, passed, total int) {
	if c.Board == "" || c.Exercise != "" || c.Only != "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, boardWithin)
	defer cancel()
	err := board.Send(ctx, c.Board, board.Progress{Name: c.Name, Step: c.Copy.Step, Passed: passed, Total: total})
	if err != nil {
		c.say("Not on the board: %v", err)
		c.say("Your check counts all the same.")
		return
	}
	c.say("The board knows: %s, step %d, %d of %d.", c.Name, c.Copy.Step, passed, total)
}
