// Package visit is a browser for the tests of this module. It keeps the cookie of a
// store from one request to the next, without a server.
package visit

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"

	"example.com/session-workshop/sessionstore"
)

// Browser keeps one cookie.
type Browser struct {
	Store *sessionstore.Store
	// Cookie is the Cookie header of its requests, name=value; empty for none.
	Cookie string
}

// Token is the value of the cookie.
func (b *Browser) Token() string {
	_, token, _ := strings.Cut(b.Cookie, "=")
	return token
}

// Request returns the session of a new request, and the recorder of its answer.
func (b *Browser) Request() (*sessionstore.Session, *httptest.ResponseRecorder) {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	if b.Cookie != "" {
		r.Header.Set("Cookie", b.Cookie)
	}
	return b.Store.Of(w, r), w
}

// Session returns the session of a new request. The Browser does not see a cookie
// that the answer sets.
func (b *Browser) Session() *sessionstore.Session {
	session, _ := b.Request()
	return session
}

// Do makes a whole request and stores the cookie that the answer sets.
func (b *Browser) Do(act func(*sessionstore.Session) error) error {
	session, w := b.Request()
	err := act(session)
	for _, c := range w.Result().Cookies() {
		b.Cookie = c.Name + "=" + c.Value
		if c.MaxAge < 0 {
			b.Cookie = ""
		}
	}
	return err
}

// Login logs in, in a request of its own.
func (b *Browser) Login(ctx context.Context, username string) error {
	return b.Do(func(s *sessionstore.Session) error { return s.Login(ctx, username) })
}

// Logout logs out, in a request that has not visited the session.
func (b *Browser) Logout(ctx context.Context) error {
	return b.Do(func(s *sessionstore.Session) error { return s.Logout(ctx) })
}
