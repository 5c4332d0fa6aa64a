package sessionstore

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// sendOnNewConn sends a call on a new connection and closes it, because every
// connection in the pool may be broken. If a batch has failed, many calls come at
// once. So that they do not flood a Redis that has just started, maxParallel of them
// have a connection, and the others wait.
func (s *Store) sendOnNewConn(ctx context.Context, c call) (any, error) {
	select {
	case s.newConns <- struct{}{}:
		defer func() { <-s.newConns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !s.waits(c) {
		return s.send(context.WithValue(ctx, newConnKey{}, c.key), s.rdb, c)
	}
	node, err := s.freshNode(ctx, c.key)
	if err != nil {
		return nil, err
	}
	defer node.Close()
	return s.send(ctx, node, c)
}

// newConnKey is the context key of a command that needs a new connection. Its value is
// the key that the command uses.
type newConnKey struct{}

// freshNode returns a client with one connection to the server that has the key.
func (s *Store) freshNode(ctx context.Context, key string) (*redis.Client, error) {
	node, _ := s.rdb.(*redis.Client)
	if cluster, ok := s.rdb.(*redis.ClusterClient); ok {
		// ForEachMaster reloads the state of the cluster: the key may have moved.
		_ = cluster.ForEachMaster(ctx, func(context.Context, *redis.Client) error { return nil })
		var err error
		if node, err = cluster.MasterForKey(ctx, key); err != nil {
			return nil, err
		}
	}
	options := *node.Options()
	options.PoolSize, options.MinIdleConns, options.PipelinePoolSize, options.MaxRetries = 1, 0, -1, -1
	return redis.NewClient(&options), nil
}

// newConnections is the last hook of the client, and chooses the connection. So the
// hooks before it see the same command and error on every connection.
type newConnections struct{ *Store }

func (h newConnections) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if visit, ok := ctx.Value(visitKey(h)).(*redis.StringSliceCmd); ok {
			return h.sendTogether(ctx, visit)
		}
		key, ok := ctx.Value(newConnKey{}).(string)
		if !ok {
			return next(ctx, cmd)
		}
		node, err := h.freshNode(ctx, key)
		if err != nil {
			cmd.SetErr(err)
			return err
		}
		defer node.Close()
		return node.Process(ctx, cmd)
	}
}

func (h newConnections) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h newConnections) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
