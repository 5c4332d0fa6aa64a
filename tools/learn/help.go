package learn

import (
	"strings"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/lang"
)

// Help prints the next hint for a problem that Find has returned.
func (c *Check) Help(p *Problem) {
	if c.Hint < len(p.helps.Hints) {
		c.Hint++
		c.hint(c.Hint, p.helps.Hints[c.Hint-1])
	}
	c.say(c.moreHelp(p))
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
			c.say(lang.T("Ours, %s:\n%s", "完成版 %s:\n%s", place, strings.ReplaceAll(place.source, "\t", "    ")))
		}
	}
	c.say(lang.T("All differences: make solve%d", "すべての違いを見る: make solve%d", c.Copy.Step))
}
