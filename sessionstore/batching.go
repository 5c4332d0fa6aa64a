package sessionstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// Batching sends the visits of all requests on one connection, and does not wait for
// a reply before it sends the next visit. With many concurrent requests this gives
// more visits a second and less CPU on both sides. Each visit still has its own
// deadline and its own error, and hooks see a separate command. But if the
// connection breaks, all visits on it fail; those without a change are sent once
// more. If it hangs, they fail at their deadlines. If it recovers, it also sends the
// visits whose callers have given up.
//
// Batching is experimental as long as AsyncAutoPipeline of go-redis is. Call
// Store.Close at the end.
func Batching() Option { return func(s *Store) { s.batching = true } }

// maxUnanswered is the number of visits that can wait for a reply. As many can wait
// to be sent. Others wait for a place, or until their deadline.
const maxUnanswered = 2000

// openBatches makes a client without the hooks of rdb. They would see the commands of
// many requests as one, so each visit passes them before it joins a batch.
//
// Without full duplex a batch waits for the reply to the batch before it. With 5 ms
// to Redis that cost a fifth of the throughput. The library gives no full duplex to a
// cluster client that reads from replicas. A visit is a write and goes to a primary,
// so this client does without that.
func (s *Store) openBatches() (err error) {
	options := redis.DefaultAutoPipelineOptions()
	options.FullDuplex, options.FullDuplexWindow = true, maxUnanswered
	switch client := s.rdb.(type) {
	case *redis.ClusterClient:
		own := *client.Options()
		own.PipelinePoolSize = 1
		own.ReadOnly, own.RouteByLatency, own.RouteRandomly = false, false, false
		cluster := redis.NewClusterClient(&own)
		s.clusters, s.batchClient = append(s.clusters, cluster), cluster
		s.batches, err = cluster.AsyncAutoPipelineWithOptions(options)
	case *redis.Client:
		own := *client.Options()
		own.PipelinePoolSize = 1
		server := redis.NewClient(&own)
		s.batchClient = server
		s.batches, err = server.AsyncAutoPipelineWithOptions(options)
	}
	return err
}

// visitKey is the context key of a visit that may be batched. It names the store,
// because two stores on one client see each other's commands.
type visitKey struct{ *Store }

// sendTogether sends a visit in a batch and sets its reply. It sends a copy, because
// the batch may write to the command after the caller has given up.
func (s *Store) sendTogether(ctx context.Context, visit *redis.StringSliceCmd) error {
	sent := redis.NewStringSliceCmd(ctx, visit.Args()...)
	err := s.batches.Submit(ctx, unrepeatable{sent}).WaitContext(ctx)
	if err != nil {
		visit.SetErr(err)
		return err
	}
	visit.SetVal(sent.Val())
	return nil
}

// Close closes the connections of Batching, but not the client that was passed to
// New. Without Batching it does nothing.
func (s *Store) Close() error {
	if s.batches == nil {
		return nil
	}
	return errors.Join(s.batches.Close(), s.batchClient.Close())
}
