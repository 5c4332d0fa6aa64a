package sessiontest

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"example.com/session-workshop/sessionstore"
)

var fixation = []test{
	{"a login never adopts the token of the browser", neverAdopted},
	{"each login creates a new token", alwaysNewToken},
	{"Redis sees only the hash of the token", onlyTheHash},
	{"two different cookies of the same name count as none", twoCookies},
	{"a logout ends the session of each token in the request", logoutOfTwo},
	{"a value of any other shape is rejected before it reaches Redis", misshapenCookies},
}

// An attacker plants a token in a browser and waits until its user logs in.
func neverAdopted(s *scene) {
	store := s.store()
	planted := strings.Repeat("A", 43)
	attacker := s.browser(store)
	attacker.setToken(planted)

	victim := attacker.copied()
	victim.login(s.username)
	if victim.token() == planted {
		s.Error("the login adopted the token that the browser sent")
	}
	attacker.wantLoggedIn(false, "the attacker, with the planted token")
	victim.wantLoggedIn(true, "the victim, after the login")
	if s.exists(s.key(planted)) {
		s.Error("the planted token has a session")
	}

	// The attacker plants the token of a live session.
	attacker = s.loggedInAs("attacker", store)
	victim = attacker.copied()
	victim.login(s.username)
	attacker.wantLoggedIn(false, "the attacker, with the token of a live session")
}

func alwaysNewToken(s *scene) {
	b, seen := s.loggedIn(s.store()), map[string]bool{}
	for range 20 {
		if seen[b.token()] {
			s.Fatal("two logins have the same token")
		}
		seen[b.token()] = true
		old := b.copied()
		b.login(s.username)
		old.wantLoggedIn(false, "the cookie from before the login")
	}
	shape := regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	for token := range seen {
		random, err := base64.RawURLEncoding.Strict().DecodeString(token)
		if !shape.MatchString(token) || err != nil || len(random) != 32 {
			s.Errorf("a token has %d characters and %d bytes (%v), want 43 and 32", len(token), len(random), err)
		}
	}
}

func onlyTheHash(s *scene) {
	b := s.loggedIn(s.store())
	s.must(b.batch(sessionstore.Set("f", "x"), sessionstore.Incr("n", 1)))
	if !s.exists(b.key()) {
		s.Errorf("no key has the SHA-256 of the token; the keys are %v", s.keys())
	}
	random, err := base64.RawURLEncoding.DecodeString(b.token())
	s.must(err)
	everything := fmt.Sprint(s.contents())
	for what, secret := range map[string]string{
		"the token": b.token(), "its bytes": string(random), "its bytes in hex": fmt.Sprintf("%x", random),
	} {
		if strings.Contains(everything, secret) {
			s.Errorf("Redis holds %s", what)
		}
	}
	if got := b.request().Handle(); got != b.handle() || !strings.Contains(everything, got) {
		s.Errorf("Handle is %s, want the SHA-256 of the token, as in Redis", got)
	}
}

func twoCookies(s *scene) {
	store := s.store()
	one, two := s.loggedIn(store), s.loggedIn(store)
	both := one.copied()
	for _, cookies := range []string{
		one.cookie + "; " + two.cookie,
		one.cookie + "; other=x; " + one.cookie + "; " + two.cookie,
		one.cookie + "; " + cookieName + "=misshapen",
		cookieName + "=; " + one.cookie,
	} {
		both.cookie = cookies
		request := both.request()
		both.wantNoCommand("two different cookies", func() { both.wantNoSession("two different cookies", request) })
	}
	both.cookie = one.cookie + "; " + one.cookie
	both.wantLoggedIn(true, "the same cookie twice")
}

// The store cannot know which of the cookies is the user's, so a logout ends the
// sessions of all.
func logoutOfTwo(s *scene) {
	store := s.store()
	one, two, three := s.loggedIn(store), s.loggedInAs("other-"+s.username, store), s.loggedIn(store)
	both := one.copied()
	both.cookie = strings.Join([]string{one.cookie, two.cookie, cookieName + "=misshapen"}, "; ")
	s.must(both.do((*sessionstore.Session).Logout))
	s.wantEqual("the cookie after the logout", both.cookie, "")
	one.wantLoggedIn(false, "the first cookie")
	two.wantLoggedIn(false, "the second cookie")
	three.wantLoggedIn(true, "a browser with another cookie")
	s.wantEntries(s.username, three)
	s.wantEntries("other-" + s.username)
}

func misshapenCookies(s *scene) {
	b := s.loggedIn(s.store())
	good := b.token()
	values := map[string]string{
		"nothing":               "",
		"one character less":    good[:42],
		"one character more":    good + "A",
		"padding":               good + "=",
		"padding in place":      good[:42] + "=",
		"another alphabet":      good[:41] + "+/",
		"a space":               good[:21] + " " + good[22:],
		"a line break, encoded": good[:40] + "%0A",
		"hex":                   b.handle(),
		"a two-byte letter":     good[:41] + "é",
		"invalid UTF-8":         good[:42] + "\xff",
		"8,000 characters":      strings.Repeat("A", 8000),
		"a dot in the middle":   good[:21] + "." + good[22:],
	}
	// The last character carries only four bits, so three others could mean the
	// same token.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, good[42])
	for spelling := 1; spelling <= 3; spelling++ {
		values[fmt.Sprint("another spelling ", spelling)] = good[:42] + alphabet[last+spelling:last+spelling+1]
	}
	for what, value := range values {
		b.setToken(value)
		b.wantIgnored(what)
	}
	b.cookie = ""
	b.wantIgnored("no cookie")
	b.setToken(good)
	b.wantLoggedIn(true, "the good cookie")
}

// wantIgnored makes every call that works without a login. None may ask Redis.
func (b *browser) wantIgnored(what string) {
	b.Helper()
	request := b.request()
	b.wantNoCommand(what, func() {
		b.wantNoSession(what, request)
		if err := request.Logout(b.ctx); err != nil {
			b.Errorf("%s: the logout returned %v", what, err)
		}
	})
	if b.setCookie() != "" {
		b.Errorf("%s: the answer sets %s", what, b.setCookie())
	}
}

// wantNoSession fails the test if a request has a session.
func (b *browser) wantNoSession(what string, request *sessionstore.Session) {
	b.Helper()
	for name, visit := range visits {
		b.wantErr(what+": "+name, visit(request, b.ctx), sessionstore.ErrNoSession)
	}
	if request.Brought() || request.Username() != "" || request.Handle() != "" {
		b.Errorf("%s: the request has a token, a user or a handle, want none", what)
	}
}
