// Package slides makes the slides of a class from the guides. It finds a part
// of a guide by its place, which is the same in each language.
package slides

import (
	_ "embed"
	"fmt"
	"html"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"example.com/session-workshop/check/steps"
)

//go:embed slides.html
var page string

// slide has a Kind: title, say, idea, figure or ask. Head is the title of its step.
type slide struct {
	Kind, Head, Figure  string
	Title, Text, Answer template.HTML
}

// Write writes the slides as one page of HTML that loads nothing. root is the
// folder of the workshop, and ending is that of the guides: ".md" or ".ja.md".
func Write(w io.Writer, root, ending string) error {
	readme, err := parts(root, "README"+ending)
	if err != nil {
		return err
	}
	teacher, err := os.ReadFile(filepath.Join(root, "docs", "INSTRUCTOR"+ending))
	if err != nil {
		return err
	}
	all := []slide{{Kind: "title", Title: inline(readme[0][0]), Text: inline(readme[0][2])}}
	for i, folder := range steps.Folders {
		guide, err := parts(root, folder+"/README"+ending)
		if err != nil {
			return err
		}
		head := guide[0][0]
		all = append(all, slide{Kind: "title", Title: inline(head), Text: inline(guide[1][1])})
		say, ask := words(string(teacher), i+1)
		if say != "" {
			all = append(all, slide{Kind: "say", Head: head, Text: inline(say)})
		}
		for _, block := range guide[2][1:] {
			if figure, ok := strings.CutPrefix(block, "```text\n"); ok {
				all = append(all, slide{Kind: "figure", Head: head, Figure: strings.TrimSuffix(figure, "\n```")})
			} else {
				all = append(all, slide{Kind: "idea", Head: head, Text: inline(block)})
			}
		}
		for _, match := range question.FindAllStringSubmatch(ask, -1) {
			all = append(all, slide{Kind: "ask", Head: head, Text: inline(match[1]), Answer: inline(introduction.ReplaceAllString(match[2], ""))})
		}
	}
	return template.Must(template.New("slides").Parse(page)).Execute(w, map[string]any{"Japanese": strings.HasPrefix(ending, ".ja"), "Slides": all})
}

var (
	comment = regexp.MustCompile(`(?s)<!--.*?-->\n?`)
	// question matches a question of the teacher, and the text up to the next one.
	question = regexp.MustCompile(`["「]([^"「」]*)["」]([^"「]*)`)
	// introduction matches the words before the next question, such as "Then:".
	introduction = regexp.MustCompile(`[^.。]*$`)
	labelled     = regexp.MustCompile(`(?m)^\*\*[^*\n]+\*\*:? ?(.*)$`)
)

// parts splits a guide at its headings of level 2 into paragraphs and fences.
// The first parts of the guide of a step are its title, goal and idea.
func parts(root, name string) (found [][]string, err error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(comment.ReplaceAllString(string(text), ""), "# "), "\n## ") {
		found = append(found, strings.Split(strings.TrimSpace(part), "\n\n"))
	}
	if len(found) < 3 || len(found[0]) < 3 {
		return nil, fmt.Errorf("%s does not begin with a title, a link and the parts of a guide", name)
	}
	return found, nil
}

// words returns the second and third labelled paragraph of a step: say and ask.
func words(teacher string, step int) (say, ask string) {
	at := regexp.MustCompile(fmt.Sprintf(`(?m)^### \S+ ?%d[:：]`, step)).FindStringIndex(teacher)
	if at == nil {
		return "", ""
	}
	part, _, _ := strings.Cut(teacher[at[1]:], "\n##")
	if found := labelled.FindAllStringSubmatch(part, 3); len(found) == 3 {
		say, ask = strings.Trim(found[1][1], `"「」`), found[2][1]
	}
	return say, ask
}

// marks are the marks of Markdown in a line. A link becomes its words.
var marks = []struct {
	pattern *regexp.Regexp
	html    string
}{
	{regexp.MustCompile(`\[([^\]]+)\]\([^)]+\)`), "$1"}, {regexp.MustCompile("`([^`]+)`"), "<code>$1</code>"},
	{regexp.MustCompile(`\*\*([^*]+)\*\*`), "<strong>$1</strong>"}, {regexp.MustCompile(`\*([^*]+)\*`), "<em>$1</em>"},
}

func inline(text string) template.HTML {
	text = html.EscapeString(strings.Trim(text, " →\n"))
	for _, m := range marks {
		text = m.pattern.ReplaceAllString(text, m.html)
	}
	return template.HTML(text)
}
