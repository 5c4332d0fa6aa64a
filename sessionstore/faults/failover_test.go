package faults

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/sessionstore"
)

// A cluster of three masters, 0 to 2, each with one replica, 3 to 5. Each master
// fails in a different way.
func TestFailovers(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	c := redistest.StartCluster(t, 3, 1)
	options := c.Options()
	options.MaxRedirects, options.MaxRetries = 10, 10
	client := connectCluster(t, options)

	t.Run("CLUSTER FAILOVER", func(t *testing.T) {
		l := startLoad(t, c, client, 0)
		l.run(300)
		c.Failover(3)
		l.run(300)
		sent, confirmed, kept := l.stop(c.Node(3))
		t.Logf("CLUSTER FAILOVER: %d increments sent, %d confirmed, %d kept: %d lost, expected 0", sent, confirmed, kept, max(0, confirmed-kept))
		if kept < confirmed {
			t.Errorf("%d confirmed increments are lost", confirmed-kept)
		}
	})
	// By default the library reads the list of masters once a minute.
	options.ClusterStateReloadInterval = 0
	usual := loggedInOn(t, c, newStoreOn(t, connectCluster(t, options)), 1)
	t.Run("kill -9", func(t *testing.T) {
		l := startLoad(t, c, client, 1)
		l.run(300)
		l.killMaster(c, 1, 4, c.Node(1).Kill)
	})
	t.Run("a client with the library's defaults finds the new master", func(t *testing.T) {
		wait.For(t, "the store answers again", func() bool {
			return !errors.Is(usual.refresh(within(t, time.Second)), sessionstore.ErrUnavailable)
		})
	})
	t.Run("kill -9 of a master whose replica lags", func(t *testing.T) {
		l := startLoad(t, c, client, 2)
		l.run(300)
		l.killMaster(c, 2, 5, func() {
			master, replica := c.Node(2), c.Node(5)
			// The replica stops reading, then loses its connection, so it never
			// gets the increments that follow.
			replica.Pause()
			must(t, master.Client.ClientKillByFilter(t.Context(), "TYPE", "replica").Err())
			l.run(300)
			master.Kill()
			replica.Resume()
		})
	})
}

// load increments one field of one session from several goroutines.
type load struct {
	t               *testing.T
	b               *browser
	sent, confirmed atomic.Int64
	ctx             context.Context
	end             context.CancelFunc
	group           sync.WaitGroup
}

// startLoad starts load on a new session that is on a given node.
func startLoad(t *testing.T, c *redistest.Cluster, client redis.UniversalClient, node int) *load {
	t.Helper()
	l := &load{t: t, b: loggedInOn(t, c, newStoreOn(t, client), node)}
	l.ctx, l.end = context.WithCancel(t.Context())
	t.Cleanup(func() { l.end(); l.group.Wait() })
	for range 8 {
		l.group.Go(l.increment)
	}
	return l
}

// loggedInOn returns a browser whose session is on a given node of a cluster.
func loggedInOn(t *testing.T, c *redistest.Cluster, store *sessionstore.Store, node int) *browser {
	t.Helper()
	b := loggedIn(t, store, "aaa")
	for c.Owner(b.key()) != node {
		must(t, b.Login(within(t, suiteTimeout), "aaa"))
	}
	return b
}

func (l *load) increment() {
	for l.ctx.Err() == nil {
		ctx, cancel := context.WithTimeout(context.Background(), 800*time.Millisecond)
		l.sent.Add(1)
		_, err := l.b.visit(ctx)
		cancel()
		if err == nil {
			l.confirmed.Add(1)
			continue
		}
		if !errors.Is(err, sessionstore.ErrUnavailable) {
			l.t.Errorf("an increment during a failover: %v, want %v", err, sessionstore.ErrUnavailable)
			return
		}
		// No user reloads a page faster than this.
		time.Sleep(5 * time.Millisecond)
	}
}

// run returns when n more increments are confirmed.
func (l *load) run(n int64) {
	l.t.Helper()
	before := l.confirmed.Load()
	wait.For(l.t, "increments are confirmed again", func() bool { return l.confirmed.Load() >= before+n })
}

// stop ends the load. kept is the count on a node afterwards.
func (l *load) stop(on *redistest.Server) (sent, confirmed, kept int64) {
	l.t.Helper()
	l.end()
	l.group.Wait()
	sent, confirmed, kept = l.sent.Load(), l.confirmed.Load(), visits(l.t, on.Client, l.b.key())
	if kept > sent {
		l.t.Errorf("%d increments were sent, but the count is %d", sent, kept)
	}
	return sent, confirmed, kept
}

// killMaster kills a master under load. It fails the test if more increments are lost
// than the replica may have missed.
func (l *load) killMaster(c *redistest.Cluster, master, replica int, kill func()) {
	l.t.Helper()
	offsets := l.watchOffsets(c.Node(master))
	kill()
	seen := <-offsets
	before := l.untilPromoted(c.Node(replica))
	received := l.lastReceived(c.Node(replica))
	l.run(300)
	sent, confirmed, kept := l.stop(c.Node(replica))

	// An increment is safe if it was confirmed before the master reached an offset
	// that the replica has received.
	var safe, end int64
	for _, s := range seen {
		if end = max(end, s.offset); s.offset <= received {
			safe = max(safe, s.confirmed)
		}
	}
	atRisk := before - safe
	l.t.Logf("%s: %d increments sent, %d confirmed, %d kept: %d lost, at most %d expected (last known offset of the master: %d, received by the replica: %d)",
		l.t.Name(), sent, confirmed, kept, max(0, confirmed-kept), atRisk, end, received)
	if confirmed-kept > atRisk {
		l.t.Errorf("%d confirmed increments are lost, more than the %d that the replica may have missed", confirmed-kept, atRisk)
	}
}

// sample is how many increments were confirmed before the master's replication
// stream reached an offset.
type sample struct{ confirmed, offset int64 }

// watchOffsets takes samples until the master stops answering.
func (l *load) watchOffsets(master *redistest.Server) <-chan []sample {
	done := make(chan []sample, 1)
	first := make(chan struct{})
	started := sync.OnceFunc(func() { close(first) })
	go func() {
		var all []sample
		defer func() { done <- all; started() }()
		for {
			confirmed := l.confirmed.Load()
			offset, err := replication(master, "master_repl_offset")
			if err != nil {
				return
			}
			all = append(all, sample{confirmed, offset})
			started()
		}
	}()
	<-first
	return done
}

// untilPromoted waits until a replica is the master, and returns how many
// increments were confirmed before: all of them by the old master.
func (l *load) untilPromoted(replica *redistest.Server) (confirmed int64) {
	l.t.Helper()
	wait.For(l.t, "the replica is promoted", func() bool {
		count := l.confirmed.Load()
		info, err := replica.Client.Info(context.Background(), "replication").Result()
		if err == nil && strings.Contains(info, "role:slave") {
			confirmed = count
		}
		return err == nil && strings.Contains(info, "role:master")
	})
	return confirmed
}

// lastReceived is the last offset of the old master's stream that a promoted replica
// received. second_repl_offset is where its own stream began.
func (l *load) lastReceived(promoted *redistest.Server) int64 {
	l.t.Helper()
	began, err := replication(promoted, "second_repl_offset")
	must(l.t, err)
	if began <= 0 {
		l.t.Fatalf("the promoted replica has second_repl_offset:%d", began)
	}
	return began - 1
}

// replication reads a number from INFO replication.
func replication(server *redistest.Server, field string) (int64, error) {
	info, err := server.Client.InfoMap(context.Background(), "replication").Result()
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(info["Replication"][field], 10, 64)
}
