package docs

import (
	"regexp"
	"slices"
	"strings"
)

// element is a part of a guide: a heading, a comment, a fence, or a line of
// prose.
type element struct {
	line int // the number of its first line, from 1
	kind kind
	// text is the content of a fence or a comment, the words of a heading, or a
	// line of prose.
	text  string
	level int    // of a heading
	lang  string // of a fence
	mark  string // the comment right above a fence
}

type kind string

const (
	aHeading kind = "heading"
	aComment kind = "comment"
	aFence   kind = "fence"
	prose    kind = "prose"
)

// part matches one element.
var part = regexp.MustCompile("(?m)^```(?P<lang>\\w*)\n(?P<fence>(?:.*\n)*?)```$" +
	`|^<!--(?P<comment>(?s:.*?))-->$|^(?P<level>#+) (?P<heading>.+)$|^.*\S.*$`)

// parse splits a guide into its elements, without empty lines.
func parse(text string) (found []element) {
	for _, at := range part.FindAllStringSubmatchIndex(text, -1) {
		group := func(name string) (string, bool) {
			i := 2 * part.SubexpIndex(name)
			if at[i] < 0 {
				return "", false
			}
			return text[at[i]:at[i+1]], true
		}
		e := element{line: 1 + strings.Count(text[:at[0]], "\n"), kind: prose, text: text[at[0]:at[1]]}
		if fence, is := group("fence"); is {
			e.kind, e.text = aFence, fence
			e.lang, _ = group("lang")
			if last := len(found) - 1; last >= 0 && found[last].kind == aComment {
				e.mark = found[last].text
			}
		} else if comment, is := group("comment"); is {
			e.kind, e.text = aComment, strings.TrimSpace(comment)
		} else if heading, is := group("heading"); is {
			level, _ := group("level")
			e.kind, e.text, e.level = aHeading, heading, len(level)
		}
		found = append(found, e)
	}
	return found
}

// section is a heading and everything up to the next heading. The part before
// the first heading has no title, and level 0.
type section struct {
	title    string
	level    int
	elements []element // the heading too
}

func sections(text string) (found []section) {
	for _, e := range parse(text) {
		if e.kind == aHeading || found == nil {
			found = append(found, section{})
		}
		last := &found[len(found)-1]
		last.elements = append(last.elements, e)
		if e.kind == aHeading {
			last.title, last.level = e.text, e.level
		}
	}
	return found
}

// words returns the text that a user reads: everything except fences and
// comments.
func words(elements []element) string {
	var text strings.Builder
	for _, e := range elements {
		if e.kind == aHeading || e.kind == prose {
			text.WriteString(e.text + "\n")
		}
	}
	return text.String()
}

func (s section) words() string { return words(s.elements) }

var (
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)|\b(?:src|srcset)="([^"]+)"`)
	inline = regexp.MustCompile("`([^`\n]+)`")
)

// linksIn returns the targets of the links and pictures in a text.
func linksIn(words string) (found []string) {
	for _, match := range link.FindAllStringSubmatch(words, -1) {
		found = append(found, match[1]+match[2])
	}
	return found
}

// codeIn returns the text between backticks.
func codeIn(words string) (found []string) {
	for _, match := range inline.FindAllStringSubmatch(words, -1) {
		found = append(found, match[1])
	}
	return found
}

func hasHeading(text, anchor string) bool {
	return slices.ContainsFunc(sections(text), func(s section) bool { return slug(s.title) == anchor })
}

var notInSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// slug returns the anchor that GitHub gives a heading.
func slug(heading string) string {
	return strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}
