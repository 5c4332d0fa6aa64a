package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"example.com/session-workshop/sessionstore"
)

// browser carries the store's cookie from one request to the next.
type browser struct {
	*scene
	store  *store
	cookie string                     // name=value, or empty
	answer *httptest.ResponseRecorder // to the last request
}

func (s *scene) browser(store *store) *browser { return &browser{scene: s, store: store} }

// loggedIn returns a browser in which the user of this scene is logged in.
func (s *scene) loggedIn(store *store) *browser {
	s.Helper()
	return s.loggedInAs(s.username, store)
}

func (s *scene) loggedInAs(username string, store *store) *browser {
	s.Helper()
	b := s.browser(store)
	b.login(username)
	return b
}

// loggedInRepeatedly logs one user in n times and returns the browsers, the oldest
// session first.
func (s *scene) loggedInRepeatedly(n int, username string, store *store) []*browser {
	s.Helper()
	var browsers []*browser
	for range n {
		browsers = append(browsers, s.loggedInAs(username, store))
		s.waitForClock()
	}
	return browsers
}

// at returns a browser with the same cookie at another store.
func (b *browser) at(other *store) *browser {
	twin := *b
	twin.store = other
	return &twin
}

// copied returns another browser with a copy of the current cookie.
func (b *browser) copied() *browser { return b.at(b.store) }

// cookieName is the default of a store.
const cookieName = "__Host-session"

// setToken replaces the cookie of the store by one with this value.
func (b *browser) setToken(value string) { b.cookie = cookieName + "=" + value }

func (b *browser) token() string {
	_, token, _ := strings.Cut(b.cookie, "=")
	return token
}

func (b *browser) handle() string { return digest(b.token()) }

func (b *browser) key() string { return b.scene.key(b.token()) }

// request begins a request and returns its session.
func (b *browser) request() *sessionstore.Session {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if b.cookie != "" {
		r.Header.Set("Cookie", b.cookie)
	}
	b.answer = httptest.NewRecorder()
	return b.store.Of(b.answer, r)
}

// act is what a request does with its session.
type act = func(*sessionstore.Session, context.Context) error

// change changes one field: op in a batch, alone by a method of its own.
type change struct {
	op    sessionstore.Op
	alone act
}

func set(field, value string) change {
	return change{sessionstore.Set(field, value), func(s *sessionstore.Session, ctx context.Context) error {
		return s.Set(ctx, field, value)
	}}
}

func incr(field string, n int64) change {
	return change{sessionstore.Incr(field, n), func(s *sessionstore.Session, ctx context.Context) error {
		sum, err := s.Incr(ctx, field, n)
		return without(err, sum == 0)
	}}
}

func remove(field string) change {
	return change{sessionstore.Delete(field), func(s *sessionstore.Session, ctx context.Context) error {
		return s.Delete(ctx, field)
	}}
}

func get(s *sessionstore.Session, ctx context.Context) error {
	value, err := s.Get(ctx, "f")
	return without(err, value == "")
}

func batch(ops ...sessionstore.Op) act {
	return func(s *sessionstore.Session, ctx context.Context) error { return s.Batch(ctx, ops...) }
}

// without returns err. If there is also an answer, it returns an error that no
// test expects.
func without(err error, answerIsEmpty bool) error {
	if err != nil && !answerIsEmpty {
		return fmt.Errorf("the call returned both an answer and the error %v", err)
	}
	return err
}

// visits has every method that visits a session.
var visits = map[string]act{
	"Refresh": (*sessionstore.Session).Refresh,
	"Get":     get,
	"Set":     set("f", "x").alone,
	"Incr":    incr("n", 1).alone,
	"Delete":  remove("f").alone,
	"Batch":   batch(sessionstore.Set("f", "x")),
}

// do makes a request and stores the cookie that the answer sets.
func (b *browser) do(act act) error {
	err := act(b.request(), b.ctx)
	for _, c := range b.answer.Result().Cookies() {
		if c.MaxAge < 0 {
			b.cookie = ""
		} else {
			b.cookie = c.Name + "=" + c.Value
		}
	}
	return err
}

func (b *browser) login(username string) {
	b.Helper()
	b.must(b.tryLogin(username))
	if b.cookie == "" {
		b.Fatal("the login set no cookie")
	}
}

func (b *browser) tryLogin(username string) error {
	return b.do(func(s *sessionstore.Session, ctx context.Context) error { return s.Login(ctx, username) })
}

// logout visits the session first, as most requests do.
func (b *browser) logout() {
	b.Helper()
	b.must(b.do(func(s *sessionstore.Session, ctx context.Context) error {
		return errors.Join(s.Refresh(ctx), s.Logout(ctx))
	}))
}

func (b *browser) batch(ops ...sessionstore.Op) error { return b.do(batch(ops...)) }

func (b *browser) get(field string) (value string) {
	b.Helper()
	b.must(b.do(func(s *sessionstore.Session, ctx context.Context) (err error) {
		value, err = s.Get(ctx, field)
		return err
	}))
	return value
}

// isLoggedIn visits the session.
func (b *browser) isLoggedIn() bool {
	b.Helper()
	err := b.batch()
	if err != nil && !errors.Is(err, sessionstore.ErrNoSession) {
		b.Fatal(err)
	}
	return err == nil
}

func (b *browser) wantLoggedIn(loggedIn bool, who string) {
	b.Helper()
	if b.isLoggedIn() != loggedIn {
		b.Errorf("%s: logged in: %t, want %t", who, !loggedIn, loggedIn)
	}
}

// wantNoCommand fails the test if do sends a command to Redis.
func (b *browser) wantNoCommand(what string, do func()) {
	b.Helper()
	before := b.store.calls.Load()
	do()
	if n := b.store.calls.Load() - before; n != 0 {
		b.Errorf("%s: the store sent %d commands to Redis, want none", what, n)
	}
}
