package faults

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/sessionstore"
)

// everyVisit are the methods of a session that a page calls.
var everyVisit = map[string]func(context.Context, *sessionstore.Session) error{
	"Refresh": func(ctx context.Context, s *sessionstore.Session) error { return s.Refresh(ctx) },
	"Get":     func(ctx context.Context, s *sessionstore.Session) error { _, err := s.Get(ctx, "visits"); return err },
	"Set":     func(ctx context.Context, s *sessionstore.Session) error { return s.Set(ctx, "color", "red") },
	"Incr": func(ctx context.Context, s *sessionstore.Session) error {
		_, err := s.Incr(ctx, "visits", 1)
		return err
	},
	"Delete": func(ctx context.Context, s *sessionstore.Session) error { return s.Delete(ctx, "color") },
	"Login":  func(ctx context.Context, s *sessionstore.Session) error { return s.Login(ctx, "aaa") },
	"Logout": func(ctx context.Context, s *sessionstore.Session) error { return s.Logout(ctx) },
}

func TestRedisIsDownAndComesBack(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	t.Run("dead", func(t *testing.T) {
		// The file keeps the sessions, as a replica would.
		server := redistest.StartServer(t, "--appendonly", "yes", "--appendfsync", "always")
		b := loggedIn(t, newStore(t, server), "aaa")
		server.Kill()
		b.mustMeetAnOutage()
		server.Restart()
		// The library asks once a second whether it may connect again.
		wait.For(t, "the session is there again", func() bool {
			err := b.refresh(t.Context())
			if err != nil {
				is(t, "a visit before the library has seen that Redis is back", err, sessionstore.ErrUnavailable)
			}
			return err == nil
		})
	})
	t.Run("hung", func(t *testing.T) {
		server := redistest.StartServer(t)
		b := loggedIn(t, newStore(t, server), "aaa")
		server.Pause()
		b.mustMeetAnOutage()
		server.Resume()
		// A logout that was sent to it is done when it goes on, so there may be
		// no session; but there is an answer.
		if err := b.refresh(t.Context()); errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("the first visit after Redis is back: %v", err)
		}
		is(t, "the first login after Redis is back", b.Login(t.Context(), "aaa"), nil)
		is(t, "a visit after it", b.refresh(t.Context()), nil)
	})
}

// mustMeetAnOutage calls everything while Redis is away.
func (b *browser) mustMeetAnOutage() {
	b.t.Helper()
	cookie, timeout := b.Cookie, 200*time.Millisecond
	for name, call := range everyVisit {
		ctx := within(b.t, timeout)
		is(b.t, name, b.Do(func(s *sessionstore.Session) error { return call(ctx, s) }), sessionstore.ErrUnavailable)
		if b.Cookie != cookie {
			b.t.Fatalf("%s changed the cookie", name)
		}
	}
	handle := b.Session().Handle()
	_, err := b.Store.List(within(b.t, timeout), "aaa")
	is(b.t, "List", err, sessionstore.ErrUnavailable)
	is(b.t, "Revoke", b.Store.Revoke(within(b.t, timeout), "aaa", handle), sessionstore.ErrUnavailable)
	is(b.t, "RevokeAll", b.Store.RevokeAll(within(b.t, timeout), "aaa"), sessionstore.ErrUnavailable)
	is(b.t, "RevokeOthers", b.Store.RevokeOthers(within(b.t, timeout), "aaa", handle), sessionstore.ErrUnavailable)
}

func TestABrowserThatLeavesIsNoOutage(t *testing.T) {
	t.Parallel()
	w, store := behindWire(t)
	b := loggedIn(t, store, "aaa")
	must(t, b.refresh(t.Context()))
	for _, name := range []string{"Refresh", "Get", "Set", "Incr", "Delete"} {
		done, held := leave(t, w, func(ctx context.Context) error { return everyVisit[name](ctx, b.Session()) })
		err := <-done
		held.Release()
		is(t, name, err, context.Canceled)
		if errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("%s: that the browser has left is called an outage: %v", name, err)
		}
	}
}

func TestLoginAndLogoutGoOnWhenTheBrowserLeaves(t *testing.T) {
	w, store := behindWire(t)
	b := loggedIn(t, store, "aaa")
	old := *b
	// A user with two sessions: the login takes all its round trips.
	loggedIn(t, b.Store, "aaa")

	done, held := leave(t, w, func(ctx context.Context) error { return b.Login(ctx, "aaa") })
	held.Release()
	must(t, <-done)
	if b.Cookie == old.Cookie {
		t.Fatal("the login set no cookie")
	}
	is(t, "a visit after the login", b.refresh(t.Context()), nil)
	is(t, "a visit with the old session", old.refresh(t.Context()), sessionstore.ErrNoSession)

	copied := *b
	done, held = leave(t, w, func(ctx context.Context) error { return b.Logout(ctx) })
	held.Release()
	must(t, <-done)
	if b.Cookie != "" {
		t.Error("the logout left the cookie")
	}
	is(t, "a visit after the logout", copied.refresh(t.Context()), sessionstore.ErrNoSession)
}

// behindWire is a store on a server of the test's own, behind a wire.
func behindWire(t *testing.T) (*wire.Wire, *sessionstore.Store) {
	w := redistest.OpenWire(t, redistest.StartServer(t).Addr)
	return w, newStoreOn(t, connect(t, recommended(w.Addr)))
}

// leave makes a call and cancels its context as soon as something is sent, which
// Redis does not get until it is released.
func leave(t *testing.T, w *wire.Wire, call func(context.Context) error) (done <-chan error, held *wire.Held) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	held = w.Hold(1)
	ended := make(chan error, 1)
	go func() { ended <- call(ctx) }()
	select {
	case <-held.Arrived():
	case err := <-ended:
		t.Fatalf("it has sent nothing, and returned %v", err)
	}
	return ended, held
}
