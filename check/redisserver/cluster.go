package redisserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/wait"
)

// Node is a server that was started with --cluster-enabled yes.
type Node struct {
	// Addr is host:port, as the other nodes reach it.
	Addr string
	// Client is connected to it with all rights.
	Client redis.UniversalClient
}

// slots is the number of hash slots in a cluster
// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
const slots = 16384

// Join makes a cluster of nodes that do not know each other: first the masters,
// then the replicas of the first master, of the second, and so on. It returns
// when all nodes serve all slots and the replicas have copied their masters.
func Join(ctx context.Context, nodes []Node, masters, replicasPerMaster int) error {
	for i, node := range nodes {
		// If two nodes had the same epoch, they would first have to resolve that.
		if err := node.Client.Do(ctx, "cluster", "set-config-epoch", i+1).Err(); err != nil {
			return err
		}
		if i < masters {
			first, next := i*slots/masters, (i+1)*slots/masters
			if err := node.Client.ClusterAddSlotsRange(ctx, first, next-1).Err(); err != nil {
				return err
			}
		}
	}
	if err := introduce(ctx, nodes); err != nil {
		return err
	}
	for i := masters; i < len(nodes); i++ {
		if err := follow(ctx, nodes[i], nodes[(i-masters)/replicasPerMaster]); err != nil {
			return err
		}
	}
	for i, node := range nodes {
		if err := wait.Until(ctx, func() error { return joined(ctx, node.Client, masters, replicasPerMaster, i >= masters) }); err != nil {
			return err
		}
	}
	return nil
}

// introduce makes every node meet every other. Each could meet only one, but then
// the nodes would take longer to know all others.
func introduce(ctx context.Context, nodes []Node) error {
	for i, node := range nodes {
		for _, other := range nodes[:i] {
			host, port, err := net.SplitHostPort(other.Addr)
			if err != nil {
				return err
			}
			if err := node.Client.ClusterMeet(ctx, host, port).Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow makes a node the replica of a master as soon as it knows that master.
func follow(ctx context.Context, node, master Node) error {
	id, err := master.Client.ClusterMyID(ctx).Result()
	if err != nil {
		return err
	}
	return wait.Until(ctx, func() error { return node.Client.ClusterReplicate(ctx, id).Err() })
}

// joined returns nil if a node serves the whole cluster, otherwise the reason why
// it does not yet.
func joined(ctx context.Context, node redis.UniversalClient, masters, replicas int, isReplica bool) error {
	info, err := node.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, "cluster_state:ok\r\n") {
		return errors.New("a node does not report cluster_state:ok")
	}
	parts, err := node.ClusterSlots(ctx).Result()
	if err != nil {
		return err
	}
	if len(parts) != masters {
		return fmt.Errorf("a node knows %d of %d masters", len(parts), masters)
	}
	for _, part := range parts {
		if len(part.Nodes) != 1+replicas {
			return fmt.Errorf("a node knows %d of %d replicas of a master", len(part.Nodes)-1, replicas)
		}
	}
	if isReplica {
		return Reports(ctx, node, "replication", "master_link_status:up")
	}
	if replicas > 0 {
		return Reports(ctx, node, "replication", fmt.Sprintf("connected_slaves:%d", replicas))
	}
	return nil
}

// Reports returns an error unless a section of the server's INFO has the line.
func Reports(ctx context.Context, client redis.UniversalClient, section, line string) error {
	info, err := client.Info(ctx, section).Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, line+"\r\n") {
		return fmt.Errorf("a server does not report %s", line)
	}
	return nil
}
