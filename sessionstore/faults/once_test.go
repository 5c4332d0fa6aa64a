package faults

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/sessionstore"
)

// slow is longer than the store's client waits.
const slow = 160 * time.Millisecond

var faults = []fault{
	{name: "no reply", Kind: "timeout", Stream: "downstream", Attributes: map[string]any{"timeout": 0}, runs: true},
	{name: "no reply, then the end", Kind: "timeout", Stream: "downstream", Attributes: map[string]any{"timeout": 30}, runs: true},
	{name: "a reset in place of the reply", Kind: "reset_peer", Stream: "downstream", Attributes: map[string]any{"timeout": 0}, runs: true},
	{name: "half a reply, then the end", Kind: "limit_data", Stream: "downstream", Attributes: map[string]any{"bytes": 3}, runs: true},
	{name: "a slow reply", Kind: "latency", Stream: "downstream", Attributes: map[string]any{"latency": slow.Milliseconds()}, runs: true},
	{name: "a slow request", Kind: "latency", Stream: "upstream", Attributes: map[string]any{"latency": slow.Milliseconds()}, runs: true},
	{name: "a hang", Kind: "timeout", Stream: "upstream", Attributes: map[string]any{"timeout": 0}},
	{name: "a reset in place of the request", Kind: "reset_peer", Stream: "upstream", Attributes: map[string]any{"timeout": 0}},
}

func TestAtMostOnce(t *testing.T) {
	t.Parallel()
	t.Run("Client", func(t *testing.T) {
		for _, f := range faults {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				server := redistest.StartServer(t)
				network := newNetwork(t, server.Addr)
				options := insistent(recommended(server.Addr))
				options.Dialer = network.dial
				atMostOnce(t, f, network, server.Client, connect(t, options), server)
			})
		}
	})
	t.Run("ClusterClient", func(t *testing.T) {
		c := redistest.StartCluster(t, 3, 0)
		admin := c.Client()
		for _, f := range faults {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				network := newNetwork(t, c.Addrs...)
				options := insistentCluster(c.Options())
				options.Dialer = network.dial
				atMostOnce(t, f, network, admin, connectCluster(t, options), c.Node(0), c.Node(1), c.Node(2))
			})
		}
	})
}

// call is one increment, of a field that no other call increments.
type call struct {
	of    *browser
	field string
	err   error
}

// atMostOnce sends increments through a network that is ill at first, and then
// now and then. Each has a field of its own, so Redis tells how often each one
// was applied.
func atMostOnce(t *testing.T, f fault, n *network, admin redis.Cmdable, client redis.UniversalClient, servers ...*redistest.Server) {
	store := newStoreOn(t, client, sessionstore.KeyPrefix(f.prefix()))
	calls := plan(t, store, 4)
	// On a busy machine a reply can be late without any fault of the network.
	wait.ForSuccess(t, func() error { _, err := calls[0].of.visit(t.Context()); return err })
	calls.send(t, calls[:32])

	// A reply can only be lost on a connection that is open.
	for i := 0; i < len(calls); i += fields {
		wait.ForSuccess(t, func() error { return calls[i].of.refresh(t.Context()) })
	}
	n.suffer(f)
	calls.send(t, calls[32:64])
	n.heal()

	stop := n.comeAndGo(f)
	calls.send(t, calls[64:])
	stop()
	n.settle(servers...)

	var failed, lost int
	for i, c := range calls {
		applied, err := admin.HGet(context.Background(), f.prefix()+c.of.Session().Handle(), c.field).Int64()
		if err != nil && !errors.Is(err, redis.Nil) {
			t.Fatal(err)
		}
		switch {
		case applied > 1, applied == 0 && c.err == nil:
			t.Errorf("call %d returned %v and was applied %d times", i, c.err, applied)
		case c.err != nil:
			if i >= 32 {
				failed++
				lost += int(applied)
			}
			is(t, "a failed increment", c.err, sessionstore.ErrUnavailable)
		}
	}
	t.Logf("%d increments, %d failed, %d of these were applied all the same", len(calls), failed, lost)
	if failed == 0 || f.runs && lost == 0 {
		t.Error("the fault did nothing, so this test has seen nothing")
	}
}

type calls []*call

// fields is how many of the fields of a session are incremented, once each.
const fields = 60

// plan gives as many calls as there is room for in some sessions.
func plan(t *testing.T, store *sessionstore.Store, sessions int) calls {
	var all calls
	for i := range sessions {
		b := loggedIn(t, store, fmt.Sprintf("user %d", i))
		for field := range fields {
			all = append(all, &call{of: b, field: fmt.Sprintf("n%d", field)})
		}
	}
	return all
}

// send makes calls, eight at a time.
func (calls) send(t *testing.T, some calls) {
	inParallel(8, len(some), func(i int) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*slow)
		defer cancel()
		_, some[i].err = some[i].of.Session().Incr(ctx, some[i].field, 1)
	})
}

// comeAndGo makes the network ill and well in turn, until it is stopped.
func (n *network) comeAndGo(f fault) (stop func()) {
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			n.suffer(f)
			ill := passes(done, 60*time.Millisecond)
			n.heal()
			if !ill || !passes(done, 5*time.Millisecond) {
				return
			}
		}
	}()
	return func() { close(done); <-stopped }
}

// passes tells whether the time passed before done was closed.
func passes(done <-chan struct{}, d time.Duration) bool {
	select {
	case <-done:
		return false
	case <-time.After(d):
		return true
	}
}

// A visit that only reads does no harm when it runs twice, so it is sent again
// where its connection breaks, though the client itself never would.
func TestAReadIsTriedAgain(t *testing.T) {
	t.Parallel()
	server, c := redistest.StartServer(t), redistest.StartCluster(t, 3, 0)
	for _, f := range faults {
		if f.Kind != "reset_peer" && f.Kind != "limit_data" {
			continue
		}
		t.Run("Client/"+f.name, func(t *testing.T) {
			network := newNetwork(t, server.Addr)
			options := recommended(server.Addr)
			options.MaxRetries, options.Dialer = -1, network.dial
			readsAgain(t, f, network, connect(t, options))
		})
		t.Run("ClusterClient/"+f.name, func(t *testing.T) {
			network := newNetwork(t, c.Addrs...)
			options := c.Options()
			options.MaxRedirects, options.Dialer = -1, network.dial
			readsAgain(t, f, network, connectCluster(t, options))
		})
	}
}

func readsAgain(t *testing.T, f fault, n *network, client redis.UniversalClient) {
	b := loggedIn(t, newStoreOn(t, client), "aaa")
	_, err := b.visit(t.Context())
	must(t, err)
	n.healOnDial.Store(true)
	broken := func(what string, call func() error) error {
		// There is a connection that can break.
		must(t, b.refresh(t.Context()))
		dials := n.dials.Load()
		n.suffer(f)
		defer n.heal()
		err := call()
		if n.dials.Load() == dials && err == nil {
			t.Errorf("%s: no connection broke, so this test has seen nothing", what)
		}
		return err
	}
	is(t, "Refresh", broken("Refresh", func() error { return b.refresh(t.Context()) }), nil)
	is(t, "Get", broken("Get", func() error {
		value, err := b.Session().Get(t.Context(), "visits")
		if err == nil && value != "1" {
			t.Errorf("visits is %q, want 1", value)
		}
		return err
	}), nil)
	is(t, "an increment", broken("an increment", func() error {
		_, err := b.visit(t.Context())
		return err
	}), sessionstore.ErrUnavailable)
}
