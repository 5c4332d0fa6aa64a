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
	// key decides which node of a cluster is asked.
	key string
	// once forbids to send the call again if it is not known whether it ran.
	once bool
	// anew asks for a connection of its own.
	newConn bool
	// list says that the answer is a []string, which spares an allocation for
	// each of them.
	list bool
	// confirmed says that the call waits for replicas, if the store has that option.
	wait bool
}

// call asks for the script by its hash, 40 bytes in place of its text.
func (s script) call(keys []string, args ...any) call {
	// There is room for one operation, which most visits have.
	all := make([]any, 0, 3+len(keys)+len(args)+3)
	all = append(all, "evalsha", s.hash, len(keys))
	for _, key := range keys {
		all = append(all, key)
	}
	return call{args: append(all, args...), source: s.source, key: keys[0]}
}

// run makes a call. Sending it again is this function's business alone: the
// client library is told not to, for it repeats whatever it is given, and a
// ClusterClient does so whatever its options say.
//
// A call goes again once, on a new connection: if the reply says that nothing
// ran, or if its connection broke and running twice does no harm. Over TLS the
// library notices only when it uses a connection that the server has closed it,
// so all that wait in its pool can be broken. A failed dial is not repeated: it
// would only make an outage longer.
//
// The error is ErrUnavailable, redis.Nil, context.Canceled, or ErrNotConfirmed beside
// the answer.
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
		// The library can wait for the reply a little longer than the browser.
		return nil, ctx.Err()
	}
	err = unavailable(err)
	if errors.Is(err, ErrUnavailable) {
		// By itself a client looks for a new primary once a minute.
		for _, client := range s.clusters {
			client.ReloadState(ctx)
		}
	}
	return reply, err
}

// atOnce is how many calls go to a cluster at the same time.
const maxParallel = 16

// runEach makes calls at the same time, each at its own node. The error is that of
// a call that failed, and ErrNotConfirmed only if all others were done.
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

// server is what both a client and one node of a cluster can do.
type server interface {
	redis.Cmdable
	Process(ctx context.Context, cmd redis.Cmder) error
}

// sendPooled makes a call on a connection of the client's pool. WAIT speaks of what
// its own connection wrote, so it goes to the node that has the key, together with
// the call.
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

// send makes a call. A Redis that does not know the script yet says so, has done
// nothing, and gets its text.
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

// exchangeAndWait is the one pipeline of the store: WAIT speaks of its connection.
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

// unrepeatable is a command that the client library must not send again,
// whatever its options say.
type unrepeatable struct{ redis.Cmder }

func (unrepeatable) NoRetry() bool { return true }

// Unwrap lets a hook of the client see what kind of command it is.
func (u unrepeatable) Unwrap() redis.Cmder { return u.Cmder }

// nothingRan reports whether a server says that another one has to be asked.
func nothingRan(err error) bool {
	if err == nil {
		return false
	}
	_, moved := redis.IsMovedError(err)
	return moved || redis.IsReadOnlyError(err)
}

// broken reports whether a connection that was open has ended. The number of the
// error differs from system to system, so every error of reading or writing
// counts, unless time was up.
func broken(err error) bool {
	var failed *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		(errors.As(err, &failed) && failed.Op != "dial" && !failed.Timeout())
}

// mayHaveRun reports whether a call that failed can have been done, now or later:
// it was sent, and Redis did not refuse it.
func mayHaveRun(err error) bool {
	var refused redis.Error
	var failed *net.OpError
	neverSent := errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted) ||
		errors.Is(err, redis.ErrClosed) || (errors.As(err, &failed) && failed.Op == "dial")
	return err != nil && !neverSent && !errors.As(err, &refused)
}

// unavailable marks every error as an outage that the caller did not cause. A
// browser that left is none.
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
