package sessiontest

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

// watch counts what a store asks Redis, and can come between.
type watch struct {
	calls   atomic.Int64
	between atomic.Pointer[between]
}

// between is asked in place of Redis. It may send what it likes.
type between func(commands []redis.Cmder, send func(...redis.Cmder) error) error

func (w *watch) comeBetween(f between) { w.between.Store(&f) }

func (w *watch) letPass() { w.between.Store(nil) }

func (w *watch) ask(commands []redis.Cmder, send func(...redis.Cmder) error) error {
	w.calls.Add(1)
	if f := w.between.Load(); f != nil {
		return (*f)(commands, send)
	}
	return send(commands...)
}

func (w *watch) DialHook(next redis.DialHook) redis.DialHook { return next }

func (w *watch) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		return w.ask([]redis.Cmder{command}, func(commands ...redis.Cmder) error { return next(ctx, commands[0]) })
	}
}

func (w *watch) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		return w.ask(commands, func(commands ...redis.Cmder) error { return next(ctx, commands) })
	}
}

// runs reports whether one of these scripts is among the commands. The first line
// of a script is its name.
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

// creates reports whether a session is made by one of the commands.
func creates(commands []redis.Cmder) bool { return runs(commands, "begin", "create") }
