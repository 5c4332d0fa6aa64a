package sessiontest

import (
	"net/http"
	"strings"

	"example.com/session-workshop/sessionstore"
)

var cookies = []test{
	{"the cookie is as safe as can be by default", defaultCookie},
	{"the cookie for plain HTTP", plainCookie},
	{"SameSite can be chosen", sameSite},
	{"the two kinds of cookie never meet", kindsOfCookie},
	{"only a login and a logout speak of the cookie", quietCookie},
}

// setBy is the Set-Cookie of a login and of a logout, with the token taken out.
func (s *scene) setBy(options ...sessionstore.Option) (login, logout string) {
	s.Helper()
	b := s.loggedIn(s.store(options...))
	login = strings.Replace(b.setCookie(), b.token(), "TOKEN", 1)
	s.must(b.do((*sessionstore.Session).Logout))
	return login, b.setCookie()
}

func (b *browser) setCookie() string {
	return strings.Join(b.answer.Header().Values("Set-Cookie"), " and ")
}

// Without Max-Age and Expires the browser forgets it when it is closed; with
// __Host- it must have Secure, Path=/ and no Domain.
func defaultCookie(s *scene) {
	login, logout := s.setBy()
	s.same("login", login, "__Host-session=TOKEN; Path=/; HttpOnly; Secure; SameSite=Lax")
	s.same("logout", logout, "__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax")
	login, _ = s.setBy(sessionstore.CookieName("shop"))
	s.same("with a name", login, "__Host-shop=TOKEN; Path=/; HttpOnly; Secure; SameSite=Lax")
}

func plainCookie(s *scene) {
	login, logout := s.setBy(sessionstore.InsecurePlainHTTP(), sessionstore.CookieName("shop"))
	s.same("login", login, "shop=TOKEN; Path=/; HttpOnly; SameSite=Lax")
	s.same("logout", logout, "shop=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
}

func sameSite(s *scene) {
	login, _ := s.setBy(sessionstore.SameSite(http.SameSiteStrictMode))
	s.same("strict", login, "__Host-session=TOKEN; Path=/; HttpOnly; Secure; SameSite=Strict")
	login, _ = s.setBy(sessionstore.SameSite(http.SameSiteNoneMode))
	s.same("none", login, "__Host-session=TOKEN; Path=/; HttpOnly; Secure; SameSite=None")
}

func kindsOfCookie(s *scene) {
	secure, plain := s.loggedIn(s.store()), s.loggedIn(s.store(sessionstore.InsecurePlainHTTP()))
	secure.on(plain.store).mustNotAsk("the cookie for HTTPS, over plain HTTP")
	plain.on(secure.store).mustNotAsk("the cookie for plain HTTP, over HTTPS")
}

// The late answer of an old tab would otherwise take away a new login.
func quietCookie(s *scene) {
	b := s.loggedIn(s.store())
	for _, what := range []string{"alive", "dead"} {
		err := b.batch(sessionstore.Incr("n", 1))
		if b.setCookie() != "" {
			s.Errorf("a visit to a session that is %s (%v) sets the cookie", what, err)
		}
		s.must(b.store.RevokeAll(s.ctx, s.username))
	}
}
