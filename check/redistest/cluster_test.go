package redistest

import (
	"crypto/rand"
	"testing"
	"time"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
)

func TestStartCluster(t *testing.T) {
	testall.Only(t)
	began := time.Now()
	c := StartCluster(t, 3, 1)
	t.Logf("6 nodes took %v", time.Since(began))
	client := c.Client()
	owners := map[int]string{}
	for range 100 {
		key := "workshop:redistest:" + rand.Text()
		mustOK(t, client.Set(t.Context(), key, "x", time.Minute).Err())
		owners[c.Owner(key)] = key
	}
	if len(owners) != 3 || owners[0] == "" || owners[1] == "" || owners[2] == "" {
		t.Fatalf("the keys are on the nodes %v, want 0, 1 and 2", owners)
	}

	c.Failover(3)
	if got := c.Owner(owners[0]); got != 3 {
		t.Errorf("after the failover node %d has the key, want 3", got)
	}
	if got := client.Get(t.Context(), owners[0]).Val(); got != "x" {
		t.Errorf("after the failover the key is %q, want x", got)
	}

	c.Node(1).Kill()
	if got := c.Owner(owners[1]); got != 4 {
		t.Errorf("after the death of node 1 node %d has its key, want 4", got)
	}
	wait.ForSuccess(t, func() error { return client.Get(t.Context(), owners[1]).Err() })
}

func TestClusterNeedsEveryMaster(t *testing.T) {
	testall.Only(t)
	c := StartCluster(t, 3, 0)
	client := c.Client()
	key := "workshop:redistest:" + rand.Text()
	mustOK(t, client.Set(t.Context(), key, "x", time.Minute).Err())
	owner := c.Node(c.Owner(key))
	owner.Kill()
	if err := client.Get(t.Context(), key).Err(); err == nil {
		t.Error("a key is there, but its only node is gone")
	}
	// The node keeps the map of the cluster, but not its keys.
	owner.Restart()
	wait.ForSuccess(t, func() error { return client.Set(t.Context(), key, "x", time.Minute).Err() })
}
