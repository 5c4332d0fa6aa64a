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
	b := s.browser(s.store(options...))
	request, w := b.request()
	s.must(request.Login(s.ctx, s.username))
	set := w.Result().Cookies()
	if len(set) != 1 {
		s.Fatalf("a login sets %d cookies", len(set))
	}
	login = strings.Replace(w.Header().Get("Set-Cookie"), set[0].Value, "TOKEN", 1)
	b.cookie = set[0].Name + "=" + set[0].Value
	request, w = b.request()
	s.must(request.Logout(s.ctx))
	return login, strings.Join(w.Header().Values("Set-Cookie"), " and ")
}

func (s *scene) same(what, got, want string) {
	s.Helper()
	if got != want {
		s.Errorf("%s: %q, want %q", what, got, want)
	}
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
	store := s.store()
	b := s.loggedIn(store)
	for _, what := range []string{"alive", "dead"} {
		request, w := b.request()
		err := request.Batch(s.ctx, sessionstore.Incr("n", 1))
		if set := w.Header().Values("Set-Cookie"); len(set) != 0 {
			s.Errorf("a visit to a session that is %s (%v) sets the cookie", what, err)
		}
		s.must(store.RevokeAll(s.ctx, s.username))
	}
}
