// Package window lets a learner work on a step in one terminal: it runs the copy,
// builds and checks it at each save, shows the first check that fails, and goes on
// to the next step.
package window

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync/atomic"
	"time"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/web"
	"example.com/session-workshop/tools/board"
	"example.com/session-workshop/tools/internal/supervisor"
	"example.com/session-workshop/tools/internal/watch"
	"example.com/session-workshop/tools/learn"
)

// Options says what a window shows, and where.
type Options struct {
	// Check is the copy to begin with, and how it is checked and printed.
	Check learn.Check
	// In is where the keys come from, Out where all output goes.
	In  io.Reader
	Out io.Writer
	// Raw is true if In and Out are a terminal in raw mode: a key needs no Enter.
	Raw bool
	// Rewrites is true if a line of Out can be overwritten.
	Rewrites bool
	// Width returns the present width of the terminal in characters; 0 if Out is
	// not a terminal.
	Width func() int
}

// window holds what is shown now. Its methods run in the goroutine of watch.Follow,
// except readKeys and what check starts.
type window struct {
	Options
	screen *screen
	// keys is false when no more keys can come.
	keys atomic.Bool
	// do holds functions to run in the goroutine of the window.
	do chan func()

	ctx     context.Context // that of the step
	endStep context.CancelFunc
	next    bool // the step ends because the next one begins
	program *supervisor.Program
	address string
	// loud is true while the app's output is shown, which is not during its start.
	loud atomic.Bool

	stopCheck func()
	// last is the check that has found the problem. Both are nil until then.
	last    *learn.Check
	problem *learn.Problem
	// current is true if the problem was found since the last save.
	current bool
}

// Run shows the window until ctx or the user ends it. The error says what could not
// be prepared.
func Run(ctx context.Context, o Options) error {
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	w := &window{
		Options: o, screen: &screen{out: o.Out, raw: o.Raw, rewrites: o.Rewrites},
		do: make(chan func()), stopCheck: func() {},
	}
	w.Check.Out = w.screen
	w.keys.Store(true)
	defer w.say(lang.T("Stopped.", "終了しました。"))
	go w.readKeys(ctx, quit)
	for {
		if err := w.step(ctx); err != nil || !w.next {
			return err
		}
		w.Check.Copy.Step++
	}
}

// step shows one step until its end.
func (w *window) step(ctx context.Context) error {
	w.ctx, w.endStep = context.WithCancel(ctx)
	defer w.endStep()
	w.next, w.address, w.problem = false, "", nil
	c := w.Check.Copy
	title := web.Titles[fmt.Sprintf("Step %d", c.Step)]
	w.say(lang.T("%s. The guide: %s", "%s。ガイド: %s", title, learn.Guide(steps.Folder(c.Step))))
	if !c.Exists() {
		if err := c.Start(); err != nil {
			return err
		}
		w.say(c.Ready())
	}
	w.say(lang.T("Open %s. Each save is built and checked.", "%s を開いてください。保存するたびに、ビルドしてチェックします。", c.Files()))
	dir, err := supervisor.Folder(c.Dir())
	if err != nil {
		return err
	}
	return watch.Follow(w.ctx, watch.Options{Dir: dir, Output: output{w}, Do: w.do}, w)
}

// say breaks lines at the present width of the terminal.
func (w *window) say(text lang.Text) {
	check := w.Check
	check.Width = w.Width()
	check.Say(text)
}

// send runs a function in the goroutine of the window, unless ctx ends before.
func (w *window) send(ctx context.Context, do func()) {
	select {
	case w.do <- do:
	case <-ctx.Done():
	}
}

// Opened prints what stays true while the step is shown.
func (w *window) Opened(p *supervisor.Program) {
	w.program = p
	w.say(p.About)
	if p.LongTTL() {
		w.say(supervisor.AboutTTL)
	}
	w.begin()
}

// Changed begins a new round.
func (w *window) Changed() {
	w.stopCheck()
	w.begin()
}

func (w *window) begin() {
	w.current = false
	w.say(lang.Same("\n---- " + time.Now().Format(time.TimeOnly) + " ----"))
	w.screen.progress(lang.T("Building %s ...", "%s をビルドしています…", w.Check.Copy.Name()).In(w.Check.Lang))
	w.loud.Store(false)
}

// Running checks the copy that was built.
func (w *window) Running(address string) {
	w.loud.Store(true)
	if address != w.address {
		w.address = address
		w.say(lang.T("Your app: %s", "アプリ: %s", address))
	}
	w.check()
}

// Failed prints why there is nothing to check.
func (w *window) Failed(problem error, goesOn bool) {
	w.loud.Store(true)
	w.current = false
	app, built := errors.AsType[watch.NotStarted](problem)
	if built {
		problem = learn.AboutStart(problem, app.Output, w.Check.Copy.Name())
	}
	w.say(lang.Of(problem))
	switch {
	case supervisor.DoesNotCompile(problem):
		w.report(board.DoesNotCompile)
	case built:
		w.report(board.DoesNotStart)
	}
	switch {
	case goesOn && supervisor.DoesNotCompile(problem):
		w.say(lang.T("The app from before the change keeps running, and its pages show this too.", "変更する前のアプリは動き続けています。そのページにも、これと同じ内容が表示されます。"))
	case goesOn:
		w.say(lang.T("The app from before the change keeps running.", "変更する前のアプリは動き続けています。"))
	}
	w.sayKeys()
}

// Stopped prints that an app did not end cleanly.
func (w *window) Stopped(problem error) {
	w.say(lang.T("The app did not end cleanly: %v", "アプリが正常に終了しませんでした: %v", problem))
}

// Ending stops a running check.
func (w *window) Ending() { w.stopCheck() }

// report tells the class board why nothing was checked. Keys and saves do not wait
// for the board.
func (w *window) report(state board.State) {
	check := w.Check
	check.Width = w.Width()
	w.inBackground(func(ctx context.Context) { check.ReportState(ctx, state) })
}

// check begins to check the copy.
func (w *window) check() {
	check := w.Check
	check.Binary, check.Hint, check.Keys = w.program.Binary(), 1, w.keys.Load()
	check.Width = w.Width()
	if w.Rewrites {
		check.Progress = w.screen.progress
	}
	w.inBackground(func(ctx context.Context) {
		problem, err := check.Find(ctx)
		w.send(ctx, func() { w.checked(&check, problem, err) })
	})
}

// inBackground runs do beside the window. stopCheck cancels it, and returns when it
// has ended.
func (w *window) inBackground(do func(context.Context)) {
	w.stopCheck()
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan struct{})
	w.stopCheck = func() {
		cancel()
		<-ended
	}
	go func() {
		defer close(ended)
		// The goroutine that restores the terminal must get the panic.
		defer func() {
			if p := recover(); p != nil {
				mistake := fmt.Sprintf("%v\n%s", p, debug.Stack())
				w.send(ctx, func() { panic(mistake) })
			}
		}()
		do(ctx)
	}()
}

// checked ends the round that Changed began.
func (w *window) checked(check *learn.Check, problem *learn.Problem, err error) {
	w.last, w.problem, w.current = check, problem, true
	if err != nil {
		w.say(lang.Of(err))
	}
	w.say(learn.Progress(check.Copy.Root))
	w.sayKeys()
}

// output is what the app prints.
type output struct{ w *window }

func (o output) Write(text []byte) (int, error) {
	if o.w.loud.Load() {
		return o.w.screen.Write(text)
	}
	return len(text), nil
}
