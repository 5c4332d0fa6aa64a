package learn

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// wrapped breaks lines that are wider than the terminal. indent begins each new
// line.
func (c *Check) wrapped(text, indent string) string {
	if c.Width <= uniseg.StringWidth(indent) {
		return text
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, c.broken(line, indent)...)
	}
	return strings.Join(lines, "\n")
}

// broken breaks one line.
func (c *Check) broken(line, indent string) (lines []string) {
	now := ""
	for line != "" {
		word := firstWord(line)
		line = line[len(word):]
		if strings.TrimSpace(now) != "" && uniseg.StringWidth(now+strings.TrimRight(word, " ")) > c.Width {
			lines = append(lines, strings.TrimRight(now, " "))
			now = indent
		}
		now += word
	}
	return append(lines, now)
}

// firstWord returns the text up to the first place at which a line may end
// (https://www.unicode.org/reports/tr14/). In Japanese that is between most
// characters, but a command, a path or an address stays whole.
func firstWord(text string) string {
	end, state, rest := 0, -1, text
	for rest != "" {
		var part string
		part, rest, _, state = uniseg.FirstLineSegmentInString(rest, state)
		end += len(part)
		last, _ := utf8.DecodeLastRuneInString(part)
		next, _ := utf8.DecodeRuneInString(rest)
		if last == ' ' || last >= utf8.RuneSelf || next >= utf8.RuneSelf {
			break
		}
	}
	return text[:end]
}

// plain writes an ellipsis so that every terminal can show it.
func plain(text string) string { return strings.ReplaceAll(text, "…", "...") }

// padded adds spaces at the end of a text, up to a width in columns: a Japanese
// character is two columns wide.
func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-uniseg.StringWidth(text)))
}
