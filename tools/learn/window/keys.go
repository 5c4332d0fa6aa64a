package window

import (
	"bufio"
	"context"
	"strings"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/foreign"
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

// narrow returns the letter for what a Japanese input method sends if it was left
// on: a full-width letter, or what it makes of the keys o and n.
func narrow(key rune) rune {
	if kana := map[rune]rune{'お': 'o', 'ん': 'n'}[key]; kana != 0 {
		return kana
	}
	return []rune(foreign.Narrow(string(key)))[0]
}

func (w *window) press(key rune) {
	switch key {
	case 'h', 'o':
		switch {
		case w.problem == nil:
			w.say(lang.T("There is no hint to give: no check has failed since the start or the last pass.",
				"表示できるヒントはありません。開始したあと、または前回合格したあと、失敗したチェックはありません。"))
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
		w.say(lang.T("Step %d does not pass yet. To go on with our solution: make solve%[1]d ARGS=-take",
			"ステップ %d はまだ合格していません。完成版に置き換えて先に進むには: make solve%[1]d ARGS=-take", c.Step))
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
		w.say(lang.T("Save a file to check it again. End: Ctrl+C", "ファイルを保存すると、もう一度チェックします。終了: Ctrl+C"))
	case w.Raw:
		w.say(lang.T("Keys: h hint, o ours, n next step, q end. Or save a file.", "キー: h ヒント、o 完成版、n 次のステップ、q 終了。またはファイルを保存。"))
	default:
		w.say(lang.T("Type h (hint), o (ours), n (next step) or q (end), and Enter. Or save a file.",
			"h（ヒント）、o（完成版）、n（次のステップ）、q（終了）のどれかと Enter を入力。またはファイルを保存。"))
	}
}
