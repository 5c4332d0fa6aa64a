package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/redis/go-redis/v9"
)

// call is one script to run.
type call struct {
	args []any
	// source is the text of the script, for a Redis that does not know it yet.
	source string
	// key decides which node of a cluster gets the call.
	key string
	// once forbids a second send if the first may have run.
	once bool
	// newConn asks for a new connection.
	newConn bool
	// list marks a reply of strings. To read it as a []string saves an allocation for
	// each string.
	list bool
	// wait makes the call wait for replicas, if the store has that option.
	wait bool
}

// call returns a call of the script by its hash, 40 bytes instead of its text.
func (s script) call(keys []string, args ...any) call {
	// The last 3 are room for one change, which most visits have.
	all := make([]any, 0, 3+len(keys)+len(args)+3)
	all = append(all, "evalsha", s.hash, len(keys))
	for _, key := range keys {
		all = append(all, key)
	}
	return call{args: append(all, args...), source: s.source, key: keys[0]}
}

// run makes a call. Only run sends a call again. The client library must not: it
// repeats every command by default, and a ClusterClient does so even if its options
// forbid it.
//
// run sends a call once more, on a new connection, if the reply says that nothing
// ran, or if the connection broke and a second run does no harm. Over TLS the library
// notices that the server has closed a connection only when it uses it, so every
// connection in its pool can be broken. A failed dial is not repeated, because that
// would only make an outage longer.
//
// The error is ErrUnavailable, redis.Nil, context.Canceled, or ErrNotConfirmed, which
// comes with the reply.
func (s *Store) run(ctx context.Context, c call) (any, error) {
	send := s.sendPooled
	if c.newConn {
		send = s.sendOnNewConn
	}
	reply, err := send(ctx, c)
	if ctx.Err() == nil && (nothingRan(err) || !c.once && broken(err)) {
		reply, err = s.sendOnNewConn(ctx, c)
	}
	if errors.Is(ctx.Err(), context.Canceled) && err != nil {
		// The library can return another error after the browser has gone away.
		return nil, ctx.Err()
	}
	err = unavailable(err)
	if errors.Is(err, ErrUnavailable) {
		// Without this a client looks for a new primary only once a minute.
		for _, client := range s.clusters {
			client.ReloadState(ctx)
		}
	}
	return reply, err
}

// maxParallel is the number of calls that runEach makes at the same time, and of calls
// on new connections.
const maxParallel = 16

// runEach makes calls in parallel, each to its own node. It returns the error of the
// first call that failed, and ErrNotConfirmed only if no call failed in another way.
func (s *Store) runEach(ctx context.Context, calls []call) ([]any, error) {
	replies, failed := make([]any, len(calls)), make([]error, len(calls))
	turns := make(chan struct{}, maxParallel)
	var group sync.WaitGroup
	for i, c := range calls {
		turns <- struct{}{}
		group.Go(func() {
			replies[i], failed[i] = s.run(ctx, c)
			<-turns
		})
	}
	group.Wait()
	var first error
	for _, err := range failed {
		if first == nil || err != nil && errors.Is(first, ErrNotConfirmed) {
			first = err
		}
	}
	return replies, first
}

// server is a client, or one node of a cluster.
type server interface {
	redis.Cmdable
	Process(ctx context.Context, cmd redis.Cmder) error
}

// sendPooled makes a call on a connection of the client's pool. A call that waits for
// replicas goes directly to the node that has the key, because WAIT must follow it on
// the same connection.
func (s *Store) sendPooled(ctx context.Context, c call) (any, error) {
	if cluster, ok := s.rdb.(*redis.ClusterClient); ok && s.waits(c) {
		node, err := cluster.MasterForKey(ctx, c.key)
		if err != nil {
			return nil, err
		}
		return s.send(ctx, node, c)
	}
	return s.send(ctx, s.rdb, c)
}

func (s *Store) waits(c call) bool { return c.wait && s.replicas > 0 }

// send makes a call. If Redis does not know the script yet, it has run nothing, and
// send sends the text of the script.
func (s *Store) send(ctx context.Context, to server, c call) (any, error) {
	reply, err := s.exchange(ctx, to, c)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		c.args = append([]any{"eval", c.source}, c.args[2:]...)
		reply, err = s.exchange(ctx, to, c)
	}
	return reply, err
}

func (s *Store) exchange(ctx context.Context, to server, c call) (any, error) {
	if s.waits(c) {
		return s.exchangeAndWait(ctx, to, c)
	}
	if c.list {
		cmd := redis.NewStringSliceCmd(ctx, c.args...)
		if s.batches != nil && ctx.Value(newConnKey{}) == nil {
			ctx = context.WithValue(ctx, visitKey{s}, cmd)
		}
		err := to.Process(ctx, unrepeatable{cmd})
		return cmd.Val(), err
	}
	cmd := redis.NewCmd(ctx, c.args...)
	err := to.Process(ctx, unrepeatable{cmd})
	return cmd.Val(), err
}

// exchangeAndWait sends the call and WAIT in one pipeline, because WAIT is about the
// writes of its own connection.
func (s *Store) exchangeAndWait(ctx context.Context, to server, c call) (any, error) {
	cmd := redis.NewCmd(ctx, c.args...)
	wait := redis.NewIntCmd(ctx, "wait", s.replicas, s.replicaWait.Milliseconds())
	pipe := to.Pipeline()
	_ = pipe.Process(ctx, unrepeatable{cmd})
	_ = pipe.Process(ctx, unrepeatable{wait})
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	if n := wait.Val(); n < int64(s.replicas) {
		return cmd.Val(), fmt.Errorf("%w: %d of %d did", ErrNotConfirmed, n, s.replicas)
	}
	return cmd.Val(), nil
}

// unrepeatable is a command that the client library never sends again.
type unrepeatable struct{ redis.Cmder }

func (unrepeatable) NoRetry() bool { return true }

// Unwrap lets a hook of the client see the type of the command.
func (u unrepeatable) Unwrap() redis.Cmder { return u.Cmder }

// nothingRan reports whether a server refused the call because another server has
// the key or is the primary.
func nothingRan(err error) bool {
	if err == nil {
		return false
	}
	_, moved := redis.IsMovedError(err)
	return moved || redis.IsReadOnlyError(err)
}

// broken reports whether an open connection broke. The error number differs between
// operating systems, so every error of a read or write counts, except a timeout.
func broken(err error) bool {
	var failed *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		(errors.As(err, &failed) && failed.Op != "dial" && !failed.Timeout())
}

// mayHaveRun reports whether a call that failed may have run, or may still run: it was
// sent, and Redis did not refuse it.
func mayHaveRun(err error) bool {
	var refused redis.Error
	var failed *net.OpError
	neverSent := errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted) ||
		errors.Is(err, redis.ErrClosed) || (errors.As(err, &failed) && failed.Op == "dial")
	return err != nil && !neverSent && !errors.As(err, &refused)
}

// unavailable marks an error as ErrUnavailable, unless the caller caused it.
func unavailable(err error) error {
	if err == nil || err == redis.Nil || errors.Is(err, context.Canceled) || errors.Is(err, ErrNotConfirmed) {
		return err
	}
	return outage{err}
}

// outage is ErrUnavailable with its cause.
type outage struct{ cause error }

func (o outage) Error() string        { return fmt.Sprintf("%v: %v", ErrUnavailable, o.cause) }
func (o outage) Unwrap() error        { return o.cause }
func (o outage) Is(target error) bool { return target == ErrUnavailable }
