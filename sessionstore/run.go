package sessionstore

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// call is one command for Redis.
type call struct {
	args []any
	// source is the text of a script, for a Redis that does not know it yet.
	source string
	// once forbids to send the call again when nobody knows whether it ran.
	once bool
	// list says that the answer is a []string, which a call alone can have; it
	// spares an allocation for each of them.
	list bool
}

func command(args ...any) call { return call{args: args} }

// call asks for the script by its hash, 40 bytes in place of its text.
func (s script) call(key string, args ...any) call {
	// There is room for one operation, which most visits have.
	all := make([]any, 0, 4+len(args)+3)
	all = append(all, "evalsha", s.hash, 1, key)
	return call{args: append(all, args...), source: s.source}
}

// run makes calls in one round trip, each at its own node where Redis is a
// cluster. A Redis that does not know a script yet gets its text, which is one
// round trip more. The answers are in the order of the calls; the error is that
// of the first call that failed. A call that must run once goes alone.
func (s *Store) run(ctx context.Context, calls ...call) ([]any, error) {
	replies, err := exchange(ctx, s.rdb, calls)
	for tries := s.tries(err); tries > 0 && broken(err) && !calls[0].once && ctx.Err() == nil; tries-- {
		replies, err = exchange(ctx, s.rdb, calls)
	}
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		for i, c := range calls {
			if c.source != "" {
				calls[i].args = append([]any{"eval", c.source}, c.args[2:]...)
			}
		}
		replies, err = exchange(ctx, s.rdb, calls)
	}
	err = unavailable(err)
	if cluster, ok := s.rdb.(*redis.ClusterClient); ok && errors.Is(err, ErrUnavailable) {
		// By itself the client looks for a new master once a minute.
		cluster.ReloadState(ctx)
	}
	return replies, err
}

// runAt makes calls at the one server that has key. When the key has moved the
// client library does not follow, so this asks anew who has it.
func (s *Store) runAt(ctx context.Context, key string, calls []call) ([]any, error) {
	for tries := uint32(0); ; tries++ {
		node, err := s.master(ctx, key)
		if err != nil {
			return nil, unavailable(err)
		}
		replies, err := exchange(ctx, node, calls)
		_, moved := redis.IsMovedError(err)
		if !moved && !broken(err) || tries == s.tries(err) || ctx.Err() != nil {
			return replies, unavailable(err)
		}
		if cluster, ok := s.rdb.(*redis.ClusterClient); ok {
			// To visit each master reads the state of the cluster first.
			_ = cluster.ForEachMaster(ctx, func(context.Context, *redis.Client) error { return nil })
		}
	}
}

func (s *Store) master(ctx context.Context, key string) (server, error) {
	if cluster, ok := s.rdb.(*redis.ClusterClient); ok {
		return cluster.MasterForKey(ctx, key)
	}
	return s.rdb, nil
}

// inTurn makes the calls of each stage only when those before are done. That is
// one round trip where one server does everything in the order in which it
// comes, and one for each stage on a cluster.
func (s *Store) inTurn(ctx context.Context, stages ...[]call) ([]any, error) {
	if s.isOneServer() {
		return s.run(ctx, slices.Concat(stages...)...)
	}
	var all []any
	for _, calls := range stages {
		replies, err := s.run(ctx, calls...)
		if err != nil {
			return nil, err
		}
		all = append(all, replies...)
	}
	return all, nil
}

func (s *Store) isOneServer() bool {
	_, ok := s.rdb.(*redis.Client)
	return ok
}

// tries is how often to send again what does no harm when it runs twice. Over
// TLS nobody notices that the server has closed a connection until it is used,
// so all that wait in the pools can be broken.
func (s *Store) tries(err error) uint32 {
	if err == nil {
		return 0
	}
	stats := s.rdb.PoolStats()
	tries := max(stats.TotalConns, stats.IdleConns) + 1
	if stats.PipelineStats != nil {
		tries += stats.PipelineStats.TotalConns
	}
	return tries
}

// broken tells whether a connection that was open has ended. Its number differs
// from system to system, so every error of reading or writing counts, unless
// time was up.
func broken(err error) bool {
	var failed *net.OpError
	return errors.Is(err, io.EOF) || (errors.As(err, &failed) && failed.Op != "dial" && !failed.Timeout())
}

// server is what both a client and one node of a cluster can do.
type server interface {
	redis.Cmdable
	Process(ctx context.Context, cmd redis.Cmder) error
}

func exchange(ctx context.Context, to server, calls []call) ([]any, error) {
	switch len(calls) {
	case 0:
		return nil, nil
	case 1:
		reply, err := calls[0].send(ctx, to)
		return []any{reply}, err
	}
	pipe := to.Pipeline()
	cmds := make([]*redis.Cmd, len(calls))
	for i, c := range calls {
		cmds[i] = pipe.Do(ctx, c.args...)
	}
	_, err := pipe.Exec(ctx)
	replies := make([]any, len(cmds))
	for i, cmd := range cmds {
		replies[i] = cmd.Val()
	}
	return replies, err
}

func (c call) send(ctx context.Context, to server) (any, error) {
	if c.list {
		cmd := redis.NewStringSliceCmd(ctx, c.args...)
		err := to.Process(ctx, c.guarded(cmd))
		return cmd.Val(), err
	}
	cmd := redis.NewCmd(ctx, c.args...)
	err := to.Process(ctx, c.guarded(cmd))
	return cmd.Val(), err
}

// unrepeatable is a command that the client library must not send again,
// whatever its options say.
type unrepeatable struct{ redis.Cmder }

func (unrepeatable) NoRetry() bool { return true }

// Unwrap lets a hook of the client see what kind of command it is.
func (u unrepeatable) Unwrap() redis.Cmder { return u.Cmder }

func (c call) guarded(cmd redis.Cmder) redis.Cmder {
	if c.once {
		return unrepeatable{cmd}
	}
	return cmd
}

// unavailable marks an outage as one: the network, time that ran out, or a
// Redis that says it cannot serve now. A browser that left is none, nor is an
// answer that refuses the command itself.
func unavailable(err error) error {
	var reply redis.Error
	refused := errors.As(err, &reply) && !cannotServe(err)
	if err == nil || err == redis.Nil || refused || errors.Is(err, context.Canceled) {
		return err
	}
	return outage{err}
}

// outage is ErrUnavailable with its cause.
type outage struct{ cause error }

func (o outage) Error() string        { return ErrUnavailable.Error() + ": " + o.cause.Error() }
func (o outage) Unwrap() error        { return o.cause }
func (o outage) Is(target error) bool { return target == ErrUnavailable }

func cannotServe(err error) bool {
	_, moved := redis.IsMovedError(err)
	_, moving := redis.IsAskError(err)
	return moved || moving || redis.IsLoadingError(err) || redis.IsMasterDownError(err) || redis.IsClusterDownError(err) ||
		redis.IsReadOnlyError(err) || redis.IsTryAgainError(err) || redis.IsNoReplicasError(err) ||
		redis.IsMaxClientsError(err) || redis.IsAuthError(err) ||
		// A script may carry the complaint in the middle of its own.
		strings.Contains(err.Error(), "OOM ")
}
