package redisconn

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/config"
)

var redisVersion = regexp.MustCompile(`redis_version:\S+`)

// fit checks that a Redis can do what an app needs. HELLO needs no privilege
// (https://redis.io/docs/latest/commands/hello/); INFO is for a server without HELLO.
// The error is one line with the remedy. A server that answers neither is accepted if
// it accepts the commands of the app.
func fit(ctx context.Context, client redis.UniversalClient, cfg config.Config) error {
	properties, _ := client.Do(ctx, "hello").Val().(map[any]any)
	version, _ := properties["version"].(string)
	if properties == nil {
		version = strings.TrimPrefix(redisVersion.FindString(client.Info(ctx, "server").Val()), "redis_version:")
	}
	major, _, _ := strings.Cut(version, ".")
	number, err := strconv.Atoi(major)
	refusal := refusedCommand(ctx, client, cfg)
	mode, role := properties["mode"], properties["role"]
	switch {
	case mode == "sentinel":
		return errors.New("this is a Sentinel, which stores no data: name the Redis that it watches")
	case err == nil && number < 7:
		return fmt.Errorf("this is Redis %s: use version 7.0 or newer", version)
	case cfg.RedisCluster:
	case mode == "cluster" || redis.HasErrorPrefix(refusal, "MOVED"):
		return errors.New("this Redis is a cluster: set REDIS_CLUSTER=true")
	case role == "replica" || redis.HasErrorPrefix(refusal, "READONLY"):
		return errors.New("this Redis is a replica, which takes no changes: name its primary (of ElastiCache the primary endpoint, not the reader endpoint)")
	}
	if refusal != nil {
		return fmt.Errorf("this Redis does not let the app work: %s (%w)", meaning(refusal.Error()), refusal)
	}
	return nil
}

// probes are the commands of an app with arguments for which they fail or change
// nothing. inMulti reports whether the app also needs MULTI and EXEC.
func probes(cfg config.Config) (commands []string, inMulti bool) {
	const count = "hincrby workshop:start visits none"
	switch {
	case cfg.Name == "":
		return nil, false
	case cfg.SecretKey != "" && cfg.SessionTTL == 0: // step 2
		return []string{count}, false
	case cfg.SecretKey != "": // step 3
		return []string{count, "expire workshop:start 1"}, true
	}
	commands = []string{
		"eval return 1 workshop:start", "evalsha none 1 workshop:start", "exists workshop:start", "pexpire workshop:start 1",
		count, "hset workshop:start username none visits", "hget workshop:start username",
	}
	if cfg.SessionMaxAge == 0 { // step 4
		return append(commands, "del workshop:start"), true
	}
	// sessionstore's example
	return append(commands,
		"pexpireat workshop:start 1", "pexpiretime workshop:start", "pttl workshop:start", "unlink workshop:start",
		"hgetall workshop:start", "hmget workshop:start @end", "hdel workshop:start @end",
		"zadd workshop:start none handle", "zrange workshop:start 0 -1", "zrem workshop:start handle"), false
}

// refusedCommand sends all probes in one round trip, and returns the first answer by
// which Redis refuses one permanently, or nil.
func refusedCommand(ctx context.Context, client redis.UniversalClient, cfg config.Config) error {
	commands, inMulti := probes(cfg)
	send := client.Pipelined
	if inMulti {
		send = client.TxPipelined
	}
	cmds, _ := send(ctx, func(pipe redis.Pipeliner) error {
		for _, command := range commands {
			var args []any
			for _, word := range strings.Fields(command) {
				args = append(args, word)
			}
			pipe.Do(ctx, args...)
		}
		return nil
	})
	for _, cmd := range cmds {
		if reply, ok := errors.AsType[redis.Error](cmd.Err()); ok && permanent.MatchString(reply.Error()) {
			return reply
		}
	}
	return nil
}

// permanent matches the answers to a command that is forbidden, renamed, or served
// elsewhere.
var permanent = regexp.MustCompile(`NOPERM|unknown command|^READONLY|^MOVED`)
