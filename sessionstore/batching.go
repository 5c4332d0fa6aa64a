package sessionstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// Batching sends the visits of all requests on one connection, each without waiting
// for the reply to the one before: more visits a second for less CPU, on both sides,
// if many requests come at once. Each visit is still a command of its own to the hooks
// of the client, to its deadline, and if another one fails. But if the connection
// breaks or hangs, all visits on it fail, and none of them is sent again.
//
// Batching is experimental as long as go-redis calls AsyncAutoPipeline so. Call
// Store.Close at the end.
//
// A visit whose caller has given up is still sent if the connection comes back.
func Batching() Option { return func(s *Store) { s.batching = true } }

// maxUnanswered is how many visits can wait for a reply. More wait for a place, until
// their deadline.
const maxUnanswered = 2000

// openBatches makes a client without the hooks of rdb, because they would see the
// commands of many requests as one: visits come to it behind those hooks.
//
// It uses full duplex, because a batch that waits for the reply to the one before
// costs up to a round trip: with 5 ms to Redis that took a fifth of the throughput.
func (s *Store) openBatches() (err error) {
	options := redis.DefaultAutoPipelineOptions()
	options.FullDuplex, options.FullDuplexWindow = true, maxUnanswered
	switch client := s.rdb.(type) {
	case *redis.ClusterClient:
		own := *client.Options()
		own.PipelinePoolSize = 1
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

// visitKey is where a context has a visit of a store that may go with others. Two
// stores on one client see each other's commands.
type visitKey struct{ *Store }

// sendTogether fills in the answer of a visit. The command that is sent is a copy:
// a caller that gives up leaves it to the batch, which writes to it later.
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

// Close ends the connections of Batching. It does not close the client that New was
// given. Without Batching there is nothing to do.
func (s *Store) Close() error {
	if s.batches == nil {
		return nil
	}
	return errors.Join(s.batches.Close(), s.batchClient.Close())
}
