package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/shared/lang"
)

// house holds what the workshop's own apps promise beyond the lesson.
var house = []rule{
	{
		id:    "healthz",
		name:  lang.T("/healthz answers 200", ""),
		hints: []lang.Text{lang.T("GET /healthz says that the process is up. It sends nothing to Redis and needs no login.", "")},
		run: func(s *scene) {
			p := s.browser().get("/healthz")
			s.expect(p.Status == http.StatusOK, lang.T("GET /healthz to answer 200", ""), p.said())
		},
	},
	{
		id:    "login-button",
		name:  lang.T("the login form has a button Login", ""),
		hints: []lang.Text{lang.T(`The button of the form on /login is called "Login".`, "")},
		run: func(s *scene) {
			form := s.browser().get("/login").loginForm()
			s.expect(hasLoginButton(form), lang.T(`a button "Login" in the form of GET /login`, ""), lang.Same(quote(markupOf(form))))
		},
	},
	{
		id:    "see-other",
		name:  lang.T("login and logout redirect with 303", ""),
		hints: []lang.Text{lang.T("303 See Other says that the next request is a GET. 302 leaves that open.", "")},
		run: func(s *scene) {
			b := s.browser()
			s.expectSeeOther(b.login(s.user))
			s.expectSeeOther(b.post("/logout", url.Values{}))
			s.expectSeeOther(b.get("/logout"))
		},
	},
	{
		id:    "logout-button",
		name:  lang.T("the page has a logout button", ""),
		hints: []lang.Text{lang.T("Logout changes something, so it is a form with method=post and action=/logout, and not a link.", "")},
		run: func(s *scene) {
			b := s.loggedIn()
			p := b.expectLoggedIn(s.user)
			s.expect(p.hasLogoutButton(), lang.T("a form on GET / that posts to /logout", ""), lang.Same(quote(p.Body)))
		},
	},
	{
		id:    "logout-by-post-and-get",
		name:  lang.T("logout works by POST and by GET", ""),
		hints: []lang.Text{lang.T("The logout button sends POST /logout. GET /logout works as well, as in the original.", "")},
		run: func(s *scene) {
			b := s.browser()
			for _, logout := range []func() page{
				func() page { return b.post("/logout", url.Values{}) },
				func() page { return b.get("/logout") },
			} {
				b.login(s.user)
				b.expectLoggedIn(s.user)
				logout()
				b.expectLoggedOut()
			}
		},
	},
	{
		id:    "exact-words",
		name:  lang.T("the page has the exact words", ""),
		steps: onlyOne,
		hints: []lang.Text{lang.T(`Step 1 counts nothing: the page says "Logged in as NAME" and has no "Visits:".`, "")},
		run: func(s *scene) {
			b := s.loggedIn()
			p := b.expectLoggedIn(s.user)
			_, counted := p.Visits()
			s.expect(!counted, lang.T(`no "Visits:" in step 1`, ""), p.said())
		},
	},
	{
		id:    "exact-words",
		name:  lang.T("the page has the exact words", ""),
		steps: counting,
		hints: []lang.Text{lang.T(`The page says "Logged in as NAME", with a full stop or without, and after it "Visits: 1".`, "")},
		run: func(s *scene) {
			b := s.loggedIn()
			p, name := b.get("/"), loggedIn+s.user
			// Step 1 has no full stop, and a learner may keep that.
			said := strings.Contains(p.Text(), name+". Visits: 1") || strings.Contains(p.Text(), name+" Visits: 1")
			s.expect(said, lang.T("GET / to say %s", "", quote(name+". Visits: 1")), p.said())
		},
	},
	{
		id:    "head-like-get",
		name:  lang.T("HEAD is answered like GET", ""),
		hints: []lang.Text{lang.T("The answer to HEAD has the status and the headers of GET, and no body. Monitors and link checkers send it.", "")},
		run:   headLikeGet,
	},
	{
		id:    "head-counts-nothing",
		name:  lang.T("HEAD counts nothing", ""),
		steps: counting,
		hints: []lang.Text{lang.T("A HEAD request is not a visit. Check the method before you count.", "")},
		run: func(s *scene) {
			b := s.visited(1)
			b.send(http.MethodHead, "/", nil, nil)
			b.expectVisits(2)
		},
	},
	{
		id:    "asked-for-ahead",
		name:  lang.T("a prefetch changes nothing", ""),
		hints: []lang.Text{lang.T("A browser that loads a page in advance says so in Sec-Purpose, Purpose or X-Moz. Answer 503 with Cache-Control: no-store, before any other work: the browser asks again if its user opens the page.", "")},
		run:   prefetch,
	},
	{
		id:    "blank-name",
		name:  lang.T("a blank name is refused", ""),
		hints: []lang.Text{lang.T("An empty name, or one of spaces only, is answered with 400 and the form, with the reason beside the field.", "")},
		run: func(s *scene) {
			s.expectRefused("")
			s.expectRefused("   ")
		},
	},
	{
		id:    "long-name",
		name:  lang.T("a name over 64 bytes is refused, and one of 64 is accepted", ""),
		hints: []lang.Text{lang.T("The limit is 64 bytes and not 64 characters: a Japanese character has three bytes. The answer is 400 and the form, with the reason beside the field.", "")},
		run: func(s *scene) {
			s.expectRefused(padded(s.user, "x", 65))
			s.expectRefused(s.user + strings.Repeat("日", 16))
			b := s.browser()
			b.login(padded(s.user, "x", 64))
			b.expectLoggedIn(padded(s.user, "x", 64))
		},
	},
	{
		id:    "control-characters",
		name:  lang.T("a name with control characters is refused", ""),
		hints: []lang.Text{lang.T("A line break or another control character in a name is answered with 400 and the form, with the reason beside the field.", "")},
		run: func(s *scene) {
			s.expectRefused(s.user + "\nx")
			s.expectRefused(s.user + "\x00x")
			s.expectRefused(s.user + "\x7fx")
		},
	},
	{
		id:    "invisible-characters",
		name:  lang.T("invisible characters do not make another name", ""),
		hints: []lang.Text{lang.T("Remove invisible characters from a name before you check it and store it: U+200B, for example, is a space without width. If nothing is left, the answer is 400.", "")},
		run: func(s *scene) {
			s.expectRefused("\u200b")
			s.expectRefused("\u3164")
			b := s.browser()
			b.login(s.user + "\u200b")
			p := b.expectLoggedIn(s.user)
			s.expect(!strings.Contains(p.Body, "\u200b"), lang.T("the name without its U+200B", ""), lang.Same(quote(p.Body)))
		},
	},
	{
		id:    "spaces-trimmed",
		name:  lang.T("spaces around a name are removed", ""),
		hints: []lang.Text{lang.T("Trim the name before you check it and store it.", "")},
		run: func(s *scene) {
			b := s.browser()
			b.login("  " + s.user + "\t ")
			b.expectLoggedIn(s.user)
			if s.step > 1 {
				s.expectKey(b, s.user)
			}
		},
	},
	{
		id:    "not-found-page",
		name:  lang.T("an unknown path gives a 404 page", ""),
		hints: []lang.Text{lang.T("A 404 page looks like the others: a title, and a link back to /.", "")},
		run: func(s *scene) {
			s.expectFramed(s.browser().get("/no-such-page"), http.StatusNotFound)
		},
	},
	{
		id:    "wrong-method-page",
		name:  lang.T("a wrong method gives a 405 page", ""),
		hints: []lang.Text{lang.T("A 405 page looks like the others: a title, and a link back to /. The Allow header names the methods (RFC 9110, 15.5.6).", "")},
		run: func(s *scene) {
			for _, path := range []string{"/", "/login", "/logout"} {
				p := s.browser().send(http.MethodDelete, path, nil, nil)
				s.expectFramed(p, http.StatusMethodNotAllowed)
				s.expect(p.Header.Get("Allow") != "", lang.T("an Allow header on %s", "", p.Request), lang.T("none", ""))
			}
		},
	},
	{
		id:    "cookie-flags",
		name:  lang.T("the cookie has its name and its flags", ""),
		hints: []lang.Text{lang.T("HttpOnly keeps scripts away from the cookie, SameSite=Lax keeps other sites from using it, Path=/ sends it to every page.", "")},
		run:   cookieFlags,
	},
	{
		id:    "logout-deletes-cookie",
		name:  lang.T("logout deletes the cookie", ""),
		hints: []lang.Text{lang.T("To delete a cookie, set it with the same name and path and with Max-Age=0.", "")},
		run: func(s *scene) {
			b := s.loggedIn()
			b.expectLoggedIn(s.user)
			p := b.post("/logout", url.Values{})
			deleted := slices.ContainsFunc(p.Cookies, func(c *http.Cookie) bool {
				return c.Name == s.cookieName() && c.MaxAge < 0 && c.Path == "/"
			})
			s.expect(deleted, lang.T("POST /logout to set %s with Max-Age=0 and Path=/", "", s.cookieName()),
				p.setCookies())
		},
	},
	{
		id:    "no-store",
		name:  lang.T("a page with a name in it is not kept in a cache", ""),
		hints: []lang.Text{lang.T("Send Cache-Control: no-store. Otherwise the Back button shows the page after logout.", "")},
		run: func(s *scene) {
			b := s.loggedIn()
			p := b.expectLoggedIn(s.user)
			s.expect(strings.Contains(p.Header.Get("Cache-Control"), "no-store"),
				lang.T("Cache-Control: no-store on GET /", ""), lang.Same(quote(p.Header.Get("Cache-Control"))))
		},
	},
	{
		id:    "content-policy",
		name:  lang.T("every page has a strict Content-Security-Policy", ""),
		hints: []lang.Text{lang.T("The policy names what a page may load, and has no 'unsafe-inline'. Set it in a middleware, so that error pages have it too.", "")},
		run:   contentPolicy,
	},
	{
		id:    "cross-site-login",
		name:  lang.T("a form on another site cannot log you in", ""),
		hints: []lang.Text{lang.T("net/http's CrossOriginProtection looks at Sec-Fetch-Site and Origin. Its Check must run before any other work.", "")},
		run:   crossSiteLogin,
	},
	{
		id:    "cross-site-logout",
		name:  lang.T("a form on another site cannot log you out", ""),
		hints: []lang.Text{lang.T("net/http's CrossOriginProtection looks at Sec-Fetch-Site and Origin. Its Check must run before any other work.", "")},
		run: func(s *scene) {
			b := s.loggedIn()
			b.expectLoggedIn(s.user)
			for _, header := range crossSite {
				s.expectFramed(b.send(http.MethodPost, "/logout", url.Values{}, header), http.StatusForbidden)
			}
			b.expectLoggedIn(s.user)
		},
	},
	{
		id:    "same-site-form",
		name:  lang.T("a form on this site is accepted", ""),
		hints: []lang.Text{lang.T("A browser sends Sec-Fetch-Site: same-origin and an Origin with the form of this app. Both must pass the check for other sites.", "")},
		run: func(s *scene) {
			b := s.browser()
			b.loadForm("/login", nil)
			p := b.postWith("/login", url.Values{"username": {s.user}}, http.Header{
				"Sec-Fetch-Site": {"same-origin"}, "Origin": {b.Address("")},
			})
			s.expect(p.redirects(), lang.T("POST /login from this site to redirect", ""), p.said())
			b.expectLoggedIn(s.user)
		},
	},
	{
		id:    "cross-site-link",
		name:  lang.T("a link on another site does not log you out", ""),
		hints: []lang.Text{lang.T("GET /logout with Sec-Fetch-Site: cross-site shows a logout button and leaves you logged in.", "")},
		run: func(s *scene) {
			b := s.loggedIn()
			p := b.send(http.MethodGet, "/logout", nil, http.Header{"Sec-Fetch-Site": {"cross-site"}})
			s.expect(p.Status == http.StatusOK && p.hasLogoutButton(),
				lang.T("GET /logout from another site to answer 200 with a form that posts to /logout", ""), p.said())
			b.expectLoggedIn(s.user)
		},
	},
	{
		id:    "tampered-cookie",
		name:  lang.T("a tampered cookie is treated like no cookie", ""),
		hints: []lang.Text{lang.T("A visitor with a changed cookie is not logged in. The page has status 200, never 500.", "")},
		run:   brokenCookie(changed),
	},
	{
		id:    "garbage-cookie",
		name:  lang.T("a garbage cookie is treated like no cookie", ""),
		hints: []lang.Text{lang.T("A visitor with a cookie that cannot be decoded is not logged in. The page has status 200, never 500.", "")},
		run:   brokenCookie(func(string) string { return "%%%|not-a-cookie" }),
	},
	{
		id:    "oversized-cookie",
		name:  lang.T("an oversized cookie is treated like no cookie", ""),
		hints: []lang.Text{lang.T("A visitor with a cookie of 6 KB is not logged in. The page has status 200, never 500.", "")},
		run:   brokenCookie(func(string) string { return strings.Repeat("A", 6<<10) }),
	},
	{
		id:    "empty-cookie",
		name:  lang.T("an empty cookie is treated like no cookie", ""),
		hints: []lang.Text{lang.T("A visitor with a cookie without a value is not logged in. The page has status 200, never 500.", "")},
		run:   brokenCookie(func(string) string { return "" }),
	},
	{
		id:    "logout-without-login",
		name:  lang.T("logout without a login is not an error", ""),
		hints: []lang.Text{lang.T("A logout without a login redirects to / like any other.", "")},
		run: func(s *scene) {
			p := s.browser().post("/logout", url.Values{})
			s.expect(p.redirects(), lang.T("%s without a login to redirect", "", p.Request), p.said())
			s.expectToRoot(p)
		},
	},
	{
		id:    "other-steps-cookie",
		name:  lang.T("the cookie of another step is left alone", ""),
		hints: []lang.Text{lang.T("Two steps may run at the same time on two ports, and browsers send a host's cookies to all its ports. Set and delete only your own cookie.", "")},
		run:   otherStepsCookie,
	},
	{
		id:    "user-key",
		name:  lang.T("the key is workshop:user: and the name, as it was typed", ""),
		steps: byName,
		hints: []lang.Text{lang.T("The key contains the name as it was typed, not escaped for HTML. The hash has only the field visits.", "")},
		run:   keyOfEachName,
	},
	{
		id:    "session-key",
		name:  lang.T("the key is workshop:session: and the SHA-256 of the cookie", ""),
		steps: onlyFour,
		hints: []lang.Text{lang.T("The key contains the SHA-256 of the cookie's value as it is sent, in 64 lower-case hexadecimal digits. The store's internal fields begin with @.", "")},
		run:   keyOfEachName,
	},
	{
		id:    "no-ttl-yet",
		name:  lang.T("the key has no TTL yet", ""),
		steps: onlyTwo,
		hints: []lang.Text{lang.T("Keys live for ever in step 2. That is what step 3 fixes.", "")},
		run: func(s *scene) {
			s.visited(2)
			left := s.ttl("workshop:user:" + s.user)
			s.expect(left == forever, lang.T("no TTL on workshop:user:%s", "", s.user), ttlText("workshop:user:"+s.user, left))
		},
	},
	{
		id:    "wrong-type",
		name:  lang.T("a key of another type gives an error page and stays as it is", ""),
		steps: counting,
		hints: []lang.Text{lang.T("Redis answers WRONGTYPE. The page has status 500 and names the key and its type. Nothing is deleted.", "")},
		run:   wrongType,
	},
	{
		id:    "ended-session",
		name:  lang.T("the page says that a session has ended", ""),
		steps: onlyFour,
		hints: []lang.Text{lang.T("If the session of a cookie has ended, the page says why the user must log in again. Without a cookie, the page says nothing of that. The answer does not set the cookie.", "")},
		run:   endedSession,
	},
	{
		id:    "login-ends-session",
		name:  lang.T("a login ends the session that the browser had", ""),
		steps: onlyFour,
		hints: []lang.Text{lang.T("Before login calls Create, it calls Delete with the token that the browser sent. Otherwise the old session lives on, and a copy of its cookie still logs in.", "")},
		run: func(s *scene) {
			b := s.loggedIn()
			old := b.copy()
			b.login(s.user)
			old.expectLoggedOut()
		},
	},
}

