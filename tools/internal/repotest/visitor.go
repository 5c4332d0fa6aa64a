package repotest

import (
	"net/http"
	"net/url"
	"testing"

	"example.com/session-workshop/check/browse"
)

// Visitor is a browser that follows redirects. Cookies ignore ports, so one
// visitor can use several servers of an app.
type Visitor struct {
	*http.Client
	browser *browse.Browser
	t       testing.TB
}

// NewVisitor returns a visitor without cookies.
func NewVisitor(t testing.TB) *Visitor {
	t.Helper()
	b := browse.New("")
	b.FollowRedirects()
	return &Visitor{b.Client, b, t}
}

// Page is a page as a visitor reads it.
type Page struct {
	t    testing.TB
	Text string
}

// Get loads the page at an address.
func (v *Visitor) Get(address string) Page {
	v.t.Helper()
	return v.visit(http.MethodGet, address, nil)
}

// Login logs in and returns the page that follows, which counts as a visit.
func (v *Visitor) Login(home, username string) Page {
	v.t.Helper()
	return v.visit(http.MethodPost, home+"/login", url.Values{"username": {username}})
}

func (v *Visitor) visit(method, address string, form url.Values) Page {
	v.t.Helper()
	page, err := v.browser.Do(v.t.Context(), method, address, form, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return Page{v.t, page.Text()}
}

// Wants fails the test if the page lacks one of the texts.
func (p Page) Wants(texts ...string) {
	p.t.Helper()
	WantText(p.t, p.Text, texts...)
}
