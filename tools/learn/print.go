package learn

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/lang"
)

// Hints is how many hints a check has.
const Hints = 3

// Say prints a text in lines that fit into the terminal.
func (c *Check) Say(text lang.Text) { c.say(text) }

func (c *Check) say(text lang.Text) { c.print(text.In(c.Lang)) }

func (c *Check) print(text string) { fmt.Fprintln(c.Out, c.wrapped(plain(text), "")) }

// detail prints a text that belongs to the check above it, after a label.
func (c *Check) detail(label, text lang.Text) {
	name := label.In(c.Lang)
	if name != "" {
		name += ":"
	}
	name = "         " + padded(name, 10)
	fmt.Fprintln(c.Out, c.wrapped(name+plain(text.In(c.Lang)), strings.Repeat(" ", uniseg.StringWidth(name))))
}

// progress calls Progress with a text, or print if Progress is nil.
func (c *Check) progress(text lang.Text, print func()) {
	if c.Progress != nil {
		c.Progress(text.In(c.Lang))
	} else {
		print()
	}
}

// line prints the result of a check: word is ok, FAIL or --.
func (c *Check) line(word string, number int, check contract.Check) {
	begin := fmt.Sprintf("%-4s %2d ", word, number)
	text := c.wrapped(plain(begin+check.ID+": "+check.Name.In(c.Lang)), strings.Repeat(" ", len(begin)))
	if colour := map[string]string{"ok": "32", "FAIL": "31"}[word]; c.Colour && colour != "" {
		text = "\x1b[" + colour + "m" + text[:4] + "\x1b[0m" + text[4:]
	}
	fmt.Fprintln(c.Out, text)
}

// explain prints what went wrong in a check, and the hints for it.
func (c *Check) explain(p *Problem) {
	c.line("FAIL", p.number, p.check)
	c.failure(p.Failure)
	if p.appFailed() {
		c.detail(lang.T("first", "まず"), lang.T("your app itself failed. Below is what it printed.", "アプリ自体でエラーが起きています。下はアプリの出力です。"))
	}
	helps := p.helps
	for i, hint := range helps.Hints {
		if i < c.Hint {
			c.hint(i+1, hint)
		}
	}
	if c.URL == "" && helps.Where != "" {
		for i, place := range places(c.Copy.Root, c.Copy.Name(), helps.Where) {
			label := lang.T("look at", "場所")
			if i > 0 {
				label = lang.Text{}
			}
			c.detail(label, lang.Same(place.String()))
		}
	}
	if c.URL != "" && (strings.Contains(helps.ID, "ttl") || helps.Waits) {
		c.say(lang.T("Does the app run with a TTL of %v? If not, start it with that, or give the check its TTL: %s",
			"アプリの TTL は %v になっていますか？ちがう場合は、その TTL で起動するか、アプリの TTL をチェックに伝えてください: %s", c.TTL, c.command(`ARGS="-ttl 10m"`)))
	}
	switch {
	case p.ended:
		c.say(lang.T("Your app ended while it was checked. Its last lines:\n%s", "チェックの途中でアプリが終了しました。最後の出力:\n%s", lastLines(p.said, c.Copy.Name())))
	case strings.TrimSpace(p.said) != "":
		c.say(lang.T("Your app printed meanwhile:\n%s", "その間のアプリの出力:\n%s", lastLines(p.said, c.Copy.Name())))
	}
}

// failure prints what a check expected and what it got.
func (c *Check) failure(f *contract.Failure) {
	c.detail(lang.T("expected", "期待"), f.Expected)
	c.detail(lang.T("got", "実際"), f.Got)
}

// hint prints one hint. The last one is nearly code, and each of its pieces has its
// own line.
func (c *Check) hint(number int, hint lang.Text) {
	pieces := []string{hint.In(c.Lang)}
	if number == Hints {
		pieces = strings.Split(pieces[0], " / ")
	}
	c.detail(lang.T("hint %d", "ヒント %d", number), lang.Same(pieces[0]))
	for _, piece := range pieces[1:] {
		c.detail(lang.Text{}, lang.Same(piece))
	}
}

