package sessiontest

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"example.com/session-workshop/sessionstore"
)

var fixation = []test{
	{"a token that the browser brings is never adopted", neverAdopted},
	{"a login always makes a new token", alwaysNewToken},
	{"Redis sees the hash of the token alone", onlyTheHash},
	{"two different cookies of our name are none", twoCookies},
	{"a logout ends every session of which the browser brought a token", logoutOfTwo},
	{"a value of any other shape than a token's never reaches Redis", misshapenCookies},
}

// An attacker slips a token to a browser, and waits for its user to log in.
func neverAdopted(s *scene) {
	store := s.store()
	slipped := strings.Repeat("A", 43)
	attacker := s.browser(store)
	attacker.bring(slipped)

	victim := attacker.copied()
	victim.login(s.username)
	if victim.token() == slipped {
		s.Error("the login has adopted the token that the browser brought")
	}
	attacker.mustBe(false, "who knows the slipped token")
	victim.mustBe(true, "who logged in")
	if s.exists(s.key(slipped)) {
		s.Error("there is a session under the slipped token")
	}

	// The attacker's own live session, slipped to a victim, ends.
	attacker = s.loggedInAs("attacker", store)
	victim = attacker.copied()
	victim.login(s.username)
	attacker.mustBe(false, "who slipped a live session")
}

func alwaysNewToken(s *scene) {
	b, seen := s.loggedIn(s.store()), map[string]bool{}
	for range 20 {
		if seen[b.token()] {
			s.Fatal("a token came twice")
		}
		seen[b.token()] = true
		old := b.copied()
		b.login(s.username)
		old.mustBe(false, "the cookie from before the login")
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
		s.Errorf("the session is not at the SHA-256 of its token; the keys are %v", s.keys())
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
		both.asksNothing("two different cookies", func() { both.mustNotVisit("two different cookies", request) })
	}
	both.cookie = one.cookie + "; " + one.cookie
	both.mustBe(true, "the same cookie twice")
}

// Which of the cookies is the user's cannot be told, so a logout ends them all.
func logoutOfTwo(s *scene) {
	store := s.store()
	one, two, three := s.loggedIn(store), s.loggedInAs("other-"+s.username, store), s.loggedIn(store)
	both := one.copied()
	both.cookie = strings.Join([]string{one.cookie, two.cookie, cookieName + "=misshapen"}, "; ")
	s.must(both.do((*sessionstore.Session).Logout))
	s.same("the cookie after the logout", both.cookie, "")
	one.mustBe(false, "the first cookie")
	two.mustBe(false, "the second cookie")
	three.mustBe(true, "a browser that had neither")
	s.hasEntries(s.username, three)
	s.hasEntries("other-" + s.username)
}

func misshapenCookies(s *scene) {
	b := s.loggedIn(s.store())
	good := b.token()
	values := map[string]string{
		"nothing":                "",
		"a character less":       good[:42],
		"a character more":       good + "A",
		"padding":                good + "=",
		"padding in place":       good[:42] + "=",
		"another alphabet":       good[:41] + "+/",
		"a space":                good[:21] + " " + good[22:],
		"a line break, encoded":  good[:40] + "%0A",
		"hex":                    b.handle(),
		"a letter of two bytes":  good[:41] + "é",
		"a byte that is no text": good[:42] + "\xff",
		"much":                   strings.Repeat("A", 8000),
		"a dot in the middle":    good[:21] + "." + good[22:],
	}
	// The last character carries four bits, so three others could stand for
	// the same token.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, good[42])
	for spelling := 1; spelling <= 3; spelling++ {
		values[fmt.Sprint("another spelling ", spelling)] = good[:42] + alphabet[last+spelling:last+spelling+1]
	}
	for what, value := range values {
		b.bring(value)
		b.mustNotAsk(what)
	}
	b.cookie = ""
	b.mustNotAsk("no cookie")
	b.bring(good)
	b.mustBe(true, "the good cookie")
}

// mustNotAsk does all that a request can do without a login.
func (b *browser) mustNotAsk(what string) {
	b.Helper()
	request := b.request()
	b.asksNothing(what, func() {
		b.mustNotVisit(what, request)
		if err := request.Logout(b.ctx); err != nil {
			b.Errorf("%s: a logout: %v", what, err)
		}
	})
	if b.setCookie() != "" {
		b.Errorf("%s: the answer sets %s", what, b.setCookie())
	}
}

// mustNotVisit fails the test if there is a session for a request.
func (b *browser) mustNotVisit(what string, request *sessionstore.Session) {
	b.Helper()
	for name, visit := range visits {
		b.wantErr(what+": "+name, visit(request, b.ctx), sessionstore.ErrNoSession)
	}
	if request.Brought() || request.Username() != "" || request.Handle() != "" {
		b.Errorf("%s: the request counts as one with a session", what)
	}
}
