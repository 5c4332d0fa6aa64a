package redistest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/wait"
)

// Cluster is a Redis Cluster for a single test, which may do anything to it.
type Cluster struct {
	// Addrs holds host:port of each node, in the order of Node.
	Addrs []string

	t     testing.TB
	nodes []*Server
}

// nodeTimeout is how long a node may be silent before the others take it for
// dead. It is short for tests of that, and long enough for a machine that is busy
// with other tests.
const nodeTimeout = 2 * time.Second

// StartCluster starts a cluster of at least three masters, each with its replicas.
// As with StartServer, the nodes listen on free loopback ports, keep nothing on
// disk (but the map of the cluster), and end with the test; args are further
// arguments for every node. StartCluster returns when all nodes serve all slots
// and the replicas have copied their masters. That takes about three seconds,
// most of which a new master waits before it serves.
func StartCluster(t testing.TB, masters, replicasPerMaster int, args ...string) *Cluster {
	t.Helper()
	c := &Cluster{t: t}
	own := []string{
		"--cluster-enabled", "yes",
		"--cluster-node-timeout", fmt.Sprint(nodeTimeout.Milliseconds()),
		"--repl-diskless-sync-delay", "0",
		// CLUSTER SLOTS leaves out a replica until its first ping from the master,
		// which comes after ten seconds by default.
		"--repl-ping-replica-period", "1",
	}
	for range masters * (1 + replicasPerMaster) {
		node := StartServer(t, slices.Concat(own, args)...)
		c.nodes = append(c.nodes, node)
		c.Addrs = append(c.Addrs, node.Addr)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	nodes := make([]redisserver.Node, len(c.nodes))
	for i, node := range c.nodes {
		nodes[i] = redisserver.Node{Addr: node.Addr, Client: node.Client}
	}
	if err := redisserver.Join(ctx, nodes, masters, replicasPerMaster); err != nil {
		t.Fatalf("make a cluster of %d masters with %d replicas each: %v", masters, replicasPerMaster, err)
	}
	return c
}

// Node returns the node i: first come the masters, then the replicas of the first
// master, of the second, and so on, as they were at the start.
func (c *Cluster) Node(i int) *Server { return c.nodes[i] }

// Options returns options for a client that the test makes itself, as those of
// Client.
func (c *Cluster) Options() *redis.ClusterOptions {
	c.t.Helper()
	o, err := parseURL(c.nodes[0].URL)
	if err != nil {
		c.t.Fatal(err)
	}
	return &redis.ClusterOptions{
		Addrs: slices.Clone(c.Addrs), Password: o.Password,
		// Short, because nodes hang in these tests.
		DialTimeout: time.Second, DialerRetries: o.DialerRetries,
		ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second,
		ContextTimeoutEnabled:    o.ContextTimeoutEnabled,
		DisableIdentity:          o.DisableIdentity,
		MaintNotificationsConfig: o.MaintNotificationsConfig,
		// After the death of a master, only this makes the client look for the new
		// one. By default it looks once a minute.
		ClusterStateReloadInterval: time.Second,
	}
}

// Client returns a new client of the whole cluster, which is closed when the test
// has ended.
func (c *Cluster) Client() *redis.ClusterClient {
	c.t.Helper()
	client := redis.NewClusterClient(c.Options())
	c.t.Cleanup(func() { _ = client.Close() })
	return client
}

// Owner returns the number of the node that has a key now: the node that reports
// itself as the master of its slot. The other nodes can know it later.
func (c *Cluster) Owner(key string) int {
	c.t.Helper()
	owner := -1
	wait.For(c.t, "a node reports that it has the key "+key, func() bool {
		owner = slices.IndexFunc(c.nodes, func(node *Server) bool { return owns(node, key) })
		return owner >= 0
	})
	return owner
}

func owns(node *Server, key string) bool {
	ctx := context.Background()
	// The library would log a command to a killed node.
	if !answers(node.Addr, time.Second) {
		return false
	}
	slot := node.Client.ClusterKeySlot(ctx, key).Val()
	for _, part := range node.Client.ClusterSlots(ctx).Val() {
		if int64(part.Start) <= slot && slot <= int64(part.End) {
			return part.Nodes[0].Addr == node.Addr
		}
	}
	return false
}

// Failover makes a replica, by its number, take over from its master, without a
// loss. It returns when the replica is the master, and all nodes that still run
// know it.
func (c *Cluster) Failover(replica int) {
	c.t.Helper()
	if err := c.nodes[replica].Client.ClusterFailover(context.Background()).Err(); err != nil {
		c.t.Fatalf("node %d does not take over from its master: %v", replica, err)
	}
	for _, node := range c.nodes {
		if answers(node.Addr, time.Second) {
			wait.ForSuccess(c.t, func() error { return c.isMaster(node, replica) })
		}
	}
}

// isMaster returns an error if node does not know the other one as a master.
func (c *Cluster) isMaster(node *Server, other int) error {
	parts, err := node.Client.ClusterSlots(context.Background()).Result()
	if err != nil {
		return err
	}
	for _, part := range parts {
		if part.Nodes[0].Addr == c.Addrs[other] {
			return nil
		}
	}
	return fmt.Errorf("%s does not know it as a master", node.Addr)
}