// crossSite holds what browsers send with a form on another site: new browsers
// the first header, old ones only the second.
var crossSite = []http.Header{
	{"Sec-Fetch-Site": {"cross-site"}},
	{"Origin": {"https://evil.example"}},
}

func (s *scene) expectSeeOther(p page) {
	s.expect(p.Status == http.StatusSeeOther, lang.T("%s to answer 303", "", p.Request), p.said())
	s.expectToRoot(p)
}

// expectFramed expects a page in the app's own design.
func (s *scene) expectFramed(p page, status int) {
	s.expect(p.Status == status, lang.T("%s to answer %d", "", p.Request, status), p.said())
	s.expect(strings.HasPrefix(p.Header.Get("Content-Type"), "text/html"),
		lang.T("an HTML page from %s", "", p.Request), lang.T("Content-Type: %s", "", quote(p.Header.Get("Content-Type"))))
	s.expect(p.hasTitle() && linkToRoot.in(browse.Parse(p.Body)),
		lang.T("a page with a title and a link to / from %s", "", p.Request), lang.Same(quote(p.Body)))
}

// expectRefused expects the app to refuse a name, with a reason inside the form.
func (s *scene) expectRefused(name string) {
	b := s.browser()
	plain := markupOf(b.get("/login").loginForm())
	p := b.post("/login", url.Values{"username": {name}})
	s.expect(p.Status == http.StatusBadRequest, lang.T("POST /login with username=%s to answer 400", "", quote(name)), p.said())
	again := markupOf(p.loginForm())
	s.expect(again != "", lang.T("the form again, for username=%s", "", quote(name)), p.said())
	s.expect(browse.Text(again) != browse.Text(plain), lang.T("the reason inside the form, for username=%s", "", quote(name)), lang.Same(quote(browse.Text(again))))
	s.expect(len(p.Cookies) == 0, lang.T("no cookie for username=%s", "", quote(name)), p.setCookies())
}

