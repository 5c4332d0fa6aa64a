package repotest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Visitor is a browser with cookies. They ignore ports, so that one visitor can
// visit one app on several.
type Visitor struct {
	http.Client
	t testing.TB
}

// NewVisitor returns one that has visited nothing.
func NewVisitor(t testing.TB) *Visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Visitor{t: t, Client: http.Client{Jar: jar, Timeout: 5 * time.Minute}}
}

// Page is what a visitor reads.
type Page struct {
	t    testing.TB
	Text string
}

// Get visits an address.
func (v *Visitor) Get(address string) Page {
	v.t.Helper()
	return v.read(v.Client.Get(address))
}

// Login returns the page that follows, which counts as a visit.
func (v *Visitor) Login(home, username string) Page {
	v.t.Helper()
	return v.read(v.PostForm(home+"/login", url.Values{"username": {username}}))
}

var tags = regexp.MustCompile(`<[^>]*>`)

func (v *Visitor) read(response *http.Response, err error) Page {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return Page{v.t, strings.Join(strings.Fields(tags.ReplaceAllString(string(page), "")), " ")}
}

// Wants fails the test if a text is not on the page.
func (p Page) Wants(texts ...string) {
	p.t.Helper()
	WantText(p.t, p.Text, texts...)
}
