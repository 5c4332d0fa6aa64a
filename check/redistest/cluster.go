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

// Cluster is a Redis Cluster of one test alone, which may do anything to it.
type Cluster struct {
	// Addrs are host:port of all nodes, in the order of Node.
	Addrs []string

	t     testing.TB
	nodes []*Server
}

// nodeTimeout is how long a node may be silent before the others take it for
// dead. It is short, so that a test of that is, and long enough for a machine
// that is busy with other tests.
const nodeTimeout = 2 * time.Second

// StartCluster starts as many masters as asked for, each with its replicas, as
// StartServer starts one server: on free loopback ports, nothing kept but the
// map of the cluster, gone with the test; args are further arguments for every
// node. It returns when all nodes serve all slots and the replicas have copied
// their masters, after about three seconds, most of which a new master waits
// by itself. A cluster has at least three masters.
func StartCluster(t testing.TB, masters, replicasPerMaster int, args ...string) *Cluster {
	t.Helper()
	c := &Cluster{t: t}
	own := []string{
		"--cluster-enabled", "yes",
		"--cluster-node-timeout", fmt.Sprint(nodeTimeout.Milliseconds()),
		"--repl-diskless-sync-delay", "0",
		// CLUSTER SLOTS leaves out a replica that has not read anything yet,
		// and that would be ten seconds.
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

// Node is one server of the cluster: the masters come first, then the replicas
// of the first master, of the second, and so on, as they were at the start.
func (c *Cluster) Node(i int) *Server { return c.nodes[i] }

// Options are those the tests' other clients have, for a client of the test's
// own.
func (c *Cluster) Options() *redis.ClusterOptions {
	c.t.Helper()
	o, err := parseURL(c.nodes[0].URL)
	if err != nil {
		c.t.Fatal(err)
	}
	return &redis.ClusterOptions{
		Addrs: slices.Clone(c.Addrs), Password: o.Password,
		// Short, because these tests let nodes hang.
		DialTimeout: time.Second, DialerRetries: o.DialerRetries,
		ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second,
		ContextTimeoutEnabled:    o.ContextTimeoutEnabled,
		DisableIdentity:          o.DisableIdentity,
		MaintNotificationsConfig: o.MaintNotificationsConfig,
		// Where a master has died nothing else tells the client to look again
		// for the one that took over, and by default it looks once a minute.
		ClusterStateReloadInterval: time.Second,
	}
}

// Client is a new client of the whole cluster, closed when the test has ended.
func (c *Cluster) Client() *redis.ClusterClient {
	c.t.Helper()
	client := redis.NewClusterClient(c.Options())
	c.t.Cleanup(func() { _ = client.Close() })
	return client
}

// Owner is the number of the node that has a key now: the master of its slot
// that says so itself. Others can be late with the news.
func (c *Cluster) Owner(key string) int {
	c.t.Helper()
	owner := -1
	wait.For(c.t, "a node says that it has the key "+key, func() bool {
		owner = slices.IndexFunc(c.nodes, func(node *Server) bool { return owns(node, key) })
		return owner >= 0
	})
	return owner
}

func owns(node *Server, key string) bool {
	ctx := context.Background()
	// A killed node is not asked: the library would log that.
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

// Failover makes a replica, by its number, take over from its master in good
// order, without a loss. It returns when the replica is the master and all
// nodes but those that are killed know it.
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

// isMaster tells why node does not see the other one as a master, or nil.
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