// padded extends a name to n bytes.
func padded(name, with string, n int) string {
	return name + strings.Repeat(with, n-len(name))
}

func headLikeGet(s *scene) {
	b := s.browser()
	for range 2 {
		for _, path := range []string{"/", "/login"} {
			get, head := b.get(path), b.send(http.MethodHead, path, nil, nil)
			s.expect(head.Status == http.StatusOK, lang.T("%s to answer 200", "", head.Request), head.said())
			s.expect(head.Body == "", lang.T("no body from %s", "", head.Request), lang.Same(quote(head.Body)))
			s.expect(head.Header.Get("Content-Type") == get.Header.Get("Content-Type"),
				lang.T("%s to have the Content-Type of GET: %s", "", head.Request, quote(get.Header.Get("Content-Type"))),
				lang.Same(quote(head.Header.Get("Content-Type"))))
		}
		// The second round is logged in.
		b.login(s.user)
	}
}

func prefetch(s *scene) {
	b := s.loggedIn()
	for _, header := range []http.Header{
		{"Sec-Purpose": {"prefetch"}}, {"Sec-Purpose": {"prefetch;prerender"}}, {"Purpose": {"prefetch"}}, {"X-Moz": {"prefetch"}},
	} {
		for _, path := range []string{"/", "/logout"} {
			p := b.send(http.MethodGet, path, nil, header)
			s.expect(p.Status == http.StatusServiceUnavailable && strings.Contains(p.Header.Get("Cache-Control"), "no-store"),
				lang.T("GET %s with %v to answer 503 with Cache-Control: no-store", "", path, header), lang.T("%s, Cache-Control: %s", "", p.said(), quote(p.Header.Get("Cache-Control"))))
			s.expect(len(p.Cookies) == 0, lang.T("no cookie from GET %s with %v", "", path, header), p.setCookies())
		}
	}
	if s.step > 1 {
		b.expectVisits(1)
	}
	b.expectLoggedIn(s.user)
}

