package browse

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Form is a form with the method POST.
type Form struct {
	// Action is the address to which the browser sends it.
	Action *url.URL
	// Values holds what a browser sends if its user types nothing and presses the
	// first button, hidden fields included
	// (https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#constructing-the-form-data-set).
	Values url.Values
}

// Forms returns the forms of the page with the method POST, in their order.
func (p Page) Forms() (forms []Form) {
	base, err := url.Parse(p.URL)
	if err != nil {
		return nil
	}
	document := Parse(p.Body)
	for n := range document.Descendants() {
		if n.DataAtom != atom.Form || !strings.EqualFold(Attribute(n, "method"), http.MethodPost) {
			continue
		}
		f, pressed, action := Form{Values: url.Values{}}, false, Attribute(n, "action")
		for control := range document.Descendants() {
			if owner(document, control) != n || has(control, "disabled") {
				continue
			}
			if isButton(control) && !pressed {
				pressed = true
				if has(control, "formaction") {
					action = Attribute(control, "formaction")
				}
				f.add(control, Attribute(control, "value"))
			}
			f.addValue(control)
		}
		if f.Action, err = base.Parse(action); err == nil {
			forms = append(forms, f)
		}
	}
	return forms
}

// isButton reports whether a control sends its form.
func isButton(n *html.Node) bool {
	kind := strings.ToLower(Attribute(n, "type"))
	return n.DataAtom == atom.Button && (kind == "" || kind == "submit") || n.DataAtom == atom.Input && (kind == "submit" || kind == "image")
}

// addValue adds the value of a control that is not a button.
func (f Form) addValue(n *html.Node) {
	switch n.DataAtom {
	case atom.Textarea:
		f.add(n, textOf(n))
	case atom.Select:
		f.addChosen(n)
	case atom.Input:
		switch strings.ToLower(Attribute(n, "type")) {
		case "submit", "image", "button", "reset", "file":
		case "checkbox", "radio":
			if value := Attribute(n, "value"); has(n, "checked") && has(n, "value") {
				f.add(n, value)
			} else if has(n, "checked") {
				f.add(n, "on")
			}
		default:
			f.add(n, Attribute(n, "value"))
		}
	}
}

// addChosen adds the selected options of a list. If none is selected and the list
// allows only one, a browser sends the first.
func (f Form) addChosen(list *html.Node) {
	var first *html.Node
	chosen := 0
	for n := range list.Descendants() {
		if n.DataAtom != atom.Option || has(n, "disabled") {
			continue
		}
		if first == nil {
			first = n
		}
		if has(n, "selected") {
			chosen++
			f.add(list, valueOf(n))
		}
	}
	if chosen == 0 && first != nil && !has(list, "multiple") {
		f.add(list, valueOf(first))
	}
}

func (f Form) add(control *html.Node, value string) {
	if name := Attribute(control, "name"); name != "" {
		f.Values.Add(name, value)
	}
}

func valueOf(option *html.Node) string {
	if has(option, "value") {
		return Attribute(option, "value")
	}
	return TextBelow(option)
}

func textOf(n *html.Node) (text string) {
	for below := range n.Descendants() {
		text += below.Data
	}
	return text
}

// owner returns the form to which a control belongs: the one that it names,
// otherwise the one around it.
func owner(document, control *html.Node) *html.Node {
	if id := Attribute(control, "form"); id != "" {
		for n := range document.Descendants() {
			if n.DataAtom == atom.Form && Attribute(n, "id") == id {
				return n
			}
		}
		return nil
	}
	for n := control.Parent; n != nil; n = n.Parent {
		if n.DataAtom == atom.Form {
			return n
		}
	}
	return nil
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// Attribute returns the value of an attribute, empty if there is none.
func Attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
