// Package redishook records the commands of a go-redis client for the panel. It is a
// separate package so that step 1, which has no Redis, needs no go-redis.
package redishook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/inspect"
)

// For returns client as the panel needs it.
func For(client redis.UniversalClient) inspect.Redis { return panelRedis{client} }

type panelRedis struct{ client redis.UniversalClient }

func (p panelRedis) Listen() { p.client.AddHook(hook{}) }

func (p panelRedis) Look(ctx context.Context, key string) (inspect.Held, error) {
	pipe := p.client.Pipeline()
	kind, ttl, fields := pipe.Type(ctx, key), pipe.PTTL(ctx, key), pipe.HGetAll(ctx, key)
	// HGETALL fails for a key that is no hash. For the panel its type is enough.
	if _, err := pipe.Exec(ctx); err != nil && kind.Err() != nil {
		return inspect.Held{}, err
	}
	held := inspect.Held{Key: key, Type: kind.Val(), TTL: ttl.Val()}
	for _, name := range slices.Sorted(maps.Keys(fields.Val())) {
		held.Fields = append(held.Fields, inspect.Field{Name: name, Value: fields.Val()[name]})
	}
	return held, nil
}

func (p panelRedis) Remove(ctx context.Context, key string) error {
	return p.client.Del(ctx, key).Err()
}

// hook adds round trips to the record of the request that sends them.
type hook struct{}

func (hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		inspect.RecordOf(ctx).Begin()
		began := time.Now()
		err := next(ctx, cmd)
		record(ctx, began, err, cmd)
		return err
	}
}

func (hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		inspect.RecordOf(ctx).Begin()
		began := time.Now()
		err := next(ctx, cmds)
		record(ctx, began, err, cmds...)
		return err
	}
}

// setUp are the commands by which the client makes a connection. They belong to no
// request, and one of them holds the password.
var setUp = map[string]bool{
	"auth": true, "client": true, "cluster": true, "command": true, "hello": true, "ping": true, "readonly": true, "select": true,
}

func record(ctx context.Context, began time.Time, err error, cmds ...redis.Cmder) {
	to := inspect.RecordOf(ctx)
	if to == nil {
		return
	}
	trip := inspect.RoundTrip{Took: time.Since(began)}
	for _, cmd := range cmds {
		if setUp[cmd.Name()] {
			continue
		}
		if len(cmds) > 1 {
			err = cmd.Err()
		}
		trip.Commands = append(trip.Commands, inspect.Command{Words: words(cmd), Reply: replyOf(cmd, err)})
	}
	if len(trip.Commands) > 0 {
		to.Add(inTransaction(trip))
	}
}

// inTransaction gives the answers of a transaction the form in which Redis sends
// them: QUEUED to each command, and all results to EXEC.
func inTransaction(trip inspect.RoundTrip) inspect.RoundTrip {
	last := len(trip.Commands) - 1
	if last < 1 || !strings.EqualFold(trip.Commands[0].Words[0], "multi") {
		return trip
	}
	if err, failed := trip.Commands[last].Reply.(error); failed {
		if _, answered := errors.AsType[redis.Error](err); answered {
			return trip
		}
		// After an error of the connection, the earlier answers are unknown.
		for i := range last {
			trip.Commands[i].Reply = inspect.Status("no answer")
		}
		return trip
	}
	var results []any
	for i := 1; i < last; i++ {
		results = append(results, trip.Commands[i].Reply)
		trip.Commands[i].Reply = inspect.Status("QUEUED")
	}
	trip.Commands[0].Reply = inspect.Status("OK")
	trip.Commands[last].Reply = results
	return trip
}

func words(cmd redis.Cmder) []string {
	words := make([]string, len(cmd.Args()))
	for i, arg := range cmd.Args() {
		if bytes, ok := arg.([]byte); ok {
			arg = string(bytes)
		}
		words[i] = fmt.Sprint(arg)
	}
	return words
}

// replyOf is the answer to cmd in a form that inspect.Command allows.
func replyOf(cmd redis.Cmder, err error) any {
	if errors.Is(err, redis.Nil) {
		return nil
	}
	if err != nil {
		return err
	}
	if wrapped, ok := cmd.(interface{ Unwrap() redis.Cmder }); ok {
		return replyOf(wrapped.Unwrap(), nil)
	}
	switch c := cmd.(type) {
	case *redis.StatusCmd:
		return inspect.Status(c.Val())
	case *redis.IntCmd:
		return c.Val()
	case *redis.BoolCmd:
		return c.Val()
	case *redis.StringCmd:
		return c.Val()
	case *redis.StringSliceCmd:
		return c.Val()
	case *redis.SliceCmd:
		return c.Val()
	case *redis.Cmd:
		return c.Val()
	}
	return inspect.Status("…")
}
