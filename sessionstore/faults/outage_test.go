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

// everyVisit has the methods of a session that a page calls.
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
		// The file keeps the sessions across the restart.
		server := redistest.StartServer(t, "--appendonly", "yes", "--appendfsync", "always")
		b := loggedIn(t, newStore(t, server), "aaa")
		server.Kill()
		b.wantOutage()
		server.Restart()
		// The library tries once a second to connect again.
		wait.For(t, "a visit finds the session again", func() bool {
			err := b.refresh(t.Context())
			if err != nil {
				wantErr(t, "a visit before the library has connected again", err, sessionstore.ErrUnavailable)
			}
			return err == nil
		})
	})
	t.Run("hung", func(t *testing.T) {
		server := redistest.StartServer(t)
		b := loggedIn(t, newStore(t, server), "aaa")
		server.Pause()
		b.wantOutage()
		server.Resume()
		// Redis now runs the logout that it got while it hung, so the session may be
		// gone, but Redis answers.
		if err := b.refresh(t.Context()); errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("the first visit after the hang: %v", err)
		}
		wantErr(t, "the first login after the hang", b.Login(t.Context(), "aaa"), nil)
		wantErr(t, "a visit after that login", b.refresh(t.Context()), nil)
	})
}

// wantOutage makes every call while Redis is away.
func (b *browser) wantOutage() {
	b.t.Helper()
	cookie, timeout := b.Cookie, 200*time.Millisecond
	for name, call := range everyVisit {
		ctx := within(b.t, timeout)
		wantErr(b.t, name, b.Do(func(s *sessionstore.Session) error { return call(ctx, s) }), sessionstore.ErrUnavailable)
		if b.Cookie != cookie {
			b.t.Fatalf("%s changed the cookie", name)
		}
	}
	handle := b.Session().Handle()
	_, err := b.Store.List(within(b.t, timeout), "aaa")
	wantErr(b.t, "List", err, sessionstore.ErrUnavailable)
	wantErr(b.t, "Revoke", b.Store.Revoke(within(b.t, timeout), "aaa", handle), sessionstore.ErrUnavailable)
	wantErr(b.t, "RevokeAll", b.Store.RevokeAll(within(b.t, timeout), "aaa"), sessionstore.ErrUnavailable)
	wantErr(b.t, "RevokeOthers", b.Store.RevokeOthers(within(b.t, timeout), "aaa", handle), sessionstore.ErrUnavailable)
}

func TestACanceledRequestIsNotAnOutage(t *testing.T) {
	t.Parallel()
	w, store := behindWire(t)
	b := loggedIn(t, store, "aaa")
	must(t, b.refresh(t.Context()))
	for _, name := range []string{"Refresh", "Get", "Set", "Incr", "Delete"} {
		done, held := leave(t, w, func(ctx context.Context) error { return everyVisit[name](ctx, b.Session()) })
		err := <-done
		held.Release()
		wantErr(t, name, err, context.Canceled)
		if errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("%s: a canceled request counts as an outage: %v", name, err)
		}
		// With Batching all are on one connection: this visit waits for the held one.
		must(t, b.refresh(t.Context()))
	}
}

func TestLoginAndLogoutFinishAfterCancellation(t *testing.T) {
	w, store := behindWire(t)
	b := loggedIn(t, store, "aaa")
	old := *b
	// With two sessions of the user, the login takes all its round trips.
	loggedIn(t, b.Store, "aaa")

	done, held := leave(t, w, func(ctx context.Context) error { return b.Login(ctx, "aaa") })
	held.Release()
	must(t, <-done)
	if b.Cookie == old.Cookie {
		t.Fatal("the login set no cookie")
	}
	wantErr(t, "a visit after the login", b.refresh(t.Context()), nil)
	wantErr(t, "a visit with the old session", old.refresh(t.Context()), sessionstore.ErrNoSession)

	copied := *b
	done, held = leave(t, w, func(ctx context.Context) error { return b.Logout(ctx) })
	held.Release()
	must(t, <-done)
	if b.Cookie != "" {
		t.Error("the logout left the cookie")
	}
	wantErr(t, "a visit after the logout", copied.refresh(t.Context()), sessionstore.ErrNoSession)
}

// behindWire returns a store on a server that only this test uses, behind a wire.
func behindWire(t *testing.T) (*wire.Wire, *sessionstore.Store) {
	w := redistest.OpenWire(t, redistest.StartServer(t).Addr)
	return w, newStoreOn(t, connect(t, recommended(w.Addr)))
}

// leave makes a call and cancels its context as soon as the first request is sent.
// The request reaches Redis when held is released.
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
		t.Fatalf("the call sent nothing and returned %v", err)
	}
	return ended, held
}