// cookieName returns the name of the step's own cookie.
func (s *scene) cookieName() string {
	switch {
	case s.step < 4:
		return "workshop_login"
	case s.https():
		return "__Host-workshop_session"
	}
	return "workshop_session"
}

func (s *scene) https() bool { return strings.HasPrefix(s.target.URL, "https:") }

func cookieFlags(s *scene) {
	p := s.browser().login(s.user)
	s.expect(len(p.Cookies) == 1, lang.T("login to set one cookie", ""), p.setCookies())
	if s.failed() {
		return
	}
	c := p.Cookies[0]
	s.expect(c.Name == s.cookieName(), lang.T("a cookie named %s", "", s.cookieName()), lang.Same(c.Name))
	s.expect(c.HttpOnly && c.SameSite == http.SameSiteLaxMode && c.Path == "/" && c.Domain == "",
		lang.T("HttpOnly, SameSite=Lax, Path=/ and no Domain", ""), lang.Same(flags(c)))
	s.expect(c.Secure == s.https(), lang.T("Secure to be %v on %s", "", s.https(), s.target.URL), lang.Same(flags(c)))
}

func contentPolicy(s *scene) {
	b := s.browser()
	for _, path := range []string{"/", "/login", "/no-such-page"} {
		policy := b.get(path).Header.Get("Content-Security-Policy")
		s.expect(strings.Contains(policy, "default-src") && !strings.Contains(policy, "unsafe-"),
			lang.T("a Content-Security-Policy with default-src and without 'unsafe-inline' on GET %s", "", path), lang.Same(quote(policy)))
	}
}

