package sessiontest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"

	"example.com/session-workshop/sessionstore"
)

var requests = []test{
	{"a request knows who has just logged in", knownAfterLogin},
	{"a session revokes the others of its user, and all of them", revokedBySession},
	{"an empty name is refused by every call that takes one", emptyNames},
	{"all calls of Of inside Handler are one session", oneSession},
}

func knownAfterLogin(s *scene) {
	b := s.browser(s.store())
	s.must(b.do(func(a *sessionstore.Session, ctx context.Context) error {
		err := a.Login(ctx, s.username)
		s.same("Username after the login", a.Username(), s.username)
		s.same("the handle", a.Handle(), digest(b.answered()))
		fields := [2]string{a.Value("@created"), a.Value("@end")}
		s.must(a.Refresh(ctx))
		if read := [2]string{a.Value("@created"), a.Value("@end")}; fields != read || read[0] == "" {
			s.Errorf("the times are %v after the login, and %v after a visit", fields, read)
		}
		return errors.Join(err, a.Logout(ctx))
	}))
	s.lists(b.store, s.username)
}

// answered is the token in the answer to the request under way.
func (b *browser) answered() string {
	for _, c := range b.answer.Result().Cookies() {
		return c.Value
	}
	return ""
}

func revokedBySession(s *scene) {
	store := s.store()
	one, two, other := s.loggedIn(store), s.loggedIn(store), s.loggedInAs("other-"+s.username, store)
	// No visit has read who it is.
	s.must(one.do((*sessionstore.Session).RevokeOthers))
	one.mustBe(true, "the session itself, after RevokeOthers")
	two.mustBe(false, "the other, after RevokeOthers")
	copied := one.copied()
	s.must(one.do((*sessionstore.Session).RevokeAll))
	copied.mustBe(false, "the session itself, after RevokeAll")
	other.mustBe(true, "another user")
	for name, revoke := range map[string]act{
		"RevokeAll": (*sessionstore.Session).RevokeAll, "RevokeOthers": (*sessionstore.Session).RevokeOthers,
	} {
		s.wantErr(name+" of a dead session", copied.do(revoke), sessionstore.ErrNoSession)
		s.wantErr(name+" without a session", s.browser(store).do(revoke), sessionstore.ErrNoSession)
	}
}

func emptyNames(s *scene) {
	b := s.loggedIn(s.store())
	b.asksNothing("invalid names", func() {
		for _, name := range []string{"", strings.Repeat("n", 4097)} {
			_, list := b.store.List(s.ctx, name)
			for call, err := range map[string]error{
				"Login": b.tryLogin(name), "List": list, "Revoke": b.store.Revoke(s.ctx, name, b.handle()),
				"RevokeAll": b.store.RevokeAll(s.ctx, name), "RevokeOthers": b.store.RevokeOthers(s.ctx, name, ""),
			} {
				s.wantErr(call, err, sessionstore.ErrField)
			}
		}
	})
}

func oneSession(s *scene) {
	one, two := s.store(), s.store(sessionstore.CookieName("other"))
	handler := one.Handler(two.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.must(one.Of(w, r).Login(r.Context(), s.username))
		s.same("who another call of Of knows", one.Of(w, r).Username(), s.username)
		if first, second := one.Of(w, r), one.Of(w, r); first != second {
			s.Error("two calls of Of are two sessions")
		}
		if two.Of(w, r).Brought() {
			s.Error("another store has the same session")
		}
	})))
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", nil).WithContext(s.ctx))
	if n := len(answer.Result().Cookies()); n != 1 {
		s.Errorf("the answer sets %d cookies, want 1", n)
	}
}
