package browse

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// inline holds the elements within a line of text. Any other element separates
// the texts before and after it.
var inline = map[atom.Atom]bool{
	atom.A: true, atom.Abbr: true, atom.B: true, atom.Code: true, atom.Data: true, atom.Em: true, atom.I: true, atom.Kbd: true,
	atom.Mark: true, atom.Output: true, atom.Samp: true, atom.Small: true, atom.Span: true, atom.Strong: true, atom.U: true, atom.Var: true,
}

// Parse parses a page as browsers do. It accepts any text.
func Parse(markup string) *html.Node {
	n, err := html.Parse(strings.NewReader(markup))
	if err != nil {
		// Only reading fails, and a string can always be read.
		return &html.Node{Type: html.DocumentNode}
	}
	return n
}

// Text returns the text that a user reads in markup: no tags, no scripts,
// entities decoded, spaces collapsed. A tag inside a line, such as <b>, adds no
// space; any other tag does.
func Text(markup string) string { return TextBelow(Parse(markup)) }

// TextBelow returns the Text of one element.
func TextBelow(n *html.Node) string {
	var b strings.Builder
	addText(&b, n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func addText(b *strings.Builder, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		b.WriteString(n.Data)
		return
	case n.Type == html.CommentNode, n.DataAtom == atom.Script, n.DataAtom == atom.Style, n.DataAtom == atom.Title:
		b.WriteByte(' ')
		return
	case n.Type == html.ElementNode && !inline[n.DataAtom]:
		b.WriteByte(' ')
		defer b.WriteByte(' ')
	}
	for child := range n.ChildNodes() {
		addText(b, child)
	}
}