func crossSiteLogin(s *scene) {
	b := s.browser()
	for _, header := range crossSite {
		p := b.send(http.MethodPost, "/login", url.Values{"username": {s.user}}, header)
		s.expectFramed(p, http.StatusForbidden)
		s.expect(len(p.Cookies) == 0, lang.T("no cookie from %s by another site", "", p.Request), p.setCookies())
		b.expectLoggedOut()
	}
	b.login(s.user)
	if s.step > 1 {
		b.expectVisits(1)
	}
}

// brokenCookie returns a check that sends a real cookie, damaged.
func brokenCookie(damage func(value string) string) func(s *scene) {
	return func(s *scene) {
		owner := s.loggedIn()
		header := http.Header{"Cookie": {s.cookieName() + "=" + damage(owner.cookie().Value)}}
		p := s.browser().send(http.MethodGet, "/", nil, header)
		s.expect(p.Status == http.StatusOK, lang.T("GET / with a broken cookie to answer 200", ""), p.said())
		s.expectSaysLoggedOut(p)
		p = s.browser().send(http.MethodPost, "/logout", url.Values{}, header)
		s.expect(p.redirects(), lang.T("%s with a broken cookie to redirect", "", p.Request), p.said())
		b := s.browser()
		b.loadForm("/login", header)
		p = b.postWith("/login", url.Values{"username": {s.user}}, header)
		s.expect(p.redirects(), lang.T("%s with a broken cookie to redirect", "", p.Request), p.said())
		s.expect(len(p.Cookies) > 0, lang.T("a new cookie from %s with a broken cookie", "", p.Request), lang.T("none", ""))
	}
}

