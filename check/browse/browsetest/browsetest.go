// Package browsetest is package browse for tests. A request that gets no answer
// fails the test.
package browsetest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/check/wait"
)

// Visitor is a visitor with a browser. Any goroutine of the test may call its
// methods.
type Visitor struct {
	*browse.Browser
	t testing.TB
}

// New returns a visitor who is not logged in, for the app at the address home.
func New(t testing.TB, home string) *Visitor { return &Visitor{browse.New(home), t} }

// Get loads a page.
func (v *Visitor) Get(path string) browse.Page {
	v.t.Helper()
	return v.Do(http.MethodGet, path, nil, nil)
}

// Post sends a form, which may be nil.
func (v *Visitor) Post(path string, form url.Values) browse.Page {
	v.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	return v.Do(http.MethodPost, path, form, nil)
}

// Do sends a request with further headers.
func (v *Visitor) Do(method, path string, form url.Values, header http.Header) browse.Page {
	v.t.Helper()
	p, err := v.Browser.Do(v.t.Context(), method, path, form, header)
	if err != nil {
		v.t.Errorf("%s: %v", p.Request, err)
	}
	return p
}

// Login posts a name to /login.
func (v *Visitor) Login(name string) browse.Page {
	v.t.Helper()
	return v.Post("/login", url.Values{"username": {name}})
}

// Logout posts to /logout.
func (v *Visitor) Logout() browse.Page {
	v.t.Helper()
	return v.Post("/logout", nil)
}

// Visits loads / and returns its count. A page without a count fails the test.
func (v *Visitor) Visits() int {
	v.t.Helper()
	p := v.Get("/")
	n, ok := p.Visits()
	if !ok || p.Status != http.StatusOK {
		v.t.Errorf("no visits on the page: %d %s", p.Status, p.Text())
	}
	return n
}

// WaitFor loads a page again and again until its text contains all the words.
func (v *Visitor) WaitFor(path string, words ...string) (p browse.Page) {
	v.t.Helper()
	wait.ForSuccess(v.t, func() (err error) {
		p, err = v.Browser.Do(v.t.Context(), http.MethodGet, path, nil, nil)
		if lacks := missing(p, words); err == nil && len(lacks) > 0 {
			err = fmt.Errorf("%q is missing in: %s", lacks, p.Text())
		}
		return err
	})
	return p
}

// Want fails the test unless a page has the status, and its text contains all
// the words.
func Want(t testing.TB, p browse.Page, status int, words ...string) {
	t.Helper()
	if p.Status != status {
		t.Errorf("status %d, want %d: %s", p.Status, status, p.Text())
	}
	for _, word := range missing(p, words) {
		t.Errorf("%q is missing in: %s", word, p.Text())
	}
}

func missing(p browse.Page, words []string) (all []string) {
	text := p.Text()
	for _, word := range words {
		if !strings.Contains(text, word) {
			all = append(all, word)
		}
	}
	return all
}
