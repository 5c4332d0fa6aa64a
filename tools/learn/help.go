package learn

import (
	"strings"

	"example.com/session-workshop/check/steps"
)

// Say prints a text in lines that fit into the terminal.
func (c *Check) Say(format string, args ...any) { c.say(format, args...) }

// Help prints the next hint for a problem that Find has returned.
func (c *Check) Help(p *Problem) {
	if c.Hint < len(p.helps.Hints) {
		c.Hint++
		c.hint(c.Hint, p.helps.Hints[c.Hint-1].In(c.Lang))
	}
	c.say("%s", c.moreHelp(p))
}

// Ours prints our code at the place of a problem that Find has returned.
func (c *Check) Ours(p *Problem) {
	where := p.helps.Where
	if strings.Contains(where, "func Visit") {
		// The script is in another file, which a new copy does not have.
		where += "; session/script.go, const visitSource"
	}
	for _, place := range places(c.Copy.Root, steps.Folder(c.Copy.Step), where) {
		// Some checks name a function that only later steps have.
		if place.line > 0 {
			c.say("Ours, %s:\n%s", place, strings.ReplaceAll(place.source, "\t", "    "))
		}
	}
	c.say("All differences: make solve%d", c.Copy.Step)
}
