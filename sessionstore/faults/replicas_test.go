package faults

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/sessionstore"
)

// A logout waits for a replica for patient if the replica is connected, because it
// may be busy, and for impatient if it hangs. Both are shorter than reply, the
// client's timeout.
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
	testLogoutWaits(t, client, func(store *sessionstore.Store) *browser { return loggedIn(t, store, "aaa") }, master, replica)
}

func TestALogoutWaitsForReplicasOnACluster(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	c := redistest.StartCluster(t, 3, 1)
	options := c.Options()
	options.ReadTimeout = reply
	client := connectCluster(t, options)
	testLogoutWaits(t, client, func(store *sessionstore.Store) *browser { return loggedInOn(t, c, store, 0) }, c.Node(0), c.Node(3))

	t.Run("after a failover that the client does not know of", func(t *testing.T) {
		options.ClusterStateReloadInterval = time.Hour
		store := newStoreOn(t, connectCluster(t, options), sessionstore.WaitForReplicas(1, patient))
		b := loggedInOn(t, c, store, 1)
		c.Failover(4)
		wait.For(t, "the old master is the replica of the new one", func() bool { return isReplicaOf(c.Node(4), c.Node(1)) })
		copied := *b
		wantErr(t, "the logout", b.Logout(within(t, reply)), nil)
		wantErr(t, "a visit after it", copied.refresh(t.Context()), sessionstore.ErrNoSession)
	})
}

// Pings to the replica are delayed, because they are part of the same stream.
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
		// This shows that the offset moves at all.
		"each read touches": {0, true},
	} {
		t.Run(name, func(t *testing.T) {
			store := newStoreOn(t, client, sessionstore.IdleTimeout(2*time.Hour), sessionstore.TouchEvery(c.touchEvery))
			b := loggedIn(t, store, "aaa")
			before, err := replication(primary, "master_repl_offset")
			must(t, err)
			for range 1000 {
				must(t, b.refresh(t.Context()))
			}
			after, err := replication(primary, "master_repl_offset")
			must(t, err)
			if sent := after - before; sent > 0 != c.replicates {
				t.Errorf("1000 reads sent %d bytes to the replica", sent)
			}
		})
	}
	if !isReplicaOf(primary, replica) {
		t.Error("the replica was not connected all the time")
	}
}

// isReplicaOf reports whether a replica has caught up with its master.
func isReplicaOf(master, replica *redistest.Server) bool {
	confirmed, err := master.Client.Do(context.Background(), "wait", 1, 1000).Int()
	return err == nil && confirmed == 1 && strings.Contains(replica.Client.Info(context.Background(), "replication").Val(), "master_link_status:up")
}

func testLogoutWaits(t *testing.T, client redis.UniversalClient, login func(*sessionstore.Store) *browser, master, replica *redistest.Server) {
	t.Run("a connected replica", func(t *testing.T) {
		b := login(newStoreOn(t, client, sessionstore.WaitForReplicas(1, patient)))
		copied := *b
		wantErr(t, "the logout", b.Logout(within(t, reply)), nil)
		wantLoggedOut(t, b, copied, master.Client)
		if n := replica.Client.Exists(t.Context(), copied.key()).Val(); n != 0 {
			t.Error("the replica confirmed the logout but still has the session")
		}
	})
	t.Run("a replica that hangs", func(t *testing.T) {
		b := login(newStoreOn(t, client, sessionstore.WaitForReplicas(1, impatient)))
		copied := *b
		replica.Pause()
		err := b.Logout(within(t, reply))
		wantLoggedOut(t, b, copied, master.Client)
		replica.Resume()
		wantErr(t, "the logout", err, sessionstore.ErrNotConfirmed)
	})
	t.Run("a wait longer than the timeout of the client", func(t *testing.T) {
		b := login(newStoreOn(t, client, sessionstore.WaitForReplicas(1, time.Minute)))
		copied := *b
		replica.Pause()
		err := b.Logout(within(t, time.Second))
		n := master.Client.Exists(t.Context(), copied.key()).Val()
		replica.Resume()
		// Redis has not confirmed the logout, so the browser keeps its cookie.
		wantErr(t, "the logout", err, sessionstore.ErrUnavailable)
		if n != 0 || b.Cookie == "" {
			t.Errorf("%d sessions are left and the cookie is %q, want 0 and the old cookie", n, b.Cookie)
		}
	})
}

// wantLoggedOut fails the test if the session is still in Redis or its cookie in the browser.
func wantLoggedOut(t *testing.T, b *browser, copied browser, master redis.UniversalClient) {
	t.Helper()
	if b.Cookie != "" {
		t.Error("the logout left the cookie")
	}
	if n := master.Exists(context.Background(), copied.key()).Val(); n != 0 {
		t.Error("the logout left the session")
	}
}
