package contract

import (
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn"
)

// The texts of the page that the contract demands.
const (
	loggedOut = "You are not logged in"
	loggedIn  = "Logged in as "
)

// patience is how long a page may take.
const patience = 5 * time.Second

// browser is a browser of a check. It follows no redirects, so that the check
// names each request.
type browser struct {
	*browse.Browser
	scene *scene
	// session is the session's cookie, which the last login set.
	session *http.Cookie
}

func (s *scene) browser() *browser {
	b := &browser{Browser: browse.New(s.target.URL), scene: s}
	b.Client.Transport, b.Client.Timeout = s.client, patience
	return b
}

// loggedIn returns a browser in which the user of this check has logged in.
func (s *scene) loggedIn() *browser {
	b := s.browser()
	b.login(s.user)
	return b
}

// visited returns a browser in which that user has visited / n times.
func (s *scene) visited(n int) *browser {
	b := s.loggedIn()
	for i := range n {
		b.expectVisits(i + 1)
	}
	return b
}

// page is the answer to one request.
type page struct{ browse.Page }

func (b *browser) get(path string) page {
	return b.send(http.MethodGet, path, nil, nil)
}

// post sends a form as a browser does, with its hidden fields, such as a token
// against forms on other sites.
func (b *browser) post(path string, typed url.Values) page {
	return b.postWith(path, typed, nil)
}

func (b *browser) postWith(path string, typed url.Values, header http.Header) page {
	to, form := b.Fill(path, typed)
	return b.send(http.MethodPost, to, form, header)
}

// loadForm loads the page with the form at path. It follows permanent redirects,
// for apps that spell the path in another way, such as /login/.
func (b *browser) loadForm(path string, header http.Header) (p page) {
	for range 3 {
		p = b.send(http.MethodGet, path, nil, header)
		if p.Status != http.StatusMovedPermanently && p.Status != http.StatusPermanentRedirect {
			break
		}
		path = p.Header.Get("Location")
	}
	return p
}

func (b *browser) send(method, path string, form url.Values, header http.Header) page {
	if b.scene.failed() {
		return page{}
	}
	p, err := b.Do(b.scene.ctx, method, path, form, header)
	if err != nil {
		b.scene.expect(false, lang.T("an answer to %s", "%s に応答があること", p.Request), whyNoAnswer(err))
	}
	return page{p}
}

// whyNoAnswer says why there is no answer. It replaces Go's words in the cases
// that learners meet most.
func whyNoAnswer(err error) lang.Text {
	switch {
	case os.IsTimeout(err):
		return lang.T("none within %v: the app hangs", "%v 待っても応答がない: アプリがハングしている", patience)
	case redisconn.Refused(err):
		return lang.T("nothing listens at the address any more: the app has ended", "このアドレスで待ち受けているプロセスがもうない: アプリが終了している")
	}
	return lang.Same(err.Error())
}

// login logs in, expects a redirect, and keeps the session's cookie. If the
// answer sets several cookies, it is the one with the highest rank.
func (b *browser) login(name string) page {
	b.loadForm("/login", nil)
	before := b.Cookies()
	p := b.post("/login", url.Values{"username": {name}})
	b.scene.expect(p.redirects(), lang.T("POST /login with username=%s to redirect (303 or 302)", "username=%s の POST /login が 303 か 302 でリダイレクトすること", quote(name)), p.said())
	best := 0
	for _, cookie := range p.Cookies {
		if rank := b.rank(cookie, before); rank > best {
			best, b.session = rank, cookie
		}
	}
	return p
}

// rank is higher if a cookie is more likely the session's: if scripts cannot read
// it, and if the browser did not have it before, unlike the token of a form. It
// is 0 for a cookie without a value.
func (b *browser) rank(cookie *http.Cookie, before []*http.Cookie) (rank int) {
	if cookie.Value == "" {
		return 0
	}
	rank = 1
	if cookie.HttpOnly {
		rank++
	}
	hasItsName := func(other *http.Cookie) bool { return other.Name == cookie.Name }
	if !slices.ContainsFunc(before, hasItsName) || b.session != nil && hasItsName(b.session) {
		rank += 2
	}
	return rank
}

// cookie returns the session's cookie, and expects the last login to have set it.
func (b *browser) cookie() *http.Cookie {
	b.scene.expect(b.session != nil, lang.T("POST /login to set a cookie", "POST /login が Cookie を設定すること"), lang.T("no Set-Cookie header", "Set-Cookie ヘッダーがない"))
	if b.session == nil {
		return &http.Cookie{}
	}
	return b.session
}

// logout works with apps that take only one of the methods: GET, as in the
// original, or POST, by a button on / or on a separate page.
func (b *browser) logout() page {
	p := b.get("/logout")
	if p.Status == http.StatusMethodNotAllowed || p.Status == http.StatusNotFound || p.hasLogoutButton() {
		if !b.HasRead("/") {
			b.get("/")
		}
		p = b.post("/logout", url.Values{})
	}
	b.scene.expect(p.redirects(), lang.T("logout to redirect (303 or 302)", "ログアウトが 303 か 302 でリダイレクトすること"), p.said())
	return p
}

