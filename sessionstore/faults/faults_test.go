// Package faults tests the session store in cases for which one healthy Redis is not
// enough. Most tests start their own servers or clusters and break something: replies
// are lost, Redis is down, hung or full, a replica takes over, the user of Redis has
// few rights, connections break behind TLS. The others run the store's suite on each
// kind of Redis and count round trips.
package faults

import (
	"context"
	"errors"
	"flag"
	"io"
	"net"
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

// These tests cause on purpose what go-redis would log.
func init() { logging.Disable() }

// prefix is the default key prefix of a store.
const prefix = "session:"

// browser is a browser of one test.
type browser struct {
	t testing.TB
	visit.Browser
}

func newBrowser(t testing.TB, store *sessionstore.Store) *browser {
	return &browser{t, visit.Browser{Store: store}}
}

// loggedIn returns a browser with a new session.
func loggedIn(t testing.TB, store *sessionstore.Store, username string) *browser {
	t.Helper()
	b := newBrowser(t, store)
	// On a busy machine the first try may time out.
	wait.ForSuccess(t, func() error { return b.Login(within(t, suiteTimeout), username) })
	if b.Cookie == "" {
		t.Fatal("the login set no cookie")
	}
	return b
}

// at returns a browser with the same cookie at another store.
func (b *browser) at(store *sessionstore.Store) *browser {
	return &browser{b.t, visit.Browser{Store: store, Cookie: b.Cookie}}
}

func (b *browser) refresh(ctx context.Context) error { return b.Session().Refresh(ctx) }

func (b *browser) visit(ctx context.Context) (int64, error) {
	return b.Session().Incr(ctx, "visits", 1)
}

// key is the session's key in Redis.
func (b *browser) key() string { return prefix + b.Session().Handle() }

// visits reads the count of visits from Redis, 0 if there is none.
func visits(t testing.TB, admin redis.Cmdable, key string) int64 {
	t.Helper()
	n, err := admin.HGet(context.Background(), key, "visits").Int64()
	if err != nil && err != redis.Nil {
		t.Fatal(err)
	}
	return n
}

// recommended returns client options as the documentation of the store asks for.
func recommended(addr string) *redis.Options {
	return &redis.Options{
		Addr:        addr,
		DialTimeout: time.Second, DialerRetries: 1,
		ReadTimeout: 500 * time.Millisecond, WriteTimeout: 500 * time.Millisecond,
		PoolTimeout: 300 * time.Millisecond, MaxRetries: 1,
		ContextTimeoutEnabled: true,
		// Both shorten the handshake of a new connection.
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

func connect(t testing.TB, options *redis.Options) *redis.Client {
	client := redis.NewClient(options)
	closeAfter(t, client)
	return client
}

func connectCluster(t testing.TB, options *redis.ClusterOptions) *redis.ClusterClient {
	own := *options
	complete := func(string) {}
	if own.RouteByLatency {
		own.Dialer, complete = waitForNodes(own.Dialer)
	}
	client := redis.NewClusterClient(&own)
	client.OnNewNode(func(node *redis.Client) { complete(node.Options().Addr) })
	closeAfter(t, client)
	return client
}

type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

// waitForNodes returns a dialer that connects to a node only after complete was called
// with its address. With RouteByLatency, go-redis 9.23 measures the latency of a new
// node while it still writes to the client of that node, and the race detector reports
// that.
func waitForNodes(dial dialer) (wait dialer, complete func(addr string)) {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	// Each address has a context that ends when the node is complete.
	type node struct {
		context.Context
		complete context.CancelFunc
	}
	var nodes sync.Map
	at := func(addr string) node {
		ctx, cancel := context.WithCancel(context.Background())
		n, _ := nodes.LoadOrStore(addr, node{ctx, cancel})
		return n.(node)
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		select {
		case <-at(addr).Done():
			return dial(ctx, network, addr)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}, func(addr string) { at(addr).complete() }
}

func closeAfter(t testing.TB, c io.Closer) { t.Cleanup(func() { _ = c.Close() }) }

// newStore returns a store on a server that only this test uses.
func newStore(t testing.TB, server *redistest.Server, options ...sessionstore.Option) *sessionstore.Store {
	return newStoreOn(t, connect(t, recommended(server.Addr)), options...)
}

var batching = flag.Bool("batching", false, "give each store the option Batching")

// newStoreOn returns a store on any client. options override -batching.
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

// wantErr fails the test unless errors.Is(err, want).
func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

// within returns a context that ends after d, at the latest with the test.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// inParallel calls do n times, from several workers.
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
