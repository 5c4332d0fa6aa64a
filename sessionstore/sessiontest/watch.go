package sessiontest

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

// watch counts the commands of a store and can intercept them.
type watch struct {
	calls   atomic.Int64
	current atomic.Pointer[interceptor]
}

// interceptor gets the commands in place of Redis, and may send any of them.
type interceptor func(commands []redis.Cmder, send func(...redis.Cmder) error) error

func (w *watch) intercept(f interceptor) { w.current.Store(&f) }

func (w *watch) stopIntercepting() { w.current.Store(nil) }

func (w *watch) pass(commands []redis.Cmder, send func(...redis.Cmder) error) error {
	w.calls.Add(1)
	if f := w.current.Load(); f != nil {
		return (*f)(commands, send)
	}
	return send(commands...)
}

func (w *watch) DialHook(next redis.DialHook) redis.DialHook { return next }

func (w *watch) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		return w.pass([]redis.Cmder{command}, func(commands ...redis.Cmder) error { return next(ctx, commands[0]) })
	}
}

func (w *watch) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		return w.pass(commands, func(commands ...redis.Cmder) error { return next(ctx, commands) })
	}
}

// runs reports whether one of the commands runs a script with one of these names.
// The name is in the first line of the source.
func runs(commands []redis.Cmder, names ...string) bool {
	return slices.ContainsFunc(commands, func(c redis.Cmder) bool {
		args := c.Args()
		if len(args) < 2 {
			return false
		}
		source, _ := args[1].(string)
		if known, ok := sessionstore.Scripts()[source]; ok {
			source = known
		}
		first, _, _ := strings.Cut(source, "\n")
		return slices.Contains(names, strings.TrimPrefix(first, "-- "))
	})
}

// creates reports whether one of the commands creates a session.
func creates(commands []redis.Cmder) bool { return runs(commands, "begin", "create") }
