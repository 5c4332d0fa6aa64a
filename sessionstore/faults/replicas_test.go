package faults

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/sessionstore"
)

// What the store waits for a replica: one that follows may be busy with other
// tests. Both are shorter than what the client waits for a reply.
const (
	patient   = 4 * time.Second
	impatient = 200 * time.Millisecond
	reply     = 5 * time.Second
)

func TestALogoutWaitsForReplicas(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	master := redistest.StartServer(t, "--repl-diskless-sync-delay", "0")
	host, port, err := net.SplitHostPort(master.Addr)
	must(t, err)
	replica := redistest.StartServer(t, "--replicaof", host+" "+port)
	wait.For(t, "the replica is connected", func() bool { return isReplicaOf(master, replica) })

	options := recommended(master.Addr)
	options.ReadTimeout = reply
	client := connect(t, options)
	logoutWaits(t, client, func(store *sessionstore.Store) *browser { return loggedIn(t, store, "aaa") }, master, replica)
}

func TestALogoutWaitsForReplicasOnACluster(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	c := redistest.StartCluster(t, 3, 1)
	options := c.Options()
	options.ReadTimeout = reply
	client := connectCluster(t, options)
	logoutWaits(t, client, func(store *sessionstore.Store) *browser { return loggedInOn(t, c, store, 0) }, c.Node(0), c.Node(3))

	t.Run("after a failover of which the client has not heard", func(t *testing.T) {
		options.ClusterStateReloadInterval = time.Hour
		store := newStoreOn(t, connectCluster(t, options), sessionstore.WaitForReplicas(1, patient))
		b := loggedInOn(t, c, store, 1)
		c.Failover(4)
		wait.For(t, "the old master is the replica of the new one", func() bool { return isReplicaOf(c.Node(4), c.Node(1)) })
		copied := *b
		is(t, "the logout", b.Logout(within(t, reply)), nil)
		is(t, "a visit after it", copied.refresh(t.Context()), sessionstore.ErrNoSession)
	})
}

// Pings to the replica are put off, because they are bytes of the same stream.
func TestReadsReplicateNothingBetweenTouches(t *testing.T) {
	t.Parallel()
	primary := redistest.StartServer(t, "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "3600")
	host, port, err := net.SplitHostPort(primary.Addr)
	must(t, err)
	replica := redistest.StartServer(t, "--replicaof", host+" "+port)
	wait.For(t, "the replica is connected", func() bool { return isReplicaOf(primary, replica) })
	client := connect(t, withPatience(recommended(primary.Addr)))

	for name, c := range map[string]struct {
		touchEvery time.Duration
		replicates bool
	}{
		"not due to touch": {time.Hour, false},
		// Without this, the test might look at an offset that never moves.
		"each read touches": {0, true},
	} {
		t.Run(name, func(t *testing.T) {
			store := newStoreOn(t, client, sessionstore.IdleTimeout(2*time.Hour), sessionstore.TouchEvery(c.touchEvery))
			b := loggedIn(t, store, "aaa")
			before := replicationOffset(t, primary)
			for range 1000 {
				must(t, b.refresh(t.Context()))
			}
			if sent := replicationOffset(t, primary) - before; sent > 0 != c.replicates {
				t.Errorf("1000 reads sent %d bytes to the replica", sent)
			}
		})
	}
	if !isReplicaOf(primary, replica) {
		t.Error("the replica was not connected all the time")
	}
}

// replicationOffset is how many bytes a primary has sent to its replicas.
func replicationOffset(t *testing.T, primary *redistest.Server) int64 {
	t.Helper()
	info, err := primary.Client.InfoMap(t.Context(), "replication").Result()
	must(t, err)
	offset, err := strconv.ParseInt(info["Replication"]["master_repl_offset"], 10, 64)
	must(t, err)
	return offset
}

// isReplicaOf tells whether a replica has caught up with its master.
func isReplicaOf(master, replica *redistest.Server) bool {
	confirmed, err := master.Client.Do(context.Background(), "wait", 1, 1000).Int()
	return err == nil && confirmed == 1 && strings.Contains(replica.Client.Info(context.Background(), "replication").Val(), "master_link_status:up")
}

func logoutWaits(t *testing.T, client redis.UniversalClient, login func(*sessionstore.Store) *browser, master, replica *redistest.Server) {
	t.Run("a replica that follows", func(t *testing.T) {
		b := login(newStoreOn(t, client, sessionstore.WaitForReplicas(1, patient)))
		copied := *b
		is(t, "the logout", b.Logout(within(t, reply)), nil)
		gone(t, b, copied, master.Client)
		if n := replica.Client.Exists(t.Context(), copied.key()).Val(); n != 0 {
			t.Error("the replica still has the session that it confirmed to be gone")
		}
	})
	t.Run("a replica that hangs", func(t *testing.T) {
		b := login(newStoreOn(t, client, sessionstore.WaitForReplicas(1, impatient)))
		copied := *b
		replica.Pause()
		err := b.Logout(within(t, reply))
		gone(t, b, copied, master.Client)
		replica.Resume()
		is(t, "the logout", err, sessionstore.ErrNotConfirmed)
	})
	t.Run("a wait that is longer than the client's", func(t *testing.T) {
		b := login(newStoreOn(t, client, sessionstore.WaitForReplicas(1, time.Minute)))
		copied := *b
		replica.Pause()
		err := b.Logout(within(t, time.Second))
		n := master.Client.Exists(t.Context(), copied.key()).Val()
		replica.Resume()
		// Nobody has said that it is done, so the browser keeps its cookie.
		is(t, "the logout", err, sessionstore.ErrUnavailable)
		if n != 0 || b.Cookie == "" {
			t.Errorf("%d sessions are left, and the cookie is %v; want 0 and the cookie it was", n, b.Cookie)
		}
	})
}

// gone fails the test where a session is in Redis, or its cookie in a browser.
func gone(t *testing.T, b *browser, copied browser, master redis.UniversalClient) {
	t.Helper()
	if b.Cookie != "" {
		t.Error("the logout left the cookie")
	}
	if n := master.Exists(context.Background(), copied.key()).Val(); n != 0 {
		t.Error("the logout left the session")
	}
}
