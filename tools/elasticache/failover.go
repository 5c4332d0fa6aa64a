package elasticache

import (
	"context"
	"errors"
	"fmt"

	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/wait"
)

var errCluster = errors.New("in cluster mode the stand-in has no replica that could take over; start it without -cluster")

// Fail kills the primary and promotes the replica. Writes that the replica had
// not received are lost. A new node becomes the replica, as ElastiCache
// replaces a failed node.
func (s *StandIn) Fail(ctx context.Context) error {
	if s.options.Cluster {
		return errCluster
	}
	failed, replica := s.primary, s.replica()
	failed.process.Kill()
	if err := replica.client.Do(ctx, ownName("REPLICAOF"), "no", "one").Err(); err != nil {
		return fmt.Errorf("promote the replica: %w", err)
	}
	s.lead(replica)
	if err := s.run(failed); err != nil {
		return fmt.Errorf("replace the node that failed: %w", err)
	}
	return s.follow(ctx, failed)
}

// Switch makes the replica take over without losing a write, as during
// maintenance: writes wait until the replica has received everything, then the
// two change roles (https://redis.io/docs/latest/commands/failover/).
func (s *StandIn) Switch(ctx context.Context) error {
	if s.options.Cluster {
		return errCluster
	}
	before, replica := s.primary, s.replica()
	if err := before.client.Do(ctx, "failover", "to", "127.0.0.1", port(replica.addr), "timeout", 5000).Err(); err != nil {
		return fmt.Errorf("ask the primary to hand over: %w", err)
	}
	err := wait.Until(ctx, func() error {
		return redisserver.Reports(ctx, replica.client, "replication", "role:master")
	})
	if err != nil {
		return err
	}
	s.lead(replica)
	return s.follow(ctx, before)
}

func (s *StandIn) replica() *node {
	if s.primary == s.nodes[0] {
		return s.nodes[1]
	}
	return s.nodes[0]
}

// lead makes the endpoint forward to another node.
func (s *StandIn) lead(n *node) {
	s.primary = n
	s.endpoint.Lead(n.addr)
}
