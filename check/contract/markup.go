package contract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"example.com/session-workshop/check/browse"
)

// element is what to look for in a page: a tag, and attributes as name=value.
// Browsers ignore the case of the values of method and type, and so do we.
type element struct {
	tag        atom.Atom
	attributes string
}

var (
	postForm    = element{atom.Form, "method=post"}
	logoutForm  = element{atom.Form, "method=post action=/logout"}
	nameField   = element{atom.Input, "name=username"}
	linkToRoot  = element{atom.A, "href=/"}
	submitInput = element{atom.Input, "type=submit"}
	loginInput  = element{atom.Input, "value=Login"}
	anyButton   = element{tag: atom.Button}
)

// all returns the elements below n that match e.
func (e element) all(n *html.Node) (found []*html.Node) {
	for below := range n.Descendants() {
		if below.Type == html.ElementNode && below.DataAtom == e.tag && e.matches(below) {
			found = append(found, below)
		}
	}
	return found
}

func (e element) in(n *html.Node) bool { return n != nil && len(e.all(n)) > 0 }

func (e element) matches(n *html.Node) bool {
	for wanted := range strings.FieldsSeq(e.attributes) {
		name, value, _ := strings.Cut(wanted, "=")
		has := browse.Attribute(n, name)
		if has != value && !(name != "name" && name != "value" && strings.EqualFold(has, value)) {
			return false
		}
	}
	return true
}

// loginForm returns the first form that posts a field username, or nil.
func (p page) loginForm() *html.Node {
	for _, form := range postForm.all(browse.Parse(p.Body)) {
		if nameField.in(form) {
			return form
		}
	}
	return nil
}

// hasLogoutButton reports whether a form with a button posts to /logout.
func (p page) hasLogoutButton() bool {
	for _, form := range logoutForm.all(browse.Parse(p.Body)) {
		if anyButton.in(form) || submitInput.in(form) {
			return true
		}
	}
	return false
}

// hasLoginButton reports whether a form has a button with the text Login.
func hasLoginButton(form *html.Node) bool {
	if form == nil {
		return false
	}
	for _, button := range anyButton.all(form) {
		if browse.TextBelow(button) == "Login" {
			return true
		}
	}
	return loginInput.in(form)
}

func (p page) hasTitle() bool {
	for _, title := range (element{tag: atom.Title}).all(browse.Parse(p.Body)) {
		if title.FirstChild != nil && strings.TrimSpace(title.FirstChild.Data) != "" {
			return true
		}
	}
	return false
}

// markupOf returns the markup of an element, to be quoted in a failure; "" for nil.
func markupOf(n *html.Node) string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	_ = html.Render(&b, n) // a strings.Builder takes everything
	return b.String()
}

// frame holds what the workshop's own apps show around a page: a header and the
// panel.
var frame = []element{{atom.Header, "id=workshop"}, {atom.Section, "class=hood"}}

// withoutFrame returns a page without the frame, which a failure does not quote.
func withoutFrame(markup string) *html.Node {
	n := browse.Parse(markup)
	for _, part := range frame {
		for _, found := range part.all(n) {
			found.Parent.RemoveChild(found)
		}
	}
	return n
}
