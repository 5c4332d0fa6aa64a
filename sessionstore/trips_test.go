package sessionstore_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/sessionstore"
)

// wire counts round trips on the connections of a client, whatever the client
// library believes to do: it spoke, and heard something before it spoke again.
type wire struct{ trips, dials atomic.Int64 }

func (w *wire) on(o *redis.Options) *redis.Options {
	dial := redis.NewDialer(o)
	o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		w.dials.Add(1)
		conn, err := dial(ctx, network, addr)
		return &tapped{Conn: conn, wire: w}, err
	}
	return o
}

type tapped struct {
	net.Conn
	wire  *wire
	asked atomic.Bool
}

func (c *tapped) Write(p []byte) (int, error) {
	if !c.asked.Swap(true) {
		c.wire.trips.Add(1)
	}
	return c.Conn.Write(p)
}

func (c *tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.asked.Store(false)
	}
	return n, err
}

// visitor is one browser and the session of its present request.
type visitor struct {
	*sessionstore.Session
	store  *sessionstore.Store
	cookie string
}

func (v *visitor) request() *sessionstore.Session {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if v.cookie != "" {
		r.Header.Set("Cookie", v.cookie)
	}
	v.Session = v.store.Of(httptest.NewRecorder(), r)
	return v.Session
}

// login is one in a request of its own, after which the browser has the cookie.
func (v *visitor) login(ctx context.Context, username string) error {
	r, w := httptest.NewRequest(http.MethodPost, "/", nil), httptest.NewRecorder()
	if v.cookie != "" {
		r.Header.Set("Cookie", v.cookie)
	}
	err := v.store.Of(w, r).Login(ctx, username)
	for _, c := range w.Result().Cookies() {
		v.cookie = c.Name + "=" + c.Value
	}
	return err
}

// trips is the scene in which round trips are counted: a store with warm
// connections, whose scripts Redis knows.
type trips struct {
	*testing.T
	ctx    context.Context
	wire   *wire
	store  *sessionstore.Store
	admin  redis.UniversalClient
	prefix string
}

func newTrips(t *testing.T, r *redistest.Redis, own ...sessionstore.Option) *trips {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	w, prefix := new(wire), "sessiontest:"+rand.Text()+":"
	store := sessionstore.New(connect(t, w.on(options(t, r.URL))), append(own, sessionstore.KeyPrefix(prefix))...)
	s := &trips{t, ctx, w, store, r.Client, prefix}
	// One command, and several at once, each know a pool of their own.
	for range 2 {
		v := s.loggedIn("warm")
		s.must(v.login(ctx, "warm"))
		s.must(v.request().Refresh(ctx))
		s.must(store.RevokeAll(ctx, "warm"))
	}
	return s
}

func (s *trips) visitor() *visitor { return &visitor{store: s.store} }

// loggedIn is a visitor whose session a request has loaded.
func (s *trips) loggedIn(username string) *visitor {
	s.Helper()
	v := s.visitor()
	s.must(v.login(s.ctx, username))
	s.must(v.request().Refresh(s.ctx))
	s.Cleanup(func() { _ = s.store.RevokeAll(context.Background(), username) })
	return v
}

// lose removes a session as its TTL would.
func (s *trips) lose(v *visitor) {
	s.Helper()
	if n, err := s.admin.Unlink(s.ctx, s.prefix+v.request().Handle()).Result(); err != nil || n != 1 {
		s.Fatalf("UNLINK removed %d sessions: %v", n, err)
	}
}

func (s *trips) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// take fails the test unless do takes so many round trips and returns an error
// that is wantErr.
func (s *trips) take(want int64, what string, do func() error, wantErr error) {
	s.Helper()
	trips, dials := s.wire.trips.Load(), s.wire.dials.Load()
	err := do()
	if got := s.wire.trips.Load() - trips; got != want {
		s.Errorf("%s took %d round trips, want %d", what, got, want)
	}
	if n := s.wire.dials.Load() - dials; n != 0 {
		s.Errorf("%s made %d connections", what, n)
	}
	if !errors.Is(err, wantErr) {
		s.Errorf("%s: the error is %v, want %v", what, err, wantErr)
	}
}

// A call is sent again where a connection breaks. Where none can be made, each
// attempt would only lengthen the outage for the one who waits.
func TestWhereNobodyListensItAsksOnce(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	w := new(wire)
	store := sessionstore.New(connect(t, w.on(&redis.Options{Addr: free.Addr().String(), MaxRetries: -1, DialerRetries: 1})))
	if _, err := store.List(t.Context(), "aaa"); !errors.Is(err, sessionstore.ErrUnavailable) {
		t.Errorf("the error is %v, want ErrUnavailable", err)
	}
	if n := w.dials.Load(); n != 1 {
		t.Errorf("it connected %d times, want once", n)
	}
}

