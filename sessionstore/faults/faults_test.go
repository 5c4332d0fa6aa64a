// Package faults holds the tests of the session store that need more than one
// Redis that is well. Most are about what it does when things go wrong, on real
// servers and clusters of its own: replies that are lost, a Redis that is down,
// hung or full, a failover, a user with few rights, connections that break
// behind TLS. The others run its suite on each kind of Redis, and count round
// trips there.
package faults

import (
	"context"
	"errors"
	"flag"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/sessionstore"
	"example.com/session-workshop/sessionstore/faults/internal/visit"
)

// These tests cause the faults that go-redis would log.
func init() { logging.Disable() }

// prefix is what the store's keys begin with, when nothing else is said.
const prefix = "session:"

// browser is one of a test.
type browser struct {
	t testing.TB
	visit.Browser
}

func newBrowser(t testing.TB, store *sessionstore.Store) *browser {
	return &browser{t, visit.Browser{Store: store}}
}

// loggedIn is a browser with a new session in which visits is 0.
func loggedIn(t testing.TB, store *sessionstore.Store, username string) *browser {
	t.Helper()
	b := newBrowser(t, store)
	// A busy machine may need another try.
	wait.ForSuccess(t, func() error { return b.Login(within(t, suiteTimeout), username) })
	if b.Cookie == "" {
		t.Fatal("a login set no cookie")
	}
	return b
}

// on is the same browser at a web server with another store.
func (b *browser) on(store *sessionstore.Store) *browser {
	return &browser{b.t, visit.Browser{Store: store, Cookie: b.Cookie}}
}

func (b *browser) refresh(ctx context.Context) error { return b.Session().Refresh(ctx) }

func (b *browser) visit(ctx context.Context) (int64, error) {
	return b.Session().Incr(ctx, "visits", 1)
}

// key is where Redis has the session.
func (b *browser) key() string { return prefix + b.Session().Handle() }

// visits is the count that Redis holds, 0 where there is none.
func visits(t testing.TB, admin redis.Cmdable, key string) int64 {
	t.Helper()
	n, err := admin.HGet(context.Background(), key, "visits").Int64()
	if err != nil && err != redis.Nil {
		t.Fatal(err)
	}
	return n
}

// recommended are the options that the store asks for.
func recommended(addr string) *redis.Options {
	return &redis.Options{
		Addr: addr, DialTimeout: time.Second, DialerRetries: 1,
		ReadTimeout: 500 * time.Millisecond, WriteTimeout: 500 * time.Millisecond,
		PoolTimeout: 300 * time.Millisecond, MaxRetries: 1,
		ContextTimeoutEnabled: true, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

func connect(t testing.TB, options *redis.Options) *redis.Client {
	client := redis.NewClient(options)
	closeAfter(t, client)
	return client
}

func connectCluster(t testing.TB, options *redis.ClusterOptions) *redis.ClusterClient {
	client := redis.NewClusterClient(options)
	closeAfter(t, client)
	return client
}

func closeAfter(t testing.TB, c io.Closer) { t.Cleanup(func() { _ = c.Close() }) }

// newStore is a store on a server of the test's own.
func newStore(t testing.TB, server *redistest.Server, options ...sessionstore.Option) *sessionstore.Store {
	return newStoreOn(t, connect(t, recommended(server.Addr)), options...)
}

var batching = flag.Bool("batching", false, "give every store the option Batching")

// newStoreOn is a store on any client. An option that it is given wins over those
// that all stores have.
func newStoreOn(t testing.TB, client redis.UniversalClient, options ...sessionstore.Option) *sessionstore.Store {
	if *batching {
		options = append([]sessionstore.Option{sessionstore.Batching()}, options...)
	}
	store := sessionstore.New(client, options...)
	closeAfter(t, store)
	return store
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is fails the test unless an error is the one that it should be.
func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

// within is a context that ends with the test, or sooner.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// inParallel does something n times, some at a time.
func inParallel(workers, n int, do func(i int)) {
	var group sync.WaitGroup
	var next atomic.Int64
	for range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}