func (c *Check) subject() lang.Text {
	if c.Exercise != "" {
		return lang.T("the exercise %s", "練習問題 %s", c.Exercise)
	}
	return lang.T("what step %d teaches", "ステップ %d の内容", c.Copy.Step)
}

// unknown is the error for an unknown check, which lists all that exist.
func (c *Check) unknown(checks []contract.Check) error {
	whose := lang.T("step %d", "ステップ %d", c.Copy.Step)
	if c.Exercise != "" {
		whose = c.subject()
	}
	list := lang.T("ONLY: %s has no check of this name. It has:", "ONLY: %s にその名前のチェックはありません。次のものがあります:", whose)
	add := func(line lang.Text) {
		list.EN += "\n" + plain(line.EN)
		list.JA += "\n" + plain(line.JA)
	}
	for i, check := range checks {
		if check.Group == contract.House && checks[i-1].Group == contract.Lesson {
			add(lang.T("House rules, beyond the lesson:", "ハウスルール（ステップの内容以外のもの）:"))
		}
		begin := fmt.Sprintf("  %2d %s: ", i+1, check.ID)
		add(lang.Text{EN: begin + check.Name.EN, JA: begin + check.Name.JA})
	}
	return lang.Error(list)
}

// command is the command line of this check, with more settings.
func (c *Check) command(more ...string) string {
	words := []string{fmt.Sprintf("make check%d", c.Copy.Step)}
	if c.URL != "" {
		words = append(words, "URL="+c.URL)
	}
	if c.Exercise != "" {
		words = append(words, "EX="+c.Exercise)
	}
	if c.Only != "" {
		words = append(words, "ONLY="+c.Only)
	}
	return strings.Join(append(words, more...), " ")
}

// moreHelp says how to get more help than the hints that were shown.
func (c *Check) moreHelp(p *Problem) lang.Text {
	switch {
	case c.Keys && c.Hint < len(p.helps.Hints):
		return lang.T("The next hint: h", "次のヒント: h")
	case c.Keys:
		return lang.T("That was the last hint. Our code there: o", "ヒントはこれで最後です。完成版の同じ場所を見る: o")
	case c.Hint < len(p.helps.Hints):
		return lang.T("The next hint: %s", "次のヒント: %s", c.command(fmt.Sprintf("HINT=%d", c.Hint+1)))
	case c.URL == "" && c.Exercise == "":
		return lang.T("What is different from our step: make solve%d", "完成版との違いを見る: make solve%d", c.Copy.Step)
	}
	return lang.T("That was the last hint.", "ヒントはこれで最後です。")
}

// sayUndo says how to go back from an exercise that breaks what has passed.
func (c *Check) sayUndo() {
	if _, err := os.Stat(c.Copy.passedDir()); err == nil && c.URL == "" && c.Exercise == "" {
		c.say(lang.T("This step has passed before. If you broke it for an exercise, go back to what passed: make undo%d",
			"このステップには前に合格しています。練習問題のために壊したのなら、合格したときの状態に戻せます: make undo%d", c.Copy.Step))
	}
}