func TestRoundTripsOfAVisit(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		s := newTrips(t, r)
		v := s.loggedIn("aaa")
		s.take(0, "Of", func() error { v.request(); return nil }, nil)
		s.take(1, "Get", func() error { _, err := v.Get(s.ctx, "f"); return err }, nil)
		s.take(1, "Set", func() error { return v.Set(s.ctx, "f", "x") }, nil)
		s.take(1, "Incr", func() error { _, err := v.Incr(s.ctx, "n", 1); return err }, nil)
		s.take(1, "Delete", func() error { return v.Delete(s.ctx, "f") }, nil)
		s.take(1, "Refresh", func() error { return v.Refresh(s.ctx) }, nil)
		s.take(1, "Batch", func() error {
			return v.Batch(s.ctx, sessionstore.Set("f", "x"), sessionstore.Incr("n", 1), sessionstore.Delete("g"))
		}, nil)
		s.take(1, "a batch that Redis refuses", func() error { return v.add(s.ctx, "f") }, sessionstore.ErrField)
		s.take(0, "a batch that cannot be", func() error { return v.add(s.ctx, "@f") }, sessionstore.ErrField)
		s.take(0, "what the visit has read", func() error {
			if v.Username() != "aaa" || v.Value("n") != "2" || v.Handle() == "" || !v.Brought() {
				return errors.New("something else was read")
			}
			return nil
		}, nil)
		s.take(1, "a logout", func() error { return v.Logout(s.ctx) }, nil)
		s.take(1, "a visit to a dead session", func() error { return v.request().Refresh(s.ctx) }, sessionstore.ErrNoSession)
		s.take(1, "a logout that knows no user", func() error { return v.request().Logout(s.ctx) }, nil)
		for what, cookie := range map[string]string{"no cookie": "", "a misshapen cookie": "__Host-session=x"} {
			v.cookie = cookie
			s.take(0, "a visit with "+what, func() error { return v.request().Refresh(s.ctx) }, sessionstore.ErrNoSession)
			s.take(0, "a logout with "+what, func() error { return v.request().Logout(s.ctx) }, nil)
		}
	})
}

// add adds one.
func (v *visitor) add(ctx context.Context, field string) error {
	_, err := v.Incr(ctx, field, 1)
	return err
}

func TestRoundTripsOfALogin(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		s := newTrips(t, r, sessionstore.MaxSessions(3))
		first, second, third := s.visitor(), s.visitor(), s.visitor()
		s.Cleanup(func() { _ = s.store.RevokeAll(context.Background(), "aaa") })
		login := func(v *visitor) func() error { return func() error { return v.login(s.ctx, "aaa") } }
		// An entry whose end has come is dropped on the way.
		ended := redis.Z{Score: float64(time.Now().Add(-time.Hour).UnixMilli()), Member: "ended"}
		s.must(s.admin.ZAdd(s.ctx, s.prefix+"user:"+digest("aaa"), ended).Err())
		s.take(1, "a first login", login(first), nil)
		s.take(2, "a login over one's own session", login(first), nil)
		s.take(2, "a second browser", login(second), nil)
		s.take(2, "a login over one's own of two", login(first), nil)
		s.must(login(third)())
		s.take(3, "a login beyond the limit", login(s.visitor()), nil)
		s.must(s.store.RevokeAll(s.ctx, "aaa"))
		s.must(login(first)())
		s.lose(first)
		s.take(3, "a login that finds a dead entry", login(second), nil)
	})
}

func TestRoundTripsOfRevocation(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		s := newTrips(t, r)
		list := func() error { _, err := s.store.List(s.ctx, "aaa"); return err }
		s.take(1, "List of a user without sessions", list, nil)
		s.take(1, "RevokeAll of a user without sessions", func() error { return s.store.RevokeAll(s.ctx, "aaa") }, nil)
		one, two, three := s.loggedIn("aaa"), s.loggedIn("aaa"), s.loggedIn("aaa")
		s.take(2, "List", list, nil)
		s.lose(three)
		s.take(3, "List with a dead entry", list, nil)
		s.take(2, "List, when it is pruned", list, nil)
		s.take(2, "Revoke", func() error { return s.store.Revoke(s.ctx, "aaa", one.Handle()) }, nil)
		s.take(1, "Revoke of a handle that is not the user's", func() error { return s.store.Revoke(s.ctx, "aaa", one.Handle()) }, sessionstore.ErrNoSession)
		s.loggedIn("aaa")
		s.loggedIn("aaa")
		// It reads the index, ends the sessions with their entries, and reads the
		// index again.
		s.take(3, "RevokeOthers", func() error { return s.store.RevokeOthers(s.ctx, "aaa", two.Handle()) }, nil)
		s.take(1, "RevokeOthers where there are none", func() error { return s.store.RevokeOthers(s.ctx, "aaa", two.Handle()) }, nil)
		s.take(3, "RevokeAll", func() error { return s.store.RevokeAll(s.ctx, "aaa") }, nil)
	})
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
