package window

import (
	"bufio"
	"context"
	"strings"

	"example.com/session-workshop/check/steps"
)

// A terminal in raw mode sends these in place of a signal and of the end of input.
const (
	ctrlC = '\x03'
	ctrlD = '\x04'
)

// readKeys does what the keys ask for until the input ends. A key is one character
// on a terminal in raw mode, else the first letter of a line.
func (w *window) readKeys(ctx context.Context, quit func()) {
	in := bufio.NewReader(w.In)
	for {
		key, err := w.readKey(in)
		if err != nil {
			w.keys.Store(false)
			return
		}
		switch key {
		case 'q', ctrlC, ctrlD:
			// This also ends a running build.
			quit()
			return
		}
		w.send(ctx, func() { w.press(key) })
	}
}

func (w *window) readKey(in *bufio.Reader) (rune, error) {
	if w.Raw {
		key, _, err := in.ReadRune()
		return narrow(key), err
	}
	line, err := in.ReadString('\n')
	for _, key := range strings.TrimSpace(line) {
		return narrow(key), nil
	}
	return 0, err
}

// narrow returns the ASCII letter for a full-width one, which a Japanese input
// method sends.
func narrow(key rune) rune {
	if 'ａ' <= key && key <= 'ｚ' {
		return key - 'ａ' + 'a'
	}
	return key
}

func (w *window) press(key rune) {
	switch key {
	case 'h', 'o':
		switch {
		case w.problem == nil:
			w.say("There is no hint to give: no check has failed since the start or the last pass.")
		case key == 'h':
			w.last.Help(w.problem)
			if w.current {
				w.last.ReportHint(w.ctx)
			}
		default:
			w.last.Ours(w.problem)
		}
	case 'n':
		w.goOn()
	}
}

// goOn ends this step, so that Run begins the next one.
func (w *window) goOn() {
	c := w.Check.Copy
	switch {
	case !c.Passed():
		w.say("Step %d does not pass yet. To go on with our solution: make solve%[1]d ARGS=-take", c.Step)
	case c.Step == steps.Count:
		w.Check.SayNext()
	default:
		w.next = true
		w.endStep()
	}
}

func (w *window) sayKeys() {
	switch {
	case !w.keys.Load():
		w.say("Save a file to check it again. End: Ctrl+C")
	case w.Raw:
		w.say("Keys: h hint, o ours, n next step, q end. Or save a file.")
	default:
		w.say("Type h (hint), o (ours), n (next step) or q (end), and Enter. Or save a file.")
	}
}
