// Package browse visits apps over HTTP as a browser does: it keeps cookies, sends
// forms, and finds the text of a page. Package browsetest is the same for tests.
package browse

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// patience is how long a page may take, unless the caller changes
	// Client.Timeout.
	patience = 5 * time.Minute
	// maxPage is how much of a page is read.
	maxPage = 1 << 20
)

// Browser keeps cookies as a browser does. It may send many requests at the
// same time.
type Browser struct {
	// Home is the address of the app, such as http://127.0.0.1:5000. The caller may
	// change it to another app: cookies ignore ports.
	Home string
	// Client sends the requests. It does not follow redirects, so that the caller
	// names each request.
	Client *http.Client

	mu sync.Mutex
	// open holds the pages that were read since a form was sent, the last one
	// first.
	open []Page
}

// New returns a browser without cookies for the app at the address home.
func New(home string) *Browser {
	// Without options, New cannot fail.
	jar, _ := cookiejar.New(nil)
	return &Browser{Home: home, Client: &http.Client{Jar: jar, Timeout: patience, CheckRedirect: stay}}
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// FollowRedirects makes the browser follow redirects.
func (b *Browser) FollowRedirects() { b.Client.CheckRedirect = nil }

// Address returns the address of a path of the app. It returns an absolute
// address as it is.
func (b *Browser) Address(path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	return strings.TrimRight(b.Home, "/") + path
}

// Do sends a request with further headers and reads the answer, at most 1 MiB of
// it. form may be nil. After an error, the page still has its Request.
func (b *Browser) Do(ctx context.Context, method, path string, form url.Values, header http.Header) (Page, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, b.Address(path), body)
	if err != nil {
		return Page{Request: method + " " + path}, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	p, err := b.Send(r)
	p.Request = method + " " + path
	return p, err
}

// Send is Do for a request that the caller has made.
func (b *Browser) Send(r *http.Request) (Page, error) {
	p := Page{Request: r.Method + " " + r.URL.Path}
	res, err := b.Client.Do(r)
	if err != nil {
		return p, err
	}
	defer res.Body.Close()
	content, err := io.ReadAll(io.LimitReader(res.Body, maxPage))
	p.URL, p.Status, p.Header, p.Cookies = res.Request.URL.String(), res.StatusCode, res.Header, res.Cookies()
	p.Body = string(content)
	b.remember(r, p)
	return p, err
}

// remember keeps a page for Fill. A request with another method than GET or HEAD
// drops the pages from before.
func (b *Browser) remember(r *http.Request, p Page) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		b.open = nil
	}
	isOlder := func(other Page) bool { return other.URL == p.URL }
	b.open = append([]Page{p}, slices.DeleteFunc(b.open, isOlder)...)
}

// HasRead reports whether the page at path was read since a form was sent.
func (b *Browser) HasRead(path string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.open, func(p Page) bool { return p.URL == b.Address(path) })
}

// Fill returns the path and the values that a browser sends after its user has
// typed some values into a form: a form that posts to path, otherwise one on the
// page at path. It looks on the pages that were read since a form was sent. If
// there is no such form, Fill returns path and the typed values.
func (b *Browser) Fill(path string, typed url.Values) (to string, form url.Values) {
	b.mu.Lock()
	open := slices.Clone(b.open)
	b.mu.Unlock()
	wanted := strings.TrimRight(b.Address(path), "/")
	for _, byPage := range []bool{false, true} {
		for _, p := range open {
			for _, f := range p.Forms() {
				leads := f.Action.String()
				if byPage {
					leads = p.URL
				}
				leads, _, _ = strings.Cut(leads, "?")
				if strings.TrimRight(leads, "/") != wanted || !holds(f.Values, typed) {
					continue
				}
				maps.Copy(f.Values, typed)
				return strings.TrimPrefix(f.Action.String(), strings.TrimRight(b.Home, "/")), f.Values
			}
		}
	}
	return path, typed
}

// holds reports whether a form has each field that is typed.
func holds(form, typed url.Values) bool {
	for name := range typed {
		if !form.Has(name) {
			return false
		}
	}
	return true
}

// Cookies returns the cookies that the browser would send to Home.
func (b *Browser) Cookies() []*http.Cookie {
	home, err := url.Parse(b.Address("/"))
	if err != nil {
		return nil
	}
	return b.Client.Jar.Cookies(home)
}

// Plant puts a cookie into the browser. The error says that Home is not an
// address.
func (b *Browser) Plant(name, value string) error {
	home, err := url.Parse(b.Address("/"))
	if err != nil {
		return err
	}
	b.Client.Jar.SetCookies(home, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: home.Scheme == "https"}})
	return nil
}

// Page is the answer to one request.
type Page struct {
	// Request is the method and the path, such as "GET /".
	Request string
	// URL is the address of the page, after redirects.
	URL    string
	Status int
	Header http.Header
	// Cookies holds the cookies that the page sets.
	Cookies []*http.Cookie
	Body    string
}

// Text returns the Text of the body.
func (p Page) Text() string { return Text(p.Body) }

var visits = regexp.MustCompile(`Visits:\s*(\d+)`)

// Visits returns the number after "Visits:", and reports whether there is one.
func (p Page) Visits() (n int, ok bool) {
	found := visits.FindStringSubmatch(p.Text())
	if found == nil {
		return 0, false
	}
	n, err := strconv.Atoi(found[1])
	return n, err == nil
}
