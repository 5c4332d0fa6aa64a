package contract

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.com/session-workshop/shared/redisconn"
)

// The texts of the page that the contract fixes.
const (
	loggedOut = "You are not logged in"
	loggedIn  = "Logged in as "
)

// patience is how long a page may take.
const patience = 5 * time.Second

// browser keeps cookies as a browser does. It does not follow redirects, so
// that each request of a check is one that the check names.
type browser struct {
	scene  *scene
	client *http.Client
	// session is the cookie that the last login set.
	session *http.Cookie
}

func (s *scene) browser() *browser {
	// Without options, New cannot fail.
	jar, _ := cookiejar.New(nil)
	return &browser{scene: s, client: &http.Client{
		Transport: s.client,
		Jar:       jar,
		Timeout:   patience,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// page is the answer to one request.
type page struct {
	request string // such as "GET /"
	status  int
	header  http.Header
	cookies []*http.Cookie // those it sets
	body    string
}

func (b *browser) get(path string) page {
	return b.do(http.MethodGet, path, nil, nil)
}

func (b *browser) post(path string, form url.Values) page {
	return b.do(http.MethodPost, path, form, nil)
}

func (b *browser) do(method, path string, form url.Values, header http.Header) page {
	if b.scene.failed() {
		return page{}
	}
	p, err := b.send(method, path, form, header)
	if err != nil {
		b.scene.expect(false, "an answer to "+p.request, whyNone(err))
	}
	return p
}

// whyNone says why there is no answer, without Go's words for it where a
// learner would not know them.
func whyNone(err error) string {
	switch {
	case os.IsTimeout(err):
		return fmt.Sprintf("none within %v: the app hangs", patience)
	case redisconn.Refused(err):
		return "nobody listens at the address any more: the app has ended"
	}
	return err.Error()
}

// send is do without the scene, so that many may run at the same time.
func (b *browser) send(method, path string, form url.Values, header http.Header) (page, error) {
	p := page{request: method + " " + path}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(b.scene.ctx, method, b.scene.address(path), body)
	if err != nil {
		return p, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.client.Do(req)
	if err != nil {
		return p, err
	}
	defer res.Body.Close()
	content, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	p.status, p.header, p.cookies, p.body = res.StatusCode, res.Header, res.Cookies(), string(content)
	return p, err
}

func (s *scene) address(path string) string {
	return strings.TrimRight(s.target.URL, "/") + path
}

// login logs in, which must redirect, and notes the cookie that was set. Of
// several cookies the first is taken for the session's.
func (b *browser) login(name string) page {
	p := b.post("/login", url.Values{"username": {name}})
	b.scene.expect(p.redirects(), "POST /login with username="+quote(name)+" to redirect (303 or 302)", p.String())
	for _, cookie := range p.cookies {
		if cookie.Value != "" {
			b.session = cookie
			break
		}
	}
	return p
}

// cookie returns the cookie of the last login, which must have set one.
func (b *browser) cookie() *http.Cookie {
	b.scene.expect(b.session != nil, "POST /login to set a cookie", "no Set-Cookie header")
	if b.session == nil {
		return &http.Cookie{}
	}
	return b.session
}

// logout works with apps that know only one of the methods: GET, as the
// original has it, or POST.
func (b *browser) logout() page {
	p := b.get("/logout")
	if p.status == http.StatusMethodNotAllowed || p.status == http.StatusNotFound {
		p = b.post("/logout", url.Values{})
	}
	b.scene.expect(p.redirects(), "logout to redirect (303 or 302)", p.String())
	return p
}

// plant puts a cookie into the browser.
func (b *browser) plant(name, value string) {
	if b.scene.failed() {
		return
	}
	address, err := url.Parse(b.scene.address("/"))
	if err != nil {
		b.scene.expect(false, "a valid URL of the app", err.Error())
		return
	}
	b.client.Jar.SetCookies(address, []*http.Cookie{{
		Name: name, Value: value, Path: "/", Secure: address.Scheme == "https",
	}})
}

// copy returns another browser into which this one's session cookie was copied.
func (b *browser) copy() *browser {
	other, cookie := b.scene.browser(), b.cookie()
	other.plant(cookie.Name, cookie.Value)
	return other
}

// held returns the value of a cookie that the browser would send, or "".
func (b *browser) held(name string) string {
	address, err := url.Parse(b.scene.address("/"))
	if err != nil {
		return ""
	}
	for _, cookie := range b.client.Jar.Cookies(address) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// expectVisits visits / and wants to be logged in with this number.
func (b *browser) expectVisits(want int) page {
	p := b.get("/")
	got, ok := p.visits()
	b.scene.expect(ok && got == want && strings.Contains(p.text(), strings.TrimSpace(loggedIn)),
		fmt.Sprintf("GET / to say \"Logged in as …\" and \"Visits: %d\"", want), p.String())
	return p
}

func (b *browser) expectLoggedIn(name string) page {
	p := b.get("/")
	b.scene.expect(strings.Contains(p.text(), loggedIn+name),
		"GET / to say "+quote(loggedIn+name), p.String())
	return p
}

func (b *browser) expectLoggedOut() page {
	p := b.get("/")
	b.scene.expectSaysLoggedOut(p)
	return p
}

func (s *scene) expectSaysLoggedOut(p page) {
	text := p.text()
	s.expect(strings.Contains(text, loggedOut) && !strings.Contains(text, loggedIn+s.user),
		p.request+" to say "+quote(loggedOut), p.String())
}

// visitAtOnce sends n visits at the same time and returns the numbers the
// pages show, sorted.
func (b *browser) visitAtOnce(n int) []int {
	if b.scene.failed() {
		return nil
	}
	var (
		mu      sync.Mutex
		wg      sync.WaitGroup
		numbers []int
		bad     string
	)
	for range n {
		wg.Go(func() {
			p, err := b.send(http.MethodGet, "/", nil, nil)
			number, ok := p.visits()
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				bad = whyNone(err)
			case !ok:
				bad = p.String()
			default:
				numbers = append(numbers, number)
			}
		})
	}
	wg.Wait()
	b.scene.expect(bad == "", fmt.Sprintf("\"Visits: …\" on each of %d pages", n), bad)
	slices.Sort(numbers)
	return numbers
}

func (p page) redirects() bool {
	return p.status == http.StatusFound || p.status == http.StatusSeeOther
}

// String says which answer it was, in a line for a failure.
func (p page) String() string {
	if to := p.header.Get("Location"); to != "" {
		return fmt.Sprintf("%s answered %d, Location %s", p.request, p.status, quote(to))
	}
	text := textBelow(withoutPanel(p.body))
	// What stands above the line that matters is the same on every page.
	for _, mark := range []string{loggedIn, loggedOut} {
		if i := strings.Index(text, mark); i > 0 {
			text = "… " + text[i:]
			break
		}
	}
	return fmt.Sprintf("%s answered %d: %s", p.request, p.status, quote(text))
}

// setCookies shows the cookies that the page sets.
func (p page) setCookies() string {
	if len(p.cookies) == 0 {
		return "no Set-Cookie"
	}
	var shown []string
	for _, cookie := range p.cookies {
		shown = append(shown, flags(cookie))
	}
	return "Set-Cookie: " + strings.Join(shown, "; Set-Cookie: ")
}

// flags is a Set-Cookie header without the value, which is a secret.
func flags(c *http.Cookie) string {
	_, rest, _ := strings.Cut(c.Raw, ";")
	value := "…"
	if c.Value == "" {
		value = ""
	}
	return c.Name + "=" + value + ";" + rest
}

var visits = regexp.MustCompile(`Visits:\s*(\d+)`)

// text returns what a person reads: the page without its tags, entities
// decoded, spaces collapsed. A tag inside a line, such as <b>, joins the
// texts beside it; any other parts them.
func (p page) text() string { return textOf(p.body) }

// visits returns the number after "Visits:".
func (p page) visits() (int, bool) {
	found := visits.FindStringSubmatch(p.text())
	if found == nil {
		return 0, false
	}
	n, err := strconv.Atoi(found[1])
	return n, err == nil
}
