package sessiontest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"

	"example.com/session-workshop/sessionstore"
)

// browser carries the store's cookie from one request to the next.
type browser struct {
	*scene
	store  *store
	cookie string // name=value, or empty
	token  string
}

func (s *scene) browser(store *store) *browser { return &browser{scene: s, store: store} }

// loggedIn is a browser in which the user of this scene has logged in.
func (s *scene) loggedIn(store *store) *browser {
	s.Helper()
	b := s.browser(store)
	b.login(s.username)
	return b
}

// on is a browser with the same cookie that meets another store.
func (b *browser) on(other *store) *browser {
	twin := *b
	twin.store = other
	return &twin
}

// request is the session that a request of this browser gets.
func (b *browser) request() (*sessionstore.Session, *httptest.ResponseRecorder) {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	if b.cookie != "" {
		r.Header.Set("Cookie", b.cookie)
	}
	return b.store.Of(w, r), w
}

// do is a request, after which the browser keeps what it was told to keep.
func (b *browser) do(act func(context.Context, *sessionstore.Session) error) error {
	request, w := b.request()
	err := act(b.ctx, request)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			b.cookie, b.token = "", ""
		} else {
			b.cookie, b.token = c.Name+"="+c.Value, c.Value
		}
	}
	return err
}

func (b *browser) login(username string) {
	b.Helper()
	b.must(b.tryLogin(username))
	if b.token == "" {
		b.Fatal("a login has set no cookie")
	}
}

func (b *browser) tryLogin(username string) error {
	return b.do(func(ctx context.Context, s *sessionstore.Session) error { return s.Login(ctx, username) })
}

// logout is one in a request that has visited the session before, as most do.
func (b *browser) logout() {
	b.Helper()
	b.must(b.do(func(ctx context.Context, s *sessionstore.Session) error {
		return errors.Join(s.Refresh(ctx), s.Logout(ctx))
	}))
}

func (b *browser) batch(ops ...sessionstore.Op) error {
	return b.do(func(ctx context.Context, s *sessionstore.Session) error { return s.Batch(ctx, ops...) })
}

func (b *browser) get(field string) (value string) {
	b.Helper()
	b.must(b.do(func(ctx context.Context, s *sessionstore.Session) (err error) {
		value, err = s.Get(ctx, field)
		return err
	}))
	return value
}

// isLoggedIn is a visit.
func (b *browser) isLoggedIn() bool {
	b.Helper()
	err := b.batch()
	if err != nil && !errors.Is(err, sessionstore.ErrNoSession) {
		b.Fatal(err)
	}
	return err == nil
}

func (b *browser) mustBe(loggedIn bool, who string) {
	b.Helper()
	if b.isLoggedIn() != loggedIn {
		b.Errorf("%s: logged in is %t, want %t", who, !loggedIn, loggedIn)
	}
}

func (b *browser) handle() string { return digest(b.token) }

func (b *browser) key() string { return b.scene.key(b.token) }
