package learn

import (
	"context"
	"errors"
	"maps"

	"example.com/session-workshop/shared/lang"
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
		_ = board.Send(ctx, c.Board, c.Lang, p)
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
	err := board.Send(ctx, c.Board, c.Lang, p)
	switch {
	case errors.Is(err, context.Canceled):
		return
	case err != nil:
		c.say(lang.T("Not on the board: %v", "ボードに報告できませんでした: %v", err))
		c.say(lang.T("The result of your check is still valid.", "チェックの結果は、そのまま有効です。"))
		return
	}
	c.reported = p
	c.say(lang.T("The board knows: %s, %s.", "ボードに報告しました: %s、%s。", c.Name, reportedAs(p)))
}

func reportedAs(p board.Progress) lang.Text {
	result := lang.T("%d of %d", "%[2]d 個中 %[1]d 個が合格", p.Passed, p.Total)
	switch p.State {
	case "":
	case board.Taken:
		result = lang.T("%s, with our solution", "%s（完成版）", result)
	default:
		result = p.State.Text()
	}
	if p.Exercise != "" {
		return lang.T("the exercise %s of step %d, %s", "ステップ %[2]d の練習問題 %[1]s、%[3]s", p.Exercise, p.Step, result)
	}
	return lang.T("step %d, %s", "ステップ %d、%s", p.Step, result)
}

// untouched reports whether the copy has the source that Start made, and no other.
func (c Copy) untouched() bool {
	files, err := c.beginning()
	if err != nil {
		return false
	}
	begun := map[string]string{}
	for name, text := range files {
		if isSource(name) {
			begun[name] = text
		}
	}
	now, err := c.source(c.Dir())
	return err == nil && maps.Equal(now, begun)
}
