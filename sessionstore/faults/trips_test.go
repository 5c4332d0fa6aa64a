package faults

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/loopback"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/sessionstore"
	"example.com/session-workshop/sessionstore/faults/internal/visit"
)

// trips counts round trips of a store. Its connections are open, and Redis knows its
// scripts.
type trips struct {
	*testing.T
	ctx    context.Context
	wire   *wire.Wire
	store  *sessionstore.Store
	admin  redis.UniversalClient
	prefix string
}

func newTrips(t *testing.T, r *redistest.Redis, own ...sessionstore.Option) *trips {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	o := options(t, r.URL)
	w, prefix := redistest.OpenWire(t, o.Addr), "sessiontest:"+rand.Text()+":"
	o.Addr = w.Addr
	store := newStoreOn(t, connect(t, o), append(own, sessionstore.KeyPrefix(prefix))...)
	s := &trips{t, ctx, w, store, r.Client, prefix}
	// A script that Redis does not know yet takes one more round trip.
	for _, source := range sessionstore.Scripts() {
		s.must(r.Client.ScriptLoad(ctx, source).Err())
	}
	// Single commands and pipelines may use different connections.
	for range 2 {
		b := s.loggedIn("warm")
		s.must(b.Login(ctx, "warm"))
		s.must(b.Session().Refresh(ctx))
		s.must(store.RevokeAll(ctx, "warm"))
	}
	return s
}

func (s *trips) browser() *visit.Browser { return &visit.Browser{Store: s.store} }

func (s *trips) loggedIn(username string) *visit.Browser {
	s.Helper()
	b := s.browser()
	s.must(b.Login(s.ctx, username))
	s.Cleanup(func() { _ = s.store.RevokeAll(context.Background(), username) })
	return b
}

// expire removes a session, as its TTL would.
func (s *trips) expire(b *visit.Browser) {
	s.Helper()
	if n, err := s.admin.Unlink(s.ctx, s.prefix+b.Session().Handle()).Result(); err != nil || n != 1 {
		s.Fatalf("UNLINK removed %d sessions: %v", n, err)
	}
}

func (s *trips) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// wantTrips fails the test unless do takes this many round trips and returns wantErr.
func (s *trips) wantTrips(want int64, what string, do func() error, wantErr error) {
	s.Helper()
	var err error
	connections := s.wire.Connections()
	if got := s.wire.During(func() { err = do() }); got != want {
		s.Errorf("%s took %d round trips, want %d", what, got, want)
	}
	if n := s.wire.Connections() - connections; n != 0 {
		s.Errorf("%s opened %d connections", what, n)
	}
	if !errors.Is(err, wantErr) {
		s.Errorf("%s: the error is %v, want %v", what, err, wantErr)
	}
}

// A call is sent again if its connection breaks. If no connection can be made, more
// attempts would only make the user wait longer.
func TestAFailedDialIsNotRepeated(t *testing.T) {
	closed := loopback.Closed(t)
	var dials atomic.Int64
	store := newStoreOn(t, connect(t, &redis.Options{
		MaxRetries: -1, DialerRetries: 1,
		Dialer: func(ctx context.Context, network, _ string) (net.Conn, error) {
			dials.Add(1)
			return new(net.Dialer).DialContext(ctx, network, closed)
		},
	}))
	if _, err := store.List(t.Context(), "aaa"); !errors.Is(err, sessionstore.ErrUnavailable) {
		t.Errorf("the error is %v, want ErrUnavailable", err)
	}
	if n := dials.Load(); n != 1 {
		t.Errorf("the client dialed %d times, want once", n)
	}
}

