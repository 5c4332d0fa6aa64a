package main

import (
	"context"
	"errors"
	"fmt"

	"example.com/session-workshop/tools/internal/machine"
	"example.com/session-workshop/tools/internal/rediscli"
)

// runMonitor shows the commands that reach a real Redis, with redis-cli.
func runMonitor(ctx context.Context, args []string) error {
	if err := parseOnly(newFlags("monitor"), args); err != nil {
		return err
	}
	target, err := rediscli.Find(ctx)
	if err != nil {
		return fmt.Errorf("monitor: %w", err)
	}
	if target.IsEmbedded(ctx) {
		return fmt.Errorf("monitor: the Redis on %s is an embedded one, which does not have MONITOR.\n"+
			"The panel below each page shows the commands of its request. For a real Redis: %s, then make redis", target.Addr, machine.HowToGetServer)
	}
	program := target.Command(ctx)
	if program == nil {
		return errors.New("monitor: this machine has no redis-cli, which comes with a Redis server: " + machine.HowToGetServer)
	}
	return runProgram(target, append(program, "MONITOR"))
}
