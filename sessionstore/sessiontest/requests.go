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
	{"Username is known right after Login", knownAfterLogin},
	{"a session can revoke the other sessions of its user, and all", revokedBySession},
	{"every call refuses an invalid user name", invalidNames},
	{"inside Handler each call of Of returns the same Session", oneSession},
}

func knownAfterLogin(s *scene) {
	b := s.browser(s.store())
	s.must(b.do(func(a *sessionstore.Session, ctx context.Context) error {
		err := a.Login(ctx, s.username)
		s.wantEqual("Username after the login", a.Username(), s.username)
		s.wantEqual("the handle", a.Handle(), digest(b.answeredToken()))
		fields := [2]string{a.Value("@created"), a.Value("@end")}
		s.must(a.Refresh(ctx))
		if read := [2]string{a.Value("@created"), a.Value("@end")}; fields != read || read[0] == "" {
			s.Errorf("the times are %v after the login, and %v after a visit", fields, read)
		}
		return errors.Join(err, a.Logout(ctx))
	}))
	s.wantList(b.store, s.username)
}

// answeredToken returns the token in the answer to the current request.
func (b *browser) answeredToken() string {
	for _, c := range b.answer.Result().Cookies() {
		return c.Value
	}
	return ""
}

func revokedBySession(s *scene) {
	store := s.store()
	one, two, other := s.loggedIn(store), s.loggedIn(store), s.loggedInAs("other-"+s.username, store)
	// No visit has read the name of the user.
	s.must(one.do((*sessionstore.Session).RevokeOthers))
	one.wantLoggedIn(true, "the current session, after RevokeOthers")
	two.wantLoggedIn(false, "the other session, after RevokeOthers")
	copied := one.copied()
	s.must(one.do((*sessionstore.Session).RevokeAll))
	copied.wantLoggedIn(false, "the current session, after RevokeAll")
	other.wantLoggedIn(true, "another user")
	for name, revoke := range map[string]act{
		"RevokeAll": (*sessionstore.Session).RevokeAll, "RevokeOthers": (*sessionstore.Session).RevokeOthers,
	} {
		s.wantErr(name+" of a dead session", copied.do(revoke), sessionstore.ErrNoSession)
		s.wantErr(name+" without a session", s.browser(store).do(revoke), sessionstore.ErrNoSession)
	}
}

func invalidNames(s *scene) {
	b := s.loggedIn(s.store())
	b.wantNoCommand("invalid names", func() {
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
		s.wantEqual("Username by another call of Of", one.Of(w, r).Username(), s.username)
		if first, second := one.Of(w, r), one.Of(w, r); first != second {
			s.Error("two calls of Of returned different sessions")
		}
		if two.Of(w, r).Brought() {
			s.Error("another store got the same session")
		}
	})))
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", nil).WithContext(s.ctx))
	if n := len(answer.Result().Cookies()); n != 1 {
		s.Errorf("the answer sets %d cookies, want 1", n)
	}
}
