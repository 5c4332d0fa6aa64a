package learn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"example.com/session-workshop/tools/board"
)

// notReady is the error for a copy that could not be checked.
type notReady struct {
	state board.State
	error
}

func (n notReady) Unwrap() error { return n.error }

// report returns the result of a check as the class board gets it.
func (c *Check) report(passed, total int, problem *Problem) board.Progress {
	p := board.Progress{Name: c.Name, Step: c.Copy.Step, Passed: passed, Total: total, Hint: c.Hint, Exercise: c.Exercise}
	switch {
	case problem != nil && c.URL == "" && c.Exercise == "" && c.Copy.untouched():
		p.State, p.Passed, p.Hint = board.NotBegun, 0, 0
	case problem != nil:
		p.Check = problem.check.ID
	default:
		p.Hint = 0
		if c.URL == "" && c.Exercise == "" && c.Copy.results().Taken {
			p.State = board.Taken
		}
	}
	return p
}

// reportNotReady reports that the copy does not compile or does not start, if this
// is what err says.
func (c *Check) reportNotReady(ctx context.Context, err error) {
	if problem, ok := errors.AsType[notReady](err); ok {
		c.ReportState(ctx, problem.state)
	}
}

// ReportState reports to a class board why no check could run.
func (c *Check) ReportState(ctx context.Context, state board.State) {
	checks, err := c.checks()
	if err != nil {
		return
	}
	c.reportTo(ctx, board.Progress{Name: c.Name, Step: c.Copy.Step, Total: len(checks), State: state, Exercise: c.Exercise})
}

// ReportHint reports to a class board that the learner has read another hint. It
// prints nothing.
func (c *Check) ReportHint(ctx context.Context) {
	p := c.reported
	if p.Check == "" {
		return
	}
	p.Hint = c.Hint
	go func() {
		ctx, cancel := context.WithTimeout(ctx, boardWithin)
		defer cancel()
		_ = board.Send(ctx, c.Board, p)
	}()
}

// reportTo reports to a class board. A problem of the board does not fail the
// check.
func (c *Check) reportTo(ctx context.Context, p board.Progress) {
	if c.Board == "" || c.Only != "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, boardWithin)
	defer cancel()
	err := board.Send(ctx, c.Board, p)
	switch {
	case errors.Is(err, context.Canceled):
		return
	case err != nil:
		c.say("Not on the board: %v", err)
		c.say("The result of your check is still valid.")
		return
	}
	c.reported = p
	c.say("The board knows: %s, %s.", c.Name, reportedAs(p))
}

func reportedAs(p board.Progress) string {
	result := fmt.Sprintf("%d of %d", p.Passed, p.Total)
	switch p.State {
	case "":
	case board.Taken:
		result += ", with our solution"
	default:
		result = p.State.String()
	}
	if p.Exercise != "" {
		return fmt.Sprintf("the exercise %s of step %d, %s", p.Exercise, p.Step, result)
	}
	return fmt.Sprintf("step %d, %s", p.Step, result)
}

// untouched reports whether the copy is still as Start made it.
func (c Copy) untouched() bool {
	files, err := c.beginning()
	if err != nil {
		return false
	}
	for name, text := range files {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		now, err := os.ReadFile(filepath.Join(c.Dir(), filepath.FromSlash(name)))
		if err != nil || string(bytes.ReplaceAll(now, []byte("\r\n"), []byte("\n"))) != text {
			return false
		}
	}
	return true
}
