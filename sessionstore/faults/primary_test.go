package faults

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/sessionstore"
)

// A primary that has become a replica still answers reads, perhaps with old data. So
// no call may trust it, whether it finds a session or not.
func TestADemotedPrimaryIsAnOutage(t *testing.T) {
	t.Parallel()
	demoted, primary := redistest.StartServer(t), redistest.StartServer(t)
	store := newStore(t, demoted)
	b, dead := loggedIn(t, store, "aaa"), loggedIn(t, store, "aaa")
	handle := b.Session().Handle()
	copied := *dead
	must(t, dead.Logout(t.Context()))
	host, port, err := net.SplitHostPort(primary.Addr)
	must(t, err)
	must(t, demoted.Client.SlaveOf(t.Context(), host, port).Err())

	for name, call := range everyCall(store, b, handle) {
		wantErr(t, name, call(t.Context()), sessionstore.ErrUnavailable)
	}
	for name, visit := range everyVisit {
		wantErr(t, name+" of a dead session", copied.Do(func(s *sessionstore.Session) error { return visit(t.Context(), s) }), sessionstore.ErrUnavailable)
	}
	wantErr(t, "RevokeAll of a user without sessions", store.RevokeAll(t.Context(), "bbb"), sessionstore.ErrUnavailable)
	_, err = store.List(t.Context(), "bbb")
	wantErr(t, "List of a user without sessions", err, sessionstore.ErrUnavailable)
}

// everyCall has each method of a store and of a session, for a browser that is
// logged in as aaa with this handle.
func everyCall(store *sessionstore.Store, b *browser, handle string) map[string]func(context.Context) error {
	calls := map[string]func(context.Context) error{
		"List":         func(ctx context.Context) error { _, err := store.List(ctx, "aaa"); return err },
		"Revoke":       func(ctx context.Context) error { return store.Revoke(ctx, "aaa", handle) },
		"RevokeAll":    func(ctx context.Context) error { return store.RevokeAll(ctx, "aaa") },
		"RevokeOthers": func(ctx context.Context) error { return store.RevokeOthers(ctx, "aaa", handle) },
	}
	for name, visit := range everyVisit {
		calls[name] = func(ctx context.Context) error {
			return b.Do(func(s *sessionstore.Session) error { return visit(ctx, s) })
		}
	}
	return calls
}

// replicaReads are the options of a cluster client that send reads to replicas.
var replicaReads = map[string]func(*redis.ClusterOptions){
	"ReadOnly":       func(o *redis.ClusterOptions) { o.ReadOnly = true },
	"RouteByLatency": func(o *redis.ClusterOptions) { o.RouteByLatency = true },
	"RouteRandomly":  func(o *redis.ClusterOptions) { o.RouteRandomly = true },
}

// A cluster client can be told to send reads to replicas. Here the replicas are
// disconnected from their primaries and answer with old data.
func TestALaggingReplicaIsNeverAsked(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	c := redistest.StartCluster(t, 3, 1)
	for i := range 3 {
		primary, replica := c.Node(i).Client, c.Node(i+3).Client
		must(t, replica.ConfigSet(t.Context(), "masteruser", "unknown").Err())
		must(t, replica.ConfigSet(t.Context(), "masterauth", "wrong").Err())
		must(t, primary.ClientKillByFilter(t.Context(), "TYPE", "replica").Err())
		wait.For(t, "the replica is disconnected", func() bool {
			return strings.Contains(replica.Info(t.Context(), "replication").Val(), "master_link_status:down")
		})
	}
	for name, prefer := range replicaReads {
		t.Run(name, func(t *testing.T) {
			options := withPatienceOnACluster(c.Options())
			prefer(options)
			store := newStoreOn(t, connectCluster(t, options), sessionstore.KeyPrefix(prefix+name+":"))
			// A call goes to a replica only by chance, so all calls are repeated.
			for range 10 {
				one, two := loggedIn(t, store, "aaa"), loggedIn(t, store, "aaa")
				wantErr(t, "a visit right after the login", one.refresh(t.Context()), nil)
				all, err := store.List(t.Context(), "aaa")
				if err != nil || len(all) != 2 {
					t.Errorf("List has %d sessions (%v), want 2", len(all), err)
				}
				must(t, store.RevokeAll(t.Context(), "aaa"))
				wantErr(t, "a visit after RevokeAll", one.refresh(t.Context()), sessionstore.ErrNoSession)
				wantErr(t, "a visit after RevokeAll", two.refresh(t.Context()), sessionstore.ErrNoSession)
			}
		})
	}
}
