package faults

import (
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
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
		until(t, "the session is there again", func() bool {
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
		is(t, "the first login after Redis is back", b.login(t.Context(), "aaa"), nil)
		is(t, "a visit after it", b.refresh(t.Context()), nil)
	})
}

// mustMeetAnOutage calls everything while Redis is away.
func (b *browser) mustMeetAnOutage() {
	b.t.Helper()
	cookie, timeout := b.cookie, 200*time.Millisecond
	for name, call := range everyVisit {
		ctx := within(b.t, timeout)
		is(b.t, name, b.do(func(s *sessionstore.Session) error { return call(ctx, s) }), sessionstore.ErrUnavailable)
		if b.cookie != cookie {
			b.t.Fatalf("%s changed the cookie", name)
		}
	}
	handle := b.session().Handle()
	_, err := b.store.List(within(b.t, timeout), "aaa")
	is(b.t, "List", err, sessionstore.ErrUnavailable)
	is(b.t, "Revoke", b.store.Revoke(within(b.t, timeout), "aaa", handle), sessionstore.ErrUnavailable)
	is(b.t, "RevokeAll", b.store.RevokeAll(within(b.t, timeout), "aaa"), sessionstore.ErrUnavailable)
	is(b.t, "RevokeOthers", b.store.RevokeOthers(within(b.t, timeout), "aaa", handle), sessionstore.ErrUnavailable)
}

func TestABrowserThatLeavesIsNoOutage(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	wire := new(wire)
	b := loggedIn(t, wire.store(t, server), "aaa")
	must(t, b.refresh(t.Context()))
	for _, name := range []string{"Refresh", "Get", "Set", "Incr", "Delete"} {
		server.Pause()
		err := wire.leave(t, func(ctx context.Context) error { return everyVisit[name](ctx, b.session()) })
		server.Resume()
		is(t, name, err, context.Canceled)
		if errors.Is(err, sessionstore.ErrUnavailable) {
			t.Errorf("%s: that the browser has left is called an outage: %v", name, err)
		}
	}
}

func TestLoginAndLogoutGoOnWhenTheBrowserLeaves(t *testing.T) {
	server := redistest.StartServer(t)
	wire := new(wire)
	b := loggedIn(t, wire.store(t, server), "aaa")
	old := *b
	// A user with two sessions: the login takes all its round trips.
	loggedIn(t, b.store, "aaa")

	server.Pause()
	done := wire.leaveAsync(t, func(ctx context.Context) error { return b.login(ctx, "aaa") })
	server.Resume()
	must(t, <-done)
	if b.cookie == old.cookie {
		t.Fatal("the login set no cookie")
	}
	is(t, "a visit after the login", b.refresh(t.Context()), nil)
	is(t, "a visit with the old session", old.refresh(t.Context()), sessionstore.ErrNoSession)

	copied := *b
	server.Pause()
	done = wire.leaveAsync(t, func(ctx context.Context) error { return b.logout(ctx) })
	server.Resume()
	must(t, <-done)
	if b.cookie != nil {
		t.Error("the logout left the cookie")
	}
	is(t, "a visit after the logout", copied.refresh(t.Context()), sessionstore.ErrNoSession)
}

// wire tells when the store has sent something, and can keep back the replies.
type wire struct {
	sent atomic.Int64
	// deafAt is after how much that was sent no reply comes any more.
	deafAt atomic.Int64
}

// store is one whose client waits long enough for a browser to leave.
func (w *wire) store(t *testing.T, server *redistest.Server) *sessionstore.Store {
	options := recommended(server.Addr)
	options.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, network, addr)
		return watchedConn{conn, w}, err
	}
	return sessionstore.New(connect(t, options))
}

type watchedConn struct {
	net.Conn
	wire *wire
}

func (c watchedConn) Write(p []byte) (int, error) {
	defer c.wire.sent.Add(1)
	return c.Conn.Write(p)
}

func (c watchedConn) Read(p []byte) (int, error) {
	if at := c.wire.deafAt.Load(); at > 0 && c.wire.sent.Load() >= at {
		return 0, os.ErrDeadlineExceeded
	}
	return c.Conn.Read(p)
}

// leave makes a call and cancels its context as soon as something is sent.
func (w *wire) leave(t *testing.T, call func(context.Context) error) error {
	t.Helper()
	return <-w.leaveAsync(t, call)
}

// leaveAsync is the same, but returns when the context is cancelled.
func (w *wire) leaveAsync(t *testing.T, call func(context.Context) error) <-chan error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := w.sent.Load()
	done := make(chan error, 1)
	go func() { done <- call(ctx) }()
	until(t, "the store sends something", func() bool { return w.sent.Load() > before })
	return done
}
