package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// runMonitor shows the commands that reach a real Redis, by its redis-cli.
func runMonitor(ctx context.Context, args []string) error {
	flags := newFlags("monitor")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("monitor: %q is one word too many; it takes none", flags.Arg(0))
	}
	target, err := findTarget(ctx)
	if err != nil {
		return fmt.Errorf("monitor: %w", err)
	}
	if isEmbedded(ctx, target) {
		return fmt.Errorf("monitor: the Redis on %s is an embedded one, which does not have MONITOR.\n"+
			"The panel below each page shows the commands of its request. For a real Redis: %s, then make redis", target.Addr, howToGetRedis)
	}
	program := findCLI(ctx, target)
	if program == nil {
		return errors.New("monitor: that needs redis-cli, which this machine does not have: " + howToGetRedis)
	}
	return runProgram(append(program, "MONITOR"), target)
}

const howToGetRedis = "apt-get install redis-server (Debian, Ubuntu), brew install redis (macOS)"

// isEmbedded reports whether a Redis is the embedded one. Every real one tells
// its version, unless this user may not ask.
func isEmbedded(ctx context.Context, t target) bool {
	options := *t.Options
	options.Protocol = 2
	client := redis.NewClient(&options)
	defer client.Close()
	info, err := client.Info(ctx, "server").Result()
	return !strings.Contains(info, "_version:") && !redis.IsPermissionError(err)
}
