package learn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/steps"
)

// Hints is how many hints a check has.
const Hints = 3

func (c *Check) say(format string, args ...any) {
	fmt.Fprintln(c.Out, c.wrapped(plain(fmt.Sprintf(format, args...)), ""))
}

// detail prints a text that belongs to the check above it, after a label.
func (c *Check) detail(label, text string) {
	if label != "" {
		label += ":"
	}
	label = fmt.Sprintf("         %-10s", label)
	fmt.Fprintln(c.Out, c.wrapped(label+plain(text), strings.Repeat(" ", len(label))))
}

// wrapped breaks lines that are wider than the terminal between two words. indent
// begins each new line.
func (c *Check) wrapped(text, indent string) string {
	if c.Width <= len(indent) {
		return text
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		for utf8.RuneCountInString(line) > c.Width {
			end := len(string([]rune(line)[:c.Width+1]))
			space := strings.LastIndexByte(line[:end], ' ')
			if strings.TrimSpace(line[:max(space, 0)]) == "" {
				break
			}
			lines = append(lines, line[:space])
			line = indent + line[space+1:]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// plain writes an ellipsis so that every terminal can show it.
func plain(text string) string { return strings.ReplaceAll(text, "…", "...") }

// progress calls Progress with words, or prints a line if Progress is nil.
func (c *Check) progress(words, line string) {
	if c.Progress != nil {
		c.Progress(words)
	} else {
		c.say("%s", line)
	}
}

func (c *Check) line(word string, number int, check contract.Check) {
	c.say("%s", c.result(word, number, check))
}

func (c *Check) result(word string, number int, check contract.Check) string {
	mark := fmt.Sprintf("%-4s", word)
	if colour := map[string]string{"ok": "32", "FAIL": "31"}[word]; c.Colour && colour != "" {
		mark = "\x1b[" + colour + "m" + mark + "\x1b[0m"
	}
	return fmt.Sprintf("%s %2d %s: %s", mark, number, check.ID, check.Name.In(c.Lang))
}

// explain prints what went wrong in a check, and the hints for it.
func (c *Check) explain(p *Problem) {
	c.line("FAIL", p.number, p.check)
	c.detail("expected", p.Expected.In(c.Lang))
	c.detail("got", p.Got.In(c.Lang))
	if p.appFailed() {
		c.detail("first", "your app itself failed. Below is what it printed.")
	}
	helps := p.helps
	for i, hint := range helps.Hints {
		if i < c.Hint {
			c.hint(i+1, hint.In(c.Lang))
		}
	}
	if c.URL == "" && helps.Where != "" {
		for i, place := range places(c.Copy.Root, c.Copy.Name(), helps.Where) {
			c.detail([]string{"look at", ""}[min(i, 1)], place.String())
		}
	}
	if c.URL != "" && (strings.Contains(helps.ID, "ttl") || helps.Waits) {
		c.say("Does the app run with a TTL of %v? If not, start it with that, or give the check its TTL: %s", c.TTL, c.command(`ARGS="-ttl 10m"`))
	}
	switch {
	case p.ended:
		c.say("Your app ended while it was checked. Its last lines:\n%s", lastLines(p.said, c.Copy.Name()))
	case strings.TrimSpace(p.said) != "":
		c.say("Your app printed meanwhile:\n%s", lastLines(p.said, c.Copy.Name()))
	}
}

// hint prints one hint. The last one is nearly code, and each of its pieces has its
// own line.
func (c *Check) hint(number int, text string) {
	pieces := []string{text}
	if number == Hints {
		pieces = strings.Split(text, " / ")
	}
	c.detail(fmt.Sprintf("hint %d", number), pieces[0])
	for _, piece := range pieces[1:] {
		c.detail("", piece)
	}
}

func (c *Check) subject() string {
	if c.Exercise != "" {
		return "the exercise " + c.Exercise
	}
	return fmt.Sprintf("what step %d teaches", c.Copy.Step)
}

// unknown is the error for an unknown check, which lists all that exist.
func (c *Check) unknown(checks []contract.Check) error {
	whose := fmt.Sprintf("step %d", c.Copy.Step)
	if c.Exercise != "" {
		whose = "the exercise " + c.Exercise
	}
	list := fmt.Sprintf("ONLY: %s has no check of this name. It has:", whose)
	for i, check := range checks {
		if check.Group == contract.House && checks[i-1].Group == contract.Lesson {
			list += "\nHouse rules, beyond the lesson:"
		}
		list += fmt.Sprintf("\n  %2d %s: %s", i+1, check.ID, check.Name.In(c.Lang))
	}
	return errors.New(plain(list))
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
func (c *Check) moreHelp(p *Problem) string {
	switch {
	case c.Keys && c.Hint < len(p.helps.Hints):
		return "The next hint: h"
	case c.Keys:
		return "That was the last hint. Our code there: o"
	case c.Hint < len(p.helps.Hints):
		return "The next hint: " + c.command(fmt.Sprintf("HINT=%d", c.Hint+1))
	case c.URL == "" && c.Exercise == "":
		return fmt.Sprintf("What is different from our step: make solve%d", c.Copy.Step)
	}
	return "That was the last hint."
}

// sayUndo says how to go back from an exercise that breaks what has passed.
func (c *Check) sayUndo() {
	if _, err := os.Stat(c.Copy.passedDir()); err == nil && c.URL == "" && c.Exercise == "" {
		c.say("This step has passed before. If you broke it for an exercise, go back to what passed: make undo%d", c.Copy.Step)
	}
}

func (c *Check) congratulate(ctx context.Context, s *subject, total int) {
	if c.Only != "" {
		all := *c
		all.Only = ""
		c.say("Now all checks: %s", all.command())
		return
	}
	if c.Exercise != "" {
		c.say("Passed: the exercise %s.", c.Exercise)
		if exercise, _ := c.exercise(); exercise.Breaks {
			c.say("So this is what the mistake looks like. To go back to what passed: make undo%d", c.Copy.Step)
		}
		return
	}
	results := c.Copy.results()
	c.say("Passed: all %d checks of step %d.", total, c.Copy.Step)
	if c.URL == "" && results.Taken {
		c.say("This is our solution, which you took. To build it yourself: make reset%d", c.Copy.Step)
	}
	c.say("Why it matters: %s", lessons[c.Copy.Step-1].why)
	c.say("Still wrong: %s", lessons[c.Copy.Step-1].wrong)
	c.checkHouse(ctx, s)
	c.say("Exercises, in the guide %s/README.md (in Japanese: README.ja.md):", steps.Folder(c.Copy.Step))
	for _, e := range contract.Exercises(c.Copy.Step) {
		done := ""
		if slices.Contains(results.Exercises, e.Name) {
			done = "  done"
		}
		c.say("  make check%d EX=%s%s", c.Copy.Step, e.Name, done)
	}
	c.SayNext()
}

// SayNext says what comes after a step that passes.
func (c *Check) SayNext() {
	switch {
	case c.Copy.Step == steps.Count:
		c.say("This was the last step. After the exercises, go on with sessionstore/README.md (in Japanese: README.ja.md): the store for your own service.")
	case c.Keys:
		c.say("The next step: n")
	default:
		c.say("The next step: make start%d", c.Copy.Step+1)
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
	c.say("House rules: %d of %d. They are extra: what our own apps also promise.", len(house)-len(missing), len(house))
	const most = 3
	for _, say := range missing[:min(most, len(missing))] {
		say()
	}
	if len(missing) > most {
		c.say("  and %d more", len(missing)-most)
	}
}

// notYet prints a house rule that does not hold.
func (c *Check) notYet(check contract.Check, failure *contract.Failure) {
	c.say("  not yet: %s: %s", check.ID, check.Name.In(c.Lang))
	c.detail("expected", failure.Expected.In(c.Lang))
	c.detail("got", failure.Got.In(c.Lang))
	one := *c
	one.Only = check.ID
	c.detail("a hint", one.command())
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
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
