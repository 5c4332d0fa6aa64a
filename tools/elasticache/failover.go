package elasticache

import (
	"context"
	"errors"
	"fmt"

	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/wait"
)

var errCluster = errors.New("this stand-in in cluster mode has no replicas that could take over; start it without")

// Fail ends the primary as a crash would, and lets the replica take over: what
// it had not received is lost. A new node becomes the replica, as ElastiCache
// replaces one that failed.
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

// Switch lets the replica take over in good order, as at a maintenance: writes
// wait until it has received everything, then the two change places
// (https://redis.io/docs/latest/commands/failover/).
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

// lead makes the endpoint lead to another node.
func (s *StandIn) lead(n *node) {
	s.primary = n
	s.endpoint.Lead(n.addr)
}
