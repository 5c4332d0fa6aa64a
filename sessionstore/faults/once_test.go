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

// slow is longer than the client of the store waits.
const slow = 160 * time.Millisecond

var faults = []fault{
	{name: "no reply", Kind: "timeout", Stream: "downstream", Attributes: map[string]any{"timeout": 0}, runs: true},
	{name: "no reply, then the connection closes", Kind: "timeout", Stream: "downstream", Attributes: map[string]any{"timeout": 30}, runs: true},
	{name: "a reset in place of the reply", Kind: "reset_peer", Stream: "downstream", Attributes: map[string]any{"timeout": 0}, runs: true},
	{name: "half a reply, then the connection closes", Kind: "limit_data", Stream: "downstream", Attributes: map[string]any{"bytes": 3}, runs: true},
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
				wantAtMostOnce(t, f, network, server.Client, connect(t, options), server)
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
				wantAtMostOnce(t, f, network, admin, connectCluster(t, options), c.Node(0), c.Node(1), c.Node(2))
			})
		}
	})
}

// call is one increment. No other call increments the same field.
type call struct {
	of    *browser
	field string
	err   error
}

// wantAtMostOnce sends increments through a network with a fault, first permanent and
// then on and off. Each call has its own field, so Redis shows how often it was
// applied.
func wantAtMostOnce(t *testing.T, f fault, n *network, admin redis.Cmdable, client redis.UniversalClient, servers ...*redistest.Server) {
	store := newStoreOn(t, client, sessionstore.KeyPrefix(f.prefix()))
	calls := plan(t, store, 4)
	// On a busy machine a reply can be late without a fault.
	wait.ForSuccess(t, func() error { _, err := calls[0].of.visit(t.Context()); return err })
	calls.send(t, calls[:32])

	// A reply can be lost only on an open connection.
	for i := 0; i < len(calls); i += fields {
		wait.ForSuccess(t, func() error { return calls[i].of.refresh(t.Context()) })
	}
	n.breakWith(f)
	calls.send(t, calls[32:64])
	n.heal()

	stop := n.flap(f)
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
			wantErr(t, "a failed increment", c.err, sessionstore.ErrUnavailable)
		}
	}
	t.Logf("%d increments, %d failed, %d of these were applied", len(calls), failed, lost)
	if failed == 0 || f.runs && lost == 0 {
		t.Error("the fault had no effect, so this test proves nothing")
	}
}

type calls []*call

// fields is how many fields of a session are incremented, each by one call.
const fields = 60

// plan logs in sessions and returns a call for each of their fields.
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

// send makes the calls, eight at a time.
func (calls) send(t *testing.T, some calls) {
	inParallel(8, len(some), func(i int) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*slow)
		defer cancel()
		_, some[i].err = some[i].of.Session().Incr(ctx, some[i].field, 1)
	})
}

// flap turns the fault on and off until it is stopped.
func (n *network) flap(f fault) (stop func()) {
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			n.breakWith(f)
			elapsed := passes(done, 60*time.Millisecond)
			n.heal()
			if !elapsed || !passes(done, 5*time.Millisecond) {
				return
			}
		}
	}()
	return func() { close(done); <-stopped }
}

// passes reports whether d elapsed before done was closed.
func passes(done <-chan struct{}, d time.Duration) bool {
	select {
	case <-done:
		return false
	case <-time.After(d):
		return true
	}
}

// A read can run twice without harm, so the store sends it again if its connection
// breaks. The client itself never does: its retries are off.
func TestAReadIsSentAgain(t *testing.T) {
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
			wantReadsSentAgain(t, f, network, connect(t, options))
		})
		t.Run("ClusterClient/"+f.name, func(t *testing.T) {
			network := newNetwork(t, c.Addrs...)
			options := c.Options()
			options.MaxRedirects, options.Dialer = -1, network.dial
			wantReadsSentAgain(t, f, network, connectCluster(t, options))
		})
	}
}

func wantReadsSentAgain(t *testing.T, f fault, n *network, client redis.UniversalClient) {
	b := loggedIn(t, newStoreOn(t, client), "aaa")
	_, err := b.visit(t.Context())
	must(t, err)
	n.healOnDial.Store(true)
	broken := func(what string, call func() error) error {
		// After this visit there is an open connection.
		must(t, b.refresh(t.Context()))
		dials := n.dials.Load()
		n.breakWith(f)
		defer n.heal()
		err := call()
		if n.dials.Load() == dials && err == nil {
			t.Errorf("%s: no connection broke, so this test proves nothing", what)
		}
		return err
	}
	wantErr(t, "Refresh", broken("Refresh", func() error { return b.refresh(t.Context()) }), nil)
	wantErr(t, "Get", broken("Get", func() error {
		value, err := b.Session().Get(t.Context(), "visits")
		if err == nil && value != "1" {
			t.Errorf("visits is %q, want 1", value)
		}
		return err
	}), nil)
	wantErr(t, "an increment", broken("an increment", func() error {
		_, err := b.visit(t.Context())
		return err
	}), sessionstore.ErrUnavailable)
}
