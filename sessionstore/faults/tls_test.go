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

// Over TLS the library notices only at the next command that the server has closed a
// connection. A call that can run twice without harm is sent again on a new one; a
// change is not.
func TestKilledConnectionsOverTLS(t *testing.T) {
	testall.Only(t)
	const pool, calls = 10, 100
	server, options := startTLS(t)
	options.PoolSize, options.MinIdleConns, options.MaxRetries = pool, pool, -1
	for _, parallel := range []int{1, pool} {
		at := fmt.Sprintf(", %d at a time", parallel)
		t.Run("reads"+at, func(t *testing.T) {
			b := aboutToFail(t, server, options)
			if n := failures(t, parallel, calls, func() error { return b.refresh(t.Context()) }); n > 0 {
				t.Errorf("%d of %d reads failed, want none", n, calls)
			}
		})
		t.Run("increments"+at, func(t *testing.T) {
			b := aboutToFail(t, server, options)
			n := failures(t, parallel, calls, func() error { _, err := b.visit(t.Context()); return err })
			t.Logf("%d of %d increments failed, with %d connections", n, calls, pool)
			// Batching uses a connection outside the pool.
			if n == 0 && !*batching || n > pool {
				t.Errorf("%d increments failed, want 1 to %d", n, pool)
			}
			if done := visits(t, server.Client, b.key()); done < calls-n || done > calls {
				t.Errorf("%d of %d increments were confirmed, but the count is %d", calls-n, calls, done)
			}
		})
	}
	t.Run("a logout that waits for replicas", func(t *testing.T) {
		b := aboutToFail(t, server, options, sessionstore.WaitForReplicas(1, time.Millisecond))
		wantErr(t, "a logout without any replica", b.Logout(t.Context()), sessionstore.ErrNotConfirmed)
	})
	for name, call := range map[string]func(context.Context, *browser) error{
		"a login":   func(ctx context.Context, b *browser) error { return b.Login(ctx, "aaa") },
		"a logout":  func(ctx context.Context, b *browser) error { return b.Logout(ctx) },
		"a list":    func(ctx context.Context, b *browser) error { _, err := b.Store.List(ctx, "aaa"); return err },
		"RevokeAll": func(ctx context.Context, b *browser) error { return b.Store.RevokeAll(ctx, "aaa") },
	} {
		t.Run(name, func(t *testing.T) {
			wantErr(t, name, call(t.Context(), aboutToFail(t, server, options)), nil)
		})
	}
}

// aboutToFail returns a browser at a store. All connections of the store's client
// have been killed.
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

// failures makes many calls and returns how many failed. Each failure must be
// ErrUnavailable.
func failures(t *testing.T, parallel, calls int, call func() error) int64 {
	t.Helper()
	var failed atomic.Int64
	inParallel(parallel, calls, func(int) {
		if err := call(); err != nil {
			failed.Add(1)
			wantErr(t, "a call on a killed connection", err, sessionstore.ErrUnavailable)
		}
	})
	return failed.Load()
}
