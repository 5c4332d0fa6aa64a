package main

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

// attempt is a try of a login to create a session under a new token. A login can make
// several, and returns at most the last one.
type attempt struct {
	handle    string
	confirmed bool
	from, to  int64 // ticks
	born      span
}

// attempts is a hook of the client that records the attempts of logins: a session may
// exist even if its attempt was not confirmed. It is added before the store's own
// hook, so it also sees the commands that the store sends on new connections.
type attempts struct{ r *round }

func (attempts) DialHook(next redis.DialHook) redis.DialHook { return next }

func (a attempts) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c, isLogin := ctx.Value(loginKey{}).(*call)
		handle, creates := a.r.created(cmd.Args())
		if !isLogin || !creates {
			return next(ctx, cmd)
		}
		from, start := a.r.tick(), time.Now().UnixMilli()
		err := next(ctx, cmd)
		c.attempted(attempt{handle, err == nil, from, a.r.tick(), span{start, time.Now().UnixMilli()}})
		return err
	}
}

func (attempts) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// loginKey is the context key of the call of a login.
type loginKey struct{}

// creation has the names of the scripts that create a session, on a cluster and on
// one server. Their first key is the session.
var creation = map[string]bool{"create": true, "begin": true}

// created returns the handle of the session that a command creates.
func (r *round) created(args []any) (handle string, ok bool) {
	if len(args) < 4 {
		return "", false
	}
	source, _ := args[1].(string)
	if args[0] == "evalsha" {
		source = sessionstore.Scripts()[source]
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(source, "-- "), "\n")
	key, _ := args[3].(string)
	return strings.TrimPrefix(key, r.prefix), creation[name]
}

// attempted adds an attempt. If Redis does not know the script yet, it is sent twice.
func (c *call) attempted(a attempt) {
	if n := len(c.attempts); n > 0 && c.attempts[n-1].handle == a.handle {
		last := &c.attempts[n-1]
		last.confirmed, last.to, last.born.latest = a.confirmed, a.to, a.born.latest
		return
	}
	c.attempts = append(c.attempts, a)
}