func otherStepsCookie(s *scene) {
	other := "workshop_session"
	if s.step == 4 {
		other = "workshop_login"
	}
	b := s.browser()
	b.plant(other, "of-another-step")
	b.expectLoggedOut()
	answers := []page{b.login(s.user), b.expectLoggedIn(s.user), b.post("/logout", url.Values{})}
	for _, p := range answers {
		s.expectCookieLeftAlone(p, other)
	}
	b.expectLoggedOut()
}

// ownKey returns the key that an app of the workshop has for the login of b as
// name.
func (s *scene) ownKey(b *browser, name string) string {
	if s.step < 4 {
		return "workshop:user:" + name
	}
	sum := sha256.Sum256([]byte(b.cookie().Value))
	return "workshop:session:" + hex.EncodeToString(sum[:])
}

func keyOfEachName(s *scene) {
	for _, name := range []string{s.user, s.user + " o'brien & <co>", s.user + "日本語"} {
		b := s.browser()
		b.login(name)
		b.expectVisits(1)
		s.expectKey(b, name)
	}
}

func (s *scene) expectKey(b *browser, name string) {
	key := s.ownKey(b, name)
	if s.failed() {
		return
	}
	cmd := s.target.Redis.HGetAll(s.ctx, key)
	s.expectReply(cmd)
	fields := cmd.Val()
	s.expect(len(fields) > 0, lang.T("a hash %s", "", key), lang.T("no such hash", ""))
	s.expect(fields["visits"] == "1", lang.T("the field visits of %s to be 1", "", key), lang.Same(quote(fields["visits"])))
	if s.step == 4 {
		s.expect(fields["username"] == name, lang.T("the field username of %s to be %s", "", key, quote(name)), lang.Same(quote(fields["username"])))
	}
	for field := range fields {
		known := field == "visits" || s.step == 4 && (field == "username" || strings.HasPrefix(field, "@"))
		s.expect(known, lang.T("only the fields of this step in %s", "", key), lang.Same(field))
	}
}