// plant puts a cookie into the browser.
func (b *browser) plant(name, value string) {
	if b.scene.failed() {
		return
	}
	if err := b.Plant(name, value); err != nil {
		b.scene.expect(false, lang.T("a valid URL of the app", "アプリの URL が正しいこと"), lang.Same(err.Error()))
	}
}

// copy returns another browser that has a copy of this one's session cookie.
func (b *browser) copy() *browser {
	other, cookie := b.scene.browser(), b.cookie()
	other.plant(cookie.Name, cookie.Value)
	return other
}

// valueOf returns the value that the browser would send for a cookie, or "".
func (b *browser) valueOf(name string) string {
	for _, cookie := range b.Cookies() {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// expectVisits visits / and expects a logged-in page with this count.
func (b *browser) expectVisits(want int) page {
	p := b.get("/")
	got, ok := p.Visits()
	b.scene.expect(ok && got == want && strings.Contains(p.Text(), strings.TrimSpace(loggedIn)),
		lang.T(`GET / to say "Logged in as …" and "Visits: %d"`, `GET / が "Logged in as …" と "Visits: %d" を表示すること`, want), p.said())
	return p
}

func (b *browser) expectLoggedIn(name string) page {
	p := b.get("/")
	b.scene.expect(strings.Contains(p.Text(), loggedIn+name),
		lang.T("GET / to say %s", "GET / が %s を表示すること", quote(loggedIn+name)), p.said())
	return p
}

func (b *browser) expectLoggedOut() page {
	p := b.get("/")
	b.scene.expectSaysLoggedOut(p)
	return p
}

func (s *scene) expectSaysLoggedOut(p page) {
	text := p.Text()
	s.expect(strings.Contains(text, loggedOut) && !strings.Contains(text, loggedIn+s.user),
		lang.T("%s to say %s", "%s が %s を表示すること", p.Request, quote(loggedOut)), p.said())
}

// visitAtOnce sends n visits at the same time. It returns the count before them,
// and the counts that their pages show, sorted. If a busy app refuses a visit,
// that visit may have counted or not, so visitAtOnce sends another n.
func (b *browser) visitAtOnce(n int) (before int, numbers []int) {
	pages := b.loadAtOnce(n)
	refused := func(p page) bool { return p.Status == http.StatusServiceUnavailable }
	for tries := 0; slices.ContainsFunc(pages, refused) && tries < 10; tries++ {
		if first := b.get("/"); !refused(first) {
			before, _ = first.Visits()
			pages = b.loadAtOnce(n)
		}
	}
	for _, p := range pages {
		number, ok := p.Visits()
		b.scene.expect(ok, lang.T(`"Visits: …" on each of %d pages`, `%d 個のページのすべてが "Visits: …" を表示すること`, n), p.said())
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	return before, numbers
}

// loadAtOnce loads the page n times at the same time.
func (b *browser) loadAtOnce(n int) []page {
	if b.scene.failed() {
		return nil
	}
	pages, errs := make([]page, n), make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { pages[i].Page, errs[i] = b.Do(b.scene.ctx, http.MethodGet, "/", nil, nil) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			b.scene.expect(false, lang.T("%d pages at the same time", "同時に開いた %d 個のページすべてに応答があること", n), whyNoAnswer(err))
		}
	}
	return pages
}

func (p page) redirects() bool {
	return p.Status == http.StatusFound || p.Status == http.StatusSeeOther
}

// said describes the answer in one line, for a failure.
func (p page) said() lang.Text {
	if to := p.Header.Get("Location"); to != "" {
		return lang.T("%s answered %d, Location %s", "%s の応答は %d、Location は %s", p.Request, p.Status, quote(to))
	}
	text := browse.TextBelow(withoutFrame(p.Body))
	// The text above the line that matters is the same on every page.
	for _, mark := range []string{loggedIn, loggedOut} {
		if i := strings.Index(text, mark); i > 0 {
			text = "… " + text[i:]
			break
		}
	}
	return lang.T("%s answered %d: %s", "%s の応答は %d: %s", p.Request, p.Status, quote(text))
}

// setCookies describes the cookies that the page sets.
func (p page) setCookies() lang.Text {
	if len(p.Cookies) == 0 {
		return lang.T("no Set-Cookie", "Set-Cookie がない")
	}
	var shown []string
	for _, cookie := range p.Cookies {
		shown = append(shown, flags(cookie))
	}
	return lang.Same("Set-Cookie: " + strings.Join(shown, "; Set-Cookie: "))
}

// flags returns a Set-Cookie header without the value, which is a secret.
func flags(c *http.Cookie) string {
	_, rest, _ := strings.Cut(c.Raw, ";")
	value := "…"
	if c.Value == "" {
		value = ""
	}
	return c.Name + "=" + value + ";" + rest
}
