package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/session-workshop/check/browse"
)

// house holds what the workshop's own apps promise beyond the lesson.
var house = []rule{
	{
		id:    "healthz",
		name:  "/healthz answers 200",
		hints: []string{"GET /healthz says that the process is up. It sends nothing to Redis and needs no login."},
		run: func(s *scene) {
			p := s.browser().get("/healthz")
			s.expect(p.Status == http.StatusOK, "GET /healthz to answer 200", p.String())
		},
	},
	{
		id:    "login-button",
		name:  "the login form has a button Login",
		hints: []string{"The button of the form on /login is called \"Login\"."},
		run: func(s *scene) {
			form := s.browser().get("/login").loginForm()
			s.expect(hasLoginButton(form), "a button \"Login\" in the form of GET /login", quote(markupOf(form)))
		},
	},
	{
		id:    "see-other",
		name:  "login and logout redirect with 303",
		hints: []string{"303 See Other says that the next request is a GET. 302 leaves that open."},
		run: func(s *scene) {
			b := s.browser()
			s.expectSeeOther(b.login(s.user))
			s.expectSeeOther(b.post("/logout", url.Values{}))
			s.expectSeeOther(b.get("/logout"))
		},
	},
	{
		id:    "logout-button",
		name:  "the page has a logout button",
		hints: []string{"Logout changes something, so it is a form with method=post and action=/logout, and not a link."},
		run: func(s *scene) {
			b := s.loggedIn()
			p := b.expectLoggedIn(s.user)
			s.expect(p.hasLogoutButton(), "a form on GET / that posts to /logout", quote(p.Body))
		},
	},
	{
		id:    "logout-by-post-and-get",
		name:  "logout works by POST and by GET",
		hints: []string{"The logout button sends POST /logout. GET /logout works as well, as in the original."},
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
		name:  "the page has the exact words",
		steps: onlyOne,
		hints: []string{"Step 1 counts nothing: the page says \"Logged in as NAME\" and has no \"Visits:\"."},
		run: func(s *scene) {
			b := s.loggedIn()
			p := b.expectLoggedIn(s.user)
			_, counted := p.Visits()
			s.expect(!counted, "no \"Visits:\" in step 1", p.String())
		},
	},
	{
		id:    "exact-words",
		name:  "the page has the exact words",
		steps: counting,
		hints: []string{"The page says \"Logged in as NAME\", with a full stop or without, and after it \"Visits: 1\"."},
		run: func(s *scene) {
			b := s.loggedIn()
			p, name := b.get("/"), loggedIn+s.user
			// Step 1 has no full stop, and a learner may keep that.
			said := strings.Contains(p.Text(), name+". Visits: 1") || strings.Contains(p.Text(), name+" Visits: 1")
			s.expect(said, "GET / to say "+quote(name+". Visits: 1"), p.String())
		},
	},
	{
		id:    "head-like-get",
		name:  "HEAD is answered like GET",
		hints: []string{"The answer to HEAD has the status and the headers of GET, and no body. Monitors and link checkers send it."},
		run:   headLikeGet,
	},
	{
		id:    "head-counts-nothing",
		name:  "HEAD counts nothing",
		steps: counting,
		hints: []string{"A HEAD request is not a visit. Check the method before you count."},
		run: func(s *scene) {
			b := s.visited(1)
			b.send(http.MethodHead, "/", nil, nil)
			b.expectVisits(2)
		},
	},
	{
		id:    "asked-for-ahead",
		name:  "a prefetch changes nothing",
		hints: []string{"A browser that loads a page in advance says so in Sec-Purpose, Purpose or X-Moz. Answer 503 with Cache-Control: no-store, before any other work: the browser asks again if its user opens the page."},
		run:   prefetch,
	},
	{
		id:    "blank-name",
		name:  "a blank name is refused",
		hints: []string{"An empty name, or one of spaces only, is answered with 400 and the form, with the reason beside the field."},
		run: func(s *scene) {
			s.expectRefused("")
			s.expectRefused("   ")
		},
	},
	{
		id:    "long-name",
		name:  "a name over 64 bytes is refused, and one of 64 is accepted",
		hints: []string{"The limit is 64 bytes and not 64 characters: a Japanese character has three bytes. The answer is 400 and the form, with the reason beside the field."},
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
		name:  "a name with control characters is refused",
		hints: []string{"A line break or another control character in a name is answered with 400 and the form, with the reason beside the field."},
		run: func(s *scene) {
			s.expectRefused(s.user + "\nx")
			s.expectRefused(s.user + "\x00x")
			s.expectRefused(s.user + "\x7fx")
		},
	},
	{
		id:    "invisible-characters",
		name:  "invisible characters do not make another name",
		hints: []string{"Remove invisible characters from a name before you check it and store it: U+200B, for example, is a space without width. If nothing is left, the answer is 400."},
		run: func(s *scene) {
			s.expectRefused("\u200b")
			s.expectRefused("\u3164")
			b := s.browser()
			b.login(s.user + "\u200b")
			p := b.expectLoggedIn(s.user)
			s.expect(!strings.Contains(p.Body, "\u200b"), "the name without its U+200B", quote(p.Body))
		},
	},
	{
		id:    "spaces-trimmed",
		name:  "spaces around a name are removed",
		hints: []string{"Trim the name before you check it and store it."},
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
		name:  "an unknown path gives a 404 page",
		hints: []string{"A 404 page looks like the others: a title, and a link back to /."},
		run: func(s *scene) {
			s.expectFramed(s.browser().get("/no-such-page"), http.StatusNotFound)
		},
	},
	{
		id:    "wrong-method-page",
		name:  "a wrong method gives a 405 page",
		hints: []string{"A 405 page looks like the others: a title, and a link back to /. The Allow header names the methods (RFC 9110, 15.5.6)."},
		run: func(s *scene) {
			for _, path := range []string{"/", "/login", "/logout"} {
				p := s.browser().send(http.MethodDelete, path, nil, nil)
				s.expectFramed(p, http.StatusMethodNotAllowed)
				s.expect(p.Header.Get("Allow") != "", "an Allow header on "+p.Request, "none")
			}
		},
	},
	{
		id:    "cookie-flags",
		name:  "the cookie has its name and its flags",
		hints: []string{"HttpOnly keeps scripts away from the cookie, SameSite=Lax keeps other sites from using it, Path=/ sends it to every page."},
		run:   cookieFlags,
	},
	{
		id:    "logout-deletes-cookie",
		name:  "logout deletes the cookie",
		hints: []string{"To delete a cookie, set it with the same name and path and with Max-Age=0."},
		run: func(s *scene) {
			b := s.loggedIn()
			b.expectLoggedIn(s.user)
			p := b.post("/logout", url.Values{})
			deleted := slices.ContainsFunc(p.Cookies, func(c *http.Cookie) bool {
				return c.Name == s.cookieName() && c.MaxAge < 0 && c.Path == "/"
			})
			s.expect(deleted, "POST /logout to set "+s.cookieName()+" with Max-Age=0 and Path=/",
				p.setCookies())
		},
	},
	{
		id:    "no-store",
		name:  "a page with a name in it is not kept in a cache",
		hints: []string{"Send Cache-Control: no-store. Otherwise the Back button shows the page after logout."},
		run: func(s *scene) {
			b := s.loggedIn()
			p := b.expectLoggedIn(s.user)
			s.expect(strings.Contains(p.Header.Get("Cache-Control"), "no-store"),
				"Cache-Control: no-store on GET /", quote(p.Header.Get("Cache-Control")))
		},
	},
	{
		id:    "content-policy",
		name:  "every page has a strict Content-Security-Policy",
		hints: []string{"The policy names what a page may load, and has no 'unsafe-inline'. Set it in a middleware, so that error pages have it too."},
		run:   contentPolicy,
	},
	{
		id:    "cross-site-login",
		name:  "a form on another site cannot log you in",
		hints: []string{"net/http's CrossOriginProtection looks at Sec-Fetch-Site and Origin. Its Check must run before any other work."},
		run:   crossSiteLogin,
	},
	{
		id:    "cross-site-logout",
		name:  "a form on another site cannot log you out",
		hints: []string{"net/http's CrossOriginProtection looks at Sec-Fetch-Site and Origin. Its Check must run before any other work."},
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
		name:  "a form on this site is accepted",
		hints: []string{"A browser sends Sec-Fetch-Site: same-origin and an Origin with the form of this app. Both must pass the check for other sites."},
		run: func(s *scene) {
			b := s.browser()
			b.loadForm("/login", nil)
			p := b.postWith("/login", url.Values{"username": {s.user}}, http.Header{
				"Sec-Fetch-Site": {"same-origin"}, "Origin": {b.Address("")},
			})
			s.expect(p.redirects(), "POST /login from this site to redirect", p.String())
			b.expectLoggedIn(s.user)
		},
	},
	{
		id:    "cross-site-link",
		name:  "a link on another site does not log you out",
		hints: []string{"GET /logout with Sec-Fetch-Site: cross-site shows a logout button and leaves you logged in."},
		run: func(s *scene) {
			b := s.loggedIn()
			p := b.send(http.MethodGet, "/logout", nil, http.Header{"Sec-Fetch-Site": {"cross-site"}})
			s.expect(p.Status == http.StatusOK && p.hasLogoutButton(),
				"GET /logout from another site to answer 200 with a form that posts to /logout", p.String())
			b.expectLoggedIn(s.user)
		},
	},
	{
		id:    "tampered-cookie",
		name:  "a tampered cookie is treated like no cookie",
		hints: []string{"A visitor with a changed cookie is not logged in. The page has status 200, never 500."},
		run:   brokenCookie(changed),
	},
	{
		id:    "garbage-cookie",
		name:  "a garbage cookie is treated like no cookie",
		hints: []string{"A visitor with a cookie that cannot be decoded is not logged in. The page has status 200, never 500."},
		run:   brokenCookie(func(string) string { return "%%%|not-a-cookie" }),
	},
	{
		id:    "oversized-cookie",
		name:  "an oversized cookie is treated like no cookie",
		hints: []string{"A visitor with a cookie of 6 KB is not logged in. The page has status 200, never 500."},
		run:   brokenCookie(func(string) string { return strings.Repeat("A", 6<<10) }),
	},
	{
		id:    "empty-cookie",
		name:  "an empty cookie is treated like no cookie",
		hints: []string{"A visitor with a cookie without a value is not logged in. The page has status 200, never 500."},
		run:   brokenCookie(func(string) string { return "" }),
	},
	{
		id:    "logout-without-login",
		name:  "logout without a login is not an error",
		hints: []string{"A logout without a login redirects to / like any other."},
		run: func(s *scene) {
			p := s.browser().post("/logout", url.Values{})
			s.expect(p.redirects(), p.Request+" without a login to redirect", p.String())
			s.expectToRoot(p)
		},
	},
	{
		id:    "other-steps-cookie",
		name:  "the cookie of another step is left alone",
		hints: []string{"Two steps may run at the same time on two ports, and browsers send a host's cookies to all its ports. Set and delete only your own cookie."},
		run:   otherStepsCookie,
	},
	{
		id:    "user-key",
		name:  "the key is workshop:user: and the name, as it was typed",
		steps: byName,
		hints: []string{"The key contains the name as it was typed, not escaped for HTML. The hash has only the field visits."},
		run:   keyOfEachName,
	},
	{
		id:    "session-key",
		name:  "the key is workshop:session: and the SHA-256 of the cookie",
		steps: onlyFour,
		hints: []string{"The key contains the SHA-256 of the cookie's value as it is sent, in 64 lower-case hexadecimal digits. The store's internal fields begin with @."},
		run:   keyOfEachName,
	},
	{
		id:    "no-ttl-yet",
		name:  "the key has no TTL yet",
		steps: onlyTwo,
		hints: []string{"Keys live for ever in step 2. That is what step 3 fixes."},
		run: func(s *scene) {
			s.visited(2)
			left := s.ttl("workshop:user:" + s.user)
			s.expect(left == forever, "no TTL on workshop:user:"+s.user, ttlText("workshop:user:"+s.user, left))
		},
	},
	{
		id:    "wrong-type",
		name:  "a key of another type gives an error page and stays as it is",
		steps: counting,
		hints: []string{"Redis answers WRONGTYPE. The page has status 500 and names the key and its type. Nothing is deleted."},
		run:   wrongType,
	},
	{
		id:    "ended-session",
		name:  "the page says that a session has ended",
		steps: onlyFour,
		hints: []string{"If the session of a cookie has ended, the page says why the user must log in again. Without a cookie, the page says nothing of that. The answer does not set the cookie."},
		run:   endedSession,
	},
	{
		id:    "login-ends-session",
		name:  "a login ends the session that the browser had",
		steps: onlyFour,
		hints: []string{"Before login calls Create, it calls Delete with the token that the browser sent. Otherwise the old session lives on, and a copy of its cookie still logs in."},
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
	s.expect(p.Status == http.StatusSeeOther, p.Request+" to answer 303", p.String())
	s.expectToRoot(p)
}

// expectFramed expects a page in the app's own design.
func (s *scene) expectFramed(p page, status int) {
	s.expect(p.Status == status, fmt.Sprintf("%s to answer %d", p.Request, status), p.String())
	s.expect(strings.HasPrefix(p.Header.Get("Content-Type"), "text/html"),
		"an HTML page from "+p.Request, "Content-Type: "+quote(p.Header.Get("Content-Type")))
	s.expect(p.hasTitle() && linkToRoot.in(browse.Parse(p.Body)),
		"a page with a title and a link to / from "+p.Request, quote(p.Body))
}

// expectRefused expects the app to refuse a name, with a reason inside the form.
func (s *scene) expectRefused(name string) {
	b := s.browser()
	plain := markupOf(b.get("/login").loginForm())
	p := b.post("/login", url.Values{"username": {name}})
	s.expect(p.Status == http.StatusBadRequest, "POST /login with username="+quote(name)+" to answer 400", p.String())
	again := markupOf(p.loginForm())
	s.expect(again != "", "the form again, for username="+quote(name), p.String())
	s.expect(browse.Text(again) != browse.Text(plain), "the reason inside the form, for username="+quote(name), quote(browse.Text(again)))
	s.expect(len(p.Cookies) == 0, "no cookie for username="+quote(name), p.setCookies())
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
			s.expect(head.Status == http.StatusOK, head.Request+" to answer 200", head.String())
			s.expect(head.Body == "", "no body from "+head.Request, quote(head.Body))
			s.expect(head.Header.Get("Content-Type") == get.Header.Get("Content-Type"),
				head.Request+" to have the Content-Type of GET: "+quote(get.Header.Get("Content-Type")),
				quote(head.Header.Get("Content-Type")))
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
				fmt.Sprintf("GET %s with %v to answer 503 with Cache-Control: no-store", path, header), p.String()+", Cache-Control: "+quote(p.Header.Get("Cache-Control")))
			s.expect(len(p.Cookies) == 0, fmt.Sprintf("no cookie from GET %s with %v", path, header), p.setCookies())
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
	s.expect(len(p.Cookies) == 1, "login to set one cookie", p.setCookies())
	if s.failed() {
		return
	}
	c := p.Cookies[0]
	s.expect(c.Name == s.cookieName(), "a cookie named "+s.cookieName(), c.Name)
	s.expect(c.HttpOnly && c.SameSite == http.SameSiteLaxMode && c.Path == "/" && c.Domain == "",
		"HttpOnly, SameSite=Lax, Path=/ and no Domain", flags(c))
	s.expect(c.Secure == s.https(), fmt.Sprintf("Secure to be %v on %s", s.https(), s.target.URL), flags(c))
}

