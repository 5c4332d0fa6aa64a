// Package visit is a browser for the tests of this module: it carries a store's
// cookie from one request to the next, without a server.
package visit

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"

	"example.com/session-workshop/sessionstore"
)

// Browser knows one cookie.
type Browser struct {
	Store *sessionstore.Store
	// Cookie is the header that it sends, name=value; empty for none.
	Cookie string
}

// Token is the value of the cookie.
func (b *Browser) Token() string {
	_, token, _ := strings.Cut(b.Cookie, "=")
	return token
}

// Request is the session of a new request, and what answers it.
func (b *Browser) Request() (*sessionstore.Session, *httptest.ResponseRecorder) {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	if b.Cookie != "" {
		r.Header.Set("Cookie", b.Cookie)
	}
	return b.Store.Of(w, r), w
}

// Session is that of a new request. What becomes of the cookie is lost.
func (b *Browser) Session() *sessionstore.Session {
	session, _ := b.Request()
	return session
}

// Do is a whole request, after which the browser has the cookie that it was told
// to have.
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

// Login is one in a request of its own.
func (b *Browser) Login(ctx context.Context, username string) error {
	return b.Do(func(s *sessionstore.Session) error { return s.Login(ctx, username) })
}

// Logout is one in a request that has not visited the session before.
func (b *Browser) Logout(ctx context.Context) error {
	return b.Do(func(s *sessionstore.Session) error { return s.Logout(ctx) })
}