func (c *Check) congratulate(ctx context.Context, s *subject, total int) {
	if c.Only != "" {
		all := *c
		all.Only = ""
		c.say(lang.T("Now all checks: %s", "次はすべてのチェック: %s", all.command()))
		return
	}
	if c.Exercise != "" {
		c.say(lang.T("Passed: the exercise %s.", "合格: 練習問題 %s。", c.Exercise))
		if exercise, _ := c.exercise(); exercise.Breaks {
			c.say(lang.T("So this is what the mistake looks like. To go back to what passed: make undo%d",
				"この間違いは、このように現れます。合格したときの状態に戻すには: make undo%d", c.Copy.Step))
		}
		return
	}
	results := c.Copy.results()
	c.say(lang.T("Passed: all %d checks of step %d.", "合格: ステップ %[2]d のチェック %[1]d 個すべて。", total, c.Copy.Step))
	if c.URL == "" && results.Taken {
		c.say(lang.T("This is our solution, which you took. To build it yourself: make reset%d", "これは完成版に置き換えたものです。自分で作るには: make reset%d", c.Copy.Step))
	}
	c.say(lang.T("Why it matters: %s", "なぜ大切か: %s", lessons[c.Copy.Step-1].why))
	c.say(lang.T("Still wrong: %s", "残る課題: %s", lessons[c.Copy.Step-1].wrong))
	c.checkHouse(ctx, s)
	c.say(lang.T("Exercises, in the guide %s:", "練習問題（ガイド %s にあります）:", Guide(steps.Folder(c.Copy.Step))))
	for _, e := range contract.Exercises(c.Copy.Step) {
		command := lang.Same(fmt.Sprintf("  make check%d EX=%s", c.Copy.Step, e.Name))
		if slices.Contains(results.Exercises, e.Name) {
			command = lang.T("%s  done", "%s  済み", command)
		}
		c.say(command)
	}
	c.SayNext()
}

// SayNext says what comes after a step that passes.
func (c *Check) SayNext() {
	switch {
	case c.Copy.Step == steps.Count:
		c.say(lang.T("This was the last step. After the exercises, go on with %s: the store for your own service.",
			"これで最後のステップが終わりました。練習問題のあとは、自分のサービスで使えるストアの説明 %s に進んでください。", Guide("sessionstore")))
	case c.Keys:
		c.say(lang.T("The next step: n", "次のステップ: n"))
	default:
		c.say(lang.T("The next step: make start%d", "次のステップ: make start%d", c.Copy.Step+1))
	}
}

// checkHouse prints how many house rules hold, and what is missing for the first
// few of the others.
func (c *Check) checkHouse(ctx context.Context, s *subject) {
	ctx, cancel := context.WithTimeout(ctx, houseWithin)
	defer cancel()
	house := contract.StepGroup(c.Copy.Step, contract.House)
	var missing []func()
	for _, check := range house {
		if failure := c.run(ctx, s, check); failure != nil {
			missing = append(missing, func() { c.notYet(check, failure) })
		}
	}
	c.say(lang.T("House rules: %d of %d. They are extra: what our own apps also promise.",
		"ハウスルール: %d/%d。これは追加のルールで、完成版のアプリが守っているものです。", len(house)-len(missing), len(house)))
	const most = 3
	for _, say := range missing[:min(most, len(missing))] {
		say()
	}
	if len(missing) > most {
		c.say(lang.T("  and %d more", "  ほかに %d 個", len(missing)-most))
	}
}

// notYet prints a house rule that does not hold.
func (c *Check) notYet(check contract.Check, failure *contract.Failure) {
	c.say(lang.T("  not yet: %s: %s", "  まだ: %s: %s", check.ID, check.Name))
	c.failure(failure)
	one := *c
	one.Only = check.ID
	c.detail(lang.T("a hint", "ヒント"), lang.Same(one.command()))
}

// Guide names the guide in a folder. Each guide exists in both languages.
func Guide(folder string) lang.Text {
	return lang.Text{EN: folder + "/README.md", JA: folder + "/README.ja.md"}
}

// mostLines is how much of an app's output is shown.
const mostLines = 15

// lastLines is the end of an app's output, indented. If the app panicked, it is the
// panic, and where in the app's folder it happened.
func lastLines(output, folder string) string {
	if line := panicIn(output, folder); line != "" {
		return "    " + line
	}
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	for i, line := range lines {
		if isPanic(line) {
			lines = lines[i:min(len(lines), i+mostLines)]
			break
		}
	}
	return "    " + strings.Join(lines[max(0, len(lines)-mostLines):], "\n    ")
}