func contentPolicy(s *scene) {
	b := s.browser()
	for _, path := range []string{"/", "/login", "/no-such-page"} {
		policy := b.get(path).Header.Get("Content-Security-Policy")
		s.expect(strings.Contains(policy, "default-src") && !strings.Contains(policy, "unsafe-"),
			"a Content-Security-Policy with default-src and without 'unsafe-inline' on GET "+path, quote(policy))
	}
}

func crossSiteLogin(s *scene) {
	b := s.browser()
	for _, header := range crossSite {
		p := b.send(http.MethodPost, "/login", url.Values{"username": {s.user}}, header)
		s.expectFramed(p, http.StatusForbidden)
		s.expect(len(p.Cookies) == 0, "no cookie from "+p.Request+" by another site", p.setCookies())
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
		s.expect(p.Status == http.StatusOK, "GET / with a broken cookie to answer 200", p.String())
		s.expectSaysLoggedOut(p)
		p = s.browser().send(http.MethodPost, "/logout", url.Values{}, header)
		s.expect(p.redirects(), p.Request+" with a broken cookie to redirect", p.String())
		b := s.browser()
		b.loadForm("/login", header)
		p = b.postWith("/login", url.Values{"username": {s.user}}, header)
		s.expect(p.redirects(), p.Request+" with a broken cookie to redirect", p.String())
		s.expect(len(p.Cookies) > 0, "a new cookie from "+p.Request+" with a broken cookie", "none")
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
	s.expect(len(fields) > 0, "a hash "+key, "no such hash")
	s.expect(fields["visits"] == "1", "the field visits of "+key+" to be 1", quote(fields["visits"]))
	if s.step == 4 {
		s.expect(fields["username"] == name, "the field username of "+key+" to be "+quote(name), quote(fields["username"]))
	}
	for field := range fields {
		known := field == "visits" || s.step == 4 && (field == "username" || strings.HasPrefix(field, "@"))
		s.expect(known, "only the fields of this step in "+key, field)
	}
}

func wrongType(s *scene) {
	b := s.loggedIn()
	key := s.ownKey(b, s.user)
	s.plantString(key, "hello")
	p := b.get("/")
	s.expectFramed(p, http.StatusInternalServerError)
	s.expect(strings.Contains(p.Text(), key) && strings.Contains(p.Text(), "string"),
		"the page to name the key "+key+" and its type, string", p.String())
	if s.failed() {
		return
	}
	value := s.target.Redis.Get(s.ctx, key)
	s.expectReply(value)
	s.expect(value.Val() == "hello", key+" to hold \"hello\" as before", quote(value.Val()))
	// In step 3 the EXPIRE of the transaction runs although HINCRBY failed.
	if s.step != 3 {
		left := s.ttl(key)
		s.expect(left == forever, "no TTL on "+key+", as before", ttlText(key, left))
	}
	s.browser().expectLoggedOut()
}

func endedSession(s *scene) {
	fresh := s.browser().expectLoggedOut()
	s.expect(!strings.Contains(fresh.Text(), "Your session has ended"), "nothing about a session for a browser without a cookie", fresh.String())
	expired, loggedOff := s.loggedIn(), s.browser()
	expired.expectVisits(1)
	s.expire(s.ownKey(expired, s.user))
	loggedOff.login(s.user)
	copied := loggedOff.copy()
	loggedOff.logout()
	for _, b := range []*browser{expired, copied} {
		p := b.expectLoggedOut()
		s.expect(s.saysEnded(p.Text()), "GET / with the cookie of an ended session to say "+quote(endedText(s.idleText())), p.String())
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
