package learn

import (
	"strings"

	"example.com/session-workshop/check/steps"
)

// Say prints a text in lines that are no wider than the terminal.
func (c *Check) Say(format string, args ...any) { c.say(format, args...) }

// Help prints the next hint for a problem that Find has returned.
func (c *Check) Help(p *Problem) {
	if c.Hint < len(p.helps.Hints) {
		c.Hint++
		c.hint(c.Hint, p.helps.Hints[c.Hint-1])
	}
	c.say("%s", c.moreHelp(p))
}

// Ours prints what our step does at the place of a problem that Find has
// returned.
func (c *Check) Ours(p *Problem) {
	where := p.helps.Where
	if strings.Contains(where, "func Visit") {
		// A method of the learner's, and a file that is still to be written.
		where += "; session/script.go, const visitSource"
	}
	for _, place := range places(c.Copy.Root, steps.Folder(c.Copy.Step), where) {
		// Some checks name a function that only later steps have.
		if place.line > 0 {
			c.say("Ours, %s:\n%s", place, strings.ReplaceAll(place.source, "\t", "    "))
		}
	}
	c.say("All that is different: make solve%d", c.Copy.Step)
}
