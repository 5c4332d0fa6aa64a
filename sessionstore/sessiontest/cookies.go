package sessiontest

import (
	"net/http"
	"strings"

	"example.com/session-workshop/sessionstore"
)

var cookies = []test{
	{"the default cookie is the safest", defaultCookie},
	{"the cookie for plain HTTP", plainCookie},
	{"SameSite can be chosen", sameSite},
	{"the cookies for HTTP and HTTPS are separate", kindsOfCookie},
	{"only a login and a logout set the cookie", quietCookie},
}

// setCookies returns the Set-Cookie headers of a login and of a logout, with TOKEN in
// place of the token.
func (s *scene) setCookies(options ...sessionstore.Option) (login, logout string) {
	s.Helper()
	b := s.loggedIn(s.store(options...))
	login = strings.Replace(b.setCookie(), b.token(), "TOKEN", 1)
	s.must(b.do((*sessionstore.Session).Logout))
	return login, b.setCookie()
}

func (b *browser) setCookie() string {
	return strings.Join(b.answer.Header().Values("Set-Cookie"), " and ")
}

// Without Max-Age and Expires the cookie ends with the browser. The prefix __Host-
// requires Secure, Path=/ and no Domain.
func defaultCookie(s *scene) {
	login, logout := s.setCookies()
	s.wantEqual("login", login, "__Host-session=TOKEN; Path=/; HttpOnly; Secure; SameSite=Lax")
	s.wantEqual("logout", logout, "__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax")
	login, _ = s.setCookies(sessionstore.CookieName("shop"))
	s.wantEqual("with a name", login, "__Host-shop=TOKEN; Path=/; HttpOnly; Secure; SameSite=Lax")
}

func plainCookie(s *scene) {
	login, logout := s.setCookies(sessionstore.InsecurePlainHTTP(), sessionstore.CookieName("shop"))
	s.wantEqual("login", login, "shop=TOKEN; Path=/; HttpOnly; SameSite=Lax")
	s.wantEqual("logout", logout, "shop=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
}

func sameSite(s *scene) {
	login, _ := s.setCookies(sessionstore.SameSite(http.SameSiteStrictMode))
	s.wantEqual("strict", login, "__Host-session=TOKEN; Path=/; HttpOnly; Secure; SameSite=Strict")
	login, _ = s.setCookies(sessionstore.SameSite(http.SameSiteNoneMode))
	s.wantEqual("none", login, "__Host-session=TOKEN; Path=/; HttpOnly; Secure; SameSite=None")
}

func kindsOfCookie(s *scene) {
	secure, plain := s.loggedIn(s.store()), s.loggedIn(s.store(sessionstore.InsecurePlainHTTP()))
	secure.at(plain.store).wantIgnored("the cookie for HTTPS, over plain HTTP")
	plain.at(secure.store).wantIgnored("the cookie for plain HTTP, over HTTPS")
}

// Otherwise the late answer of an old tab could replace the cookie of a new login.
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