func TestRoundTripsOfAVisit(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		s := newTrips(t, r)
		b := s.loggedIn("aaa")
		var v *sessionstore.Session
		s.wantTrips(0, "Of", func() error { v = b.Session(); return nil }, nil)
		s.wantTrips(1, "Get", func() error { _, err := v.Get(s.ctx, "f"); return err }, nil)
		s.wantTrips(1, "Set", func() error { return v.Set(s.ctx, "f", "x") }, nil)
		s.wantTrips(1, "Incr", func() error { _, err := v.Incr(s.ctx, "n", 1); return err }, nil)
		s.wantTrips(1, "Delete", func() error { return v.Delete(s.ctx, "f") }, nil)
		s.wantTrips(1, "Refresh", func() error { return v.Refresh(s.ctx) }, nil)
		s.wantTrips(1, "Batch", func() error {
			return v.Batch(s.ctx, sessionstore.Set("f", "x"), sessionstore.Incr("n", 1), sessionstore.Delete("g"))
		}, nil)
		s.wantTrips(1, "a batch that Redis refuses", func() error { _, err := v.Incr(s.ctx, "f", 1); return err }, sessionstore.ErrField)
		s.wantTrips(0, "a batch with an invalid field", func() error { _, err := v.Incr(s.ctx, "@f", 1); return err }, sessionstore.ErrField)
		s.wantTrips(0, "the values of the last visit", func() error {
			if v.Username() != "aaa" || v.Value("n") != "2" || v.Handle() == "" || !v.Brought() {
				return errors.New("the values are wrong")
			}
			return nil
		}, nil)
		s.wantTrips(1, "a logout", func() error { return v.Logout(s.ctx) }, nil)
		// The second round trip looks for a session of the previous version.
		s.wantTrips(2, "a visit to a dead session", func() error { return b.Session().Refresh(s.ctx) }, sessionstore.ErrNoSession)
		s.wantTrips(1, "a logout of a dead session", func() error { return b.Session().Logout(s.ctx) }, nil)
		b = s.loggedIn("aaa")
		s.wantTrips(2, "a logout that does not know the user yet", func() error { return b.Session().Logout(s.ctx) }, nil)
		for what, cookie := range map[string]string{"no cookie": "", "a misshapen cookie": "__Host-session=x"} {
			b.Cookie = cookie
			s.wantTrips(0, "a visit with "+what, func() error { return b.Session().Refresh(s.ctx) }, sessionstore.ErrNoSession)
			s.wantTrips(0, "a logout with "+what, func() error { return b.Session().Logout(s.ctx) }, nil)
		}
	})
}

func TestRoundTripsOfALogin(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		s := newTrips(t, r, sessionstore.MaxSessions(3))
		first, second, third := s.browser(), s.browser(), s.browser()
		s.Cleanup(func() { _ = s.store.RevokeAll(context.Background(), "aaa") })
		login := func(b *visit.Browser) func() error { return func() error { return b.Login(s.ctx, "aaa") } }
		s.wantTrips(1, "a first login", login(first), nil)
		s.wantTrips(2, "a login that replaces the only session", login(first), nil)
		s.wantTrips(2, "a second browser", login(second), nil)
		s.wantTrips(2, "a login that replaces one of two sessions", login(first), nil)
		s.must(login(third)())
		s.wantTrips(2, "a login beyond the limit", login(s.browser()), nil)
		s.must(s.store.RevokeAll(s.ctx, "aaa"))
		s.must(login(first)())
		s.expire(first)
		s.wantTrips(2, "a login that finds a dead entry", login(second), nil)
		s.must(second.Logout(s.ctx))
		s.wantTrips(1, "a login after a logout", login(second), nil)
		s.wantTrips(2, "a login that replaces a session of another user", func() error { return second.Login(s.ctx, "bbb") }, nil)
		s.must(s.store.RevokeAll(s.ctx, "bbb"))
	})
}

func TestRoundTripsOfRevocation(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		s := newTrips(t, r)
		list := func() error { _, err := s.store.List(s.ctx, "aaa"); return err }
		s.wantTrips(1, "List of a user without sessions", list, nil)
		s.wantTrips(1, "RevokeAll of a user without sessions", func() error { return s.store.RevokeAll(s.ctx, "aaa") }, nil)
		one, two, three := s.loggedIn("aaa"), s.loggedIn("aaa"), s.loggedIn("aaa")
		s.wantTrips(1, "List", list, nil)
		s.expire(three)
		s.wantTrips(1, "List with a dead entry", list, nil)
		s.wantTrips(1, "Revoke", func() error { return s.store.Revoke(s.ctx, "aaa", one.Session().Handle()) }, nil)
		s.wantTrips(1, "Revoke of an unknown handle", func() error { return s.store.Revoke(s.ctx, "aaa", one.Session().Handle()) }, sessionstore.ErrNoSession)
		s.loggedIn("aaa")
		s.loggedIn("aaa")
		s.wantTrips(1, "RevokeOthers", func() error { return s.store.RevokeOthers(s.ctx, "aaa", two.Session().Handle()) }, nil)
		s.wantTrips(1, "RevokeOthers without other sessions", func() error { return s.store.RevokeOthers(s.ctx, "aaa", two.Session().Handle()) }, nil)
		s.wantTrips(1, "RevokeAll", func() error { return s.store.RevokeAll(s.ctx, "aaa") }, nil)
	})
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
