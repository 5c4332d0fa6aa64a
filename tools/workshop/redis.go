package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/internal/localredis"
)

const otherPort = "choose another port: go run ./tools/workshop redis -port 6380"

// runRedis runs a separate Redis until ctx ends.
func runRedis(ctx context.Context, args []string) error {
	flags := newFlags("redis [-port N | -ask]")
	port := flags.Int("port", 6379, "`port` on 127.0.0.1; 0 takes any free one")
	ask := flags.Bool("ask", false, "start no Redis, and report whether the steps can use the one in REDIS_URL")
	if err := parseOnly(flags, args); err != nil {
		return fmt.Errorf("%w. Give the port as -port 6380", err)
	}
	if *ask {
		return askNamed(ctx)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(*port))
	if *port != 0 {
		found, err := localredis.Ask(ctx, addr)
		if err != nil {
			return fmt.Errorf("%s is taken by something that is not a Redis for the workshop (%w).\nStop what runs there, or %s", addr, err, otherPort)
		}
		if found {
			fmt.Fprintf(stdout, "A Redis already answers on %s, so there is nothing to start.\n", addr)
			printUse(addr)
			return nil
		}
	}
	server, err := localredis.Start(addr)
	if err != nil {
		return fmt.Errorf("redis: %w. Or %s", err, otherPort)
	}
	defer server.Close()
	fmt.Fprintf(stdout, "Redis is running on %s. It is %s, and keeps everything in memory until you stop it.\n", server.Addr, server.Name)
	printUse(server.Addr)
	fmt.Fprintln(stdout, "Stop it: Ctrl+C")
	select {
	case <-ctx.Done():
		fmt.Fprintln(stdout, "Redis has stopped.")
		return nil
	case <-server.Ended:
		return fmt.Errorf("redis: %s has ended", server.Name)
	}
}

// askNamed opens the Redis in REDIS_URL as each step does at its start. The
// error is the one that a step would print.
func askNamed(ctx context.Context) error {
	for step := 2; step <= steps.Count; step++ {
		cfg, err := config.LoadStep(step, nil)
		if err == nil && cfg.RedisURL == "" {
			err = errors.New("REDIS_URL: it is not set, so a step uses the Redis on this machine, or its embedded one")
		}
		if err != nil {
			return err
		}
		conn, err := redisconn.Open(ctx, cfg)
		if err != nil {
			return err
		}
		conn.Close()
	}
	fmt.Fprintln(stdout, "The steps can use the Redis in REDIS_URL.")
	return nil
}

// printUse says how to look inside. It also says how an app finds the Redis, if
// addr is not the address that every app tries first.
func printUse(addr string) {
	if addr == redisconn.LocalAddr {
		fmt.Fprintln(stdout, "Look inside: redis-cli")
		return
	}
	_, port, _ := net.SplitHostPort(addr)
	fmt.Fprintln(stdout, "Look inside: redis-cli -p", port)
	fmt.Fprintf(stdout, "Use it:      go run ./step3-ttl -redis-url redis://%s\n", addr)
}
