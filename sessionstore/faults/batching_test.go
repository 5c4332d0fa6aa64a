package faults

import (
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/sessionstore"
)

// All tests of this package must also pass with Batching.
func TestAllWithBatching(t *testing.T) {
	testall.Only(t)
	if *batching {
		t.Skip("this run already uses Batching")
	}
	program, err := os.Executable()
	must(t, err)
	run := exec.CommandContext(t.Context(), program, "-batching", "-test.timeout=20m")
	if output, err := run.CombinedOutput(); err != nil {
		t.Errorf("with Batching: %v\n%s", err, output)
	}
}

func TestBatchingFailsAllChangesOnABrokenConnection(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	w := redistest.OpenWire(t, server.Addr)
	store := newStoreOn(t, connect(t, recommended(w.Addr)), sessionstore.Batching())
	browsers := []*browser{loggedIn(t, store, "aaa"), loggedIn(t, store, "bbb")}
	must(t, browsers[0].refresh(t.Context()))

	reply := w.HoldReply(1)
	w.Lose(1)
	failed := make(chan error, len(browsers))
	for _, b := range browsers {
		go func() {
			_, err := b.visit(t.Context())
			failed <- err
		}()
		wait.For(t, "the visit has run", func() bool { return visits(t, server.Client, b.key()) == 1 })
	}
	var reads sync.WaitGroup
	for range 100 {
		reads.Go(func() {
			if err := browsers[0].refresh(t.Context()); err != nil {
				t.Errorf("a read is not sent again: %v", err)
			}
		})
	}
	reply.Release()
	reads.Wait()
	for _, b := range browsers {
		wantErr(t, "a visit on the broken connection", <-failed, sessionstore.ErrUnavailable)
		must(t, b.refresh(t.Context()))
		if n := visits(t, server.Client, b.key()); n != 1 {
			t.Errorf("a visit counted %d times", n)
		}
	}
}

func TestBatchingWaitsForNoReplyOnACluster(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	c := redistest.StartCluster(t, 3, 0)
	admin := c.Client()
	clients := maps.Clone(replicaReads)
	clients["reads on primaries"] = func(*redis.ClusterOptions) {}
	for name, prefer := range clients {
		t.Run(name, func(t *testing.T) {
			wires := map[string]*wire.Wire{}
			for _, addr := range c.Addrs {
				wires[addr] = redistest.OpenWire(t, addr)
			}
			options := withPatienceOnACluster(c.Options())
			options.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, wires[addr].Addr)
			}
			prefer(options)
			b := loggedIn(t, newStoreOn(t, connectCluster(t, options), sessionstore.Batching()), "aaa")
			must(t, b.refresh(t.Context()))

			reply := wires[c.Node(c.Owner(b.key())).Addr].HoldReply(1)
			failed := make(chan error, 2)
			for n := range int64(2) {
				go func() {
					_, err := b.visit(t.Context())
					failed <- err
				}()
				wait.For(t, "the visit has run", func() bool { return visits(t, admin, b.key()) == n+1 })
			}
			reply.Release()
			must(t, errors.Join(<-failed, <-failed))
		})
	}
}
