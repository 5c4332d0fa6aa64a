package faults

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/sessionstore"
)

// Over TLS the library notices only when it uses a connection that the server
// has closed it. What does no harm when it runs twice is tried again on a new one;
// a change is not.
func TestAllConnectionsAreKilledOverTLS(t *testing.T) {
	testall.Only(t)
	const pool, calls = 10, 100
	server, options := startTLS(t)
	options.PoolSize, options.MinIdleConns, options.MaxRetries = pool, pool, -1
	for _, parallel := range []int{1, pool} {
		at := fmt.Sprintf(", %d at a time", parallel)
		t.Run("reads"+at, func(t *testing.T) {
			b := aboutToFail(t, server, options)
			if n := refusals(t, parallel, calls, func() error { return b.refresh(t.Context()) }); n > 0 {
				t.Errorf("%d of %d reads were refused, want none", n, calls)
			}
		})
		t.Run("increments"+at, func(t *testing.T) {
			b := aboutToFail(t, server, options)
			n := refusals(t, parallel, calls, func() error { _, err := b.visit(t.Context()); return err })
			t.Logf("%d of %d increments were refused, with %d connections", n, calls, pool)
			// A batch has a connection of its own.
			if n == 0 && !*batching || n > pool {
				t.Errorf("%d increments were refused, want some, and at most %d", n, pool)
			}
			if done := visits(t, server.Client, b.key()); done < calls-n || done > calls {
				t.Errorf("%d of %d increments were confirmed, and %d are counted", calls-n, calls, done)
			}
		})
	}
	t.Run("a logout that waits for replicas", func(t *testing.T) {
		b := aboutToFail(t, server, options, sessionstore.WaitForReplicas(1, time.Millisecond))
		is(t, "there is no replica here: the logout", b.Logout(t.Context()), sessionstore.ErrNotConfirmed)
	})
	for name, call := range map[string]func(context.Context, *browser) error{
		"a login":  func(ctx context.Context, b *browser) error { return b.Login(ctx, "aaa") },
		"a logout": func(ctx context.Context, b *browser) error { return b.Logout(ctx) },
		"a list":   func(ctx context.Context, b *browser) error { _, err := b.Store.List(ctx, "aaa"); return err },
		"an end":   func(ctx context.Context, b *browser) error { return b.Store.RevokeAll(ctx, "aaa") },
	} {
		t.Run(name, func(t *testing.T) {
			is(t, name, call(t.Context(), aboutToFail(t, server, options)), nil)
		})
	}
}

// aboutToFail is a browser at a store, all of whose connections are killed.
func aboutToFail(t *testing.T, server *redistest.Server, options *redis.Options, more ...sessionstore.Option) *browser {
	t.Helper()
	client := connect(t, options)
	b := loggedIn(t, newStoreOn(t, client, more...), "aaa")
	wait.For(t, "the pool is full", func() bool {
		stats, full := client.PoolStats(), uint32(options.PoolSize)
		return stats.TotalConns == full && stats.IdleConns == full
	})
	killed, err := server.Client.ClientKillByFilter(t.Context(), "TYPE", "normal", "SKIPME", "yes").Result()
	must(t, err)
	if killed < int64(options.PoolSize) {
		t.Fatalf("%d connections were killed, want %d", killed, options.PoolSize)
	}
	return b
}

// refusals counts those of many calls that fail, which must be outages.
func refusals(t *testing.T, parallel, calls int, call func() error) int64 {
	t.Helper()
	var refused atomic.Int64
	inParallel(parallel, calls, func(int) {
		if err := call(); err != nil {
			refused.Add(1)
			is(t, "a call on a killed connection", err, sessionstore.ErrUnavailable)
		}
	})
	return refused.Load()
}