func wrongType(s *scene) {
	b := s.loggedIn()
	key := s.ownKey(b, s.user)
	s.plantString(key, "hello")
	p := b.get("/")
	s.expectFramed(p, http.StatusInternalServerError)
	s.expect(strings.Contains(p.Text(), key) && strings.Contains(p.Text(), "string"),
		lang.T("the page to name the key %s and its type, string", "", key), p.said())
	if s.failed() {
		return
	}
	value := s.target.Redis.Get(s.ctx, key)
	s.expectReply(value)
	s.expect(value.Val() == "hello", lang.T(`%s to hold "hello" as before`, "", key), lang.Same(quote(value.Val())))
	// In step 3 the EXPIRE of the transaction runs although HINCRBY failed.
	if s.step != 3 {
		left := s.ttl(key)
		s.expect(left == forever, lang.T("no TTL on %s, as before", "", key), ttlText(key, left))
	}
	s.browser().expectLoggedOut()
}

func endedSession(s *scene) {
	fresh := s.browser().expectLoggedOut()
	s.expect(!strings.Contains(fresh.Text(), "Your session has ended"), lang.T("nothing about a session for a browser without a cookie", ""), fresh.said())
	expired, loggedOff := s.loggedIn(), s.browser()
	expired.expectVisits(1)
	s.expire(s.ownKey(expired, s.user))
	loggedOff.login(s.user)
	copied := loggedOff.copy()
	loggedOff.logout()
	for _, b := range []*browser{expired, copied} {
		p := b.expectLoggedOut()
		s.expect(s.saysEnded(p.Text()), lang.T("GET / with the cookie of an ended session to say %s", "", quote(endedText(s.idleText()))), p.said())
		s.expectCookieLeftAlone(p, s.cookieName())
	}
}

func endedText(idle string) string {
	return "Your session has ended: it was idle for " + idle + ", or was logged out"
}

// idleText returns the TTL as the page shows it, "10 s".
func (s *scene) idleText() string {
	return strconv.FormatFloat(s.target.TTL.Seconds(), 'f', -1, 64) + " s"
}

// saysEnded reports whether the page says that the session has ended. A TTL below
// a minute must have the exact words; an app may write a longer one in its own
// way ("2 minutes").
func (s *scene) saysEnded(text string) bool {
	if s.target.TTL < time.Minute {
		return strings.Contains(text, endedText(s.idleText()))
	}
	before, after, _ := strings.Cut(endedText("\x00"), "\x00")
	_, rest, found := strings.Cut(text, before)
	return found && strings.Contains(rest, after)
}
