package inspect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// hook writes down what a request asks Redis.
type hook struct{}

func (hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		began := time.Now()
		err := next(ctx, cmd)
		record(ctx, began, err, cmd)
		return err
	}
}

func (hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		began := time.Now()
		err := next(ctx, cmds)
		record(ctx, began, err, cmds...)
		return err
	}
}

// setUp are the commands by which the client makes a connection. They belong
// to no request, and one of them holds the password.
var setUp = map[string]bool{
	"auth": true, "client": true, "cluster": true, "command": true, "hello": true, "ping": true, "readonly": true, "select": true,
}

// record writes down a round trip, for the page of the request that asked.
func record(ctx context.Context, began time.Time, err error, cmds ...redis.Cmder) {
	to := recordOf(ctx)
	if to == nil {
		return
	}
	trip := RoundTrip{Took: time.Since(began)}
	for _, cmd := range cmds {
		if setUp[cmd.Name()] {
			continue
		}
		if len(cmds) > 1 {
			err = cmd.Err()
		}
		trip.Commands = append(trip.Commands, Command{Words: words(cmd), Reply: replyOf(cmd, err)})
	}
	if len(trip.Commands) > 0 {
		to.Add(inTransaction(trip))
	}
}

// inTransaction gives the answers between MULTI and EXEC the form in which
// Redis sends them: QUEUED to each command, and all results to EXEC.
func inTransaction(trip RoundTrip) RoundTrip {
	last := len(trip.Commands) - 1
	if last < 1 || !strings.EqualFold(trip.Commands[0].Words[0], "multi") {
		return trip
	}
	if err, failed := trip.Commands[last].Reply.(error); failed {
		// An error that is no answer of Redis leaves open how far it came.
		var answer redis.Error
		for i := range last {
			if !errors.As(err, &answer) {
				trip.Commands[i].Reply = Status("no answer")
			}
		}
		return trip
	}
	var results []any
	for i := 1; i < last; i++ {
		results = append(results, trip.Commands[i].Reply)
		trip.Commands[i].Reply = Status("QUEUED")
	}
	trip.Commands[0].Reply = Status("OK")
	trip.Commands[last].Reply = results
	return trip
}

func words(cmd redis.Cmder) []string {
	words := make([]string, len(cmd.Args()))
	for i, arg := range cmd.Args() {
		words[i] = text(arg)
	}
	return words
}

func text(arg any) string {
	if bytes, ok := arg.([]byte); ok {
		return string(bytes)
	}
	return fmt.Sprint(arg)
}

// replyOf is what Redis said, as a string, an int64, a list of these, nil, or
// an error.
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
		return Status(c.Val())
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
	return Status("…")
}
