package redisconn

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/config"
)

// fit asks in one round trip whether a Redis can do what an app needs. HELLO
// needs no privilege (https://redis.io/docs/latest/commands/hello/). The other
// commands fail or change nothing, wherever they run. The error is one line with
// the cure; a server that tells nothing of itself is taken as it is.
func fit(ctx context.Context, client redis.UniversalClient, cfg config.Config) error {
	const key, field = "workshop:start", "@no app has this"
	pipe := client.Pipeline()
	hello := pipe.Do(ctx, "hello")
	switch {
	case cfg.SecretKey != "":
		// Steps 2 and 3. That the number is none is the second complaint.
		pipe.Do(ctx, "hincrby", key, field, "none")
	case cfg.Name != "":
		pipe.Do(ctx, "eval", "return 0", 1, key)
		pipe.Do(ctx, "evalsha", strings.Repeat("0", 40), 1, key)
	}
	if cfg.SessionTTL > 0 && cfg.SecretKey != "" {
		pipe.Do(ctx, "expire", key, 1)
	}
	cmds, _ := pipe.Exec(ctx)
	properties, _ := hello.Val().(map[any]any)
	mode, role, version := properties["mode"], properties["role"], fmt.Sprint(properties["version"])
	major, _, _ := strings.Cut(version, ".")
	number, err := strconv.Atoi(major)
	switch {
	case mode == "cluster" && !cfg.RedisCluster:
		return errors.New("this Redis is a cluster: set REDIS_CLUSTER=true")
	case mode == "sentinel":
		return errors.New("this is a Sentinel, which keeps no data: name the Redis that it watches")
	case role == "replica" && !cfg.RedisCluster:
		return errors.New("this Redis is a replica, which takes no changes: name its primary (of ElastiCache the primary endpoint, not the reader endpoint)")
	case err == nil && number < 7:
		return fmt.Errorf("this is Redis %s: use version 7.0 or newer", version)
	}
	for _, cmd := range cmds {
		if reply, ok := errors.AsType[redis.Error](cmd.Err()); ok && cmd != hello && refusesRight(reply.Error()) {
			return errors.New("this Redis does not let the app work: " + meaning(reply.Error()) + " (" + reply.Error() + ")")
		}
	}
	return nil
}

// refusesRight tells a command that is forbidden, or renamed, from one that
// only fails.
func refusesRight(reply string) bool {
	return forbidden.MatchString(reply) || strings.Contains(reply, "unknown command")
}
