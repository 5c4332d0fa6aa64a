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

// runRedis runs a Redis alone until it is told to stop.
func runRedis(ctx context.Context, args []string) error {
	flags := newFlags("redis [-port N | -ask]")
	port := flags.Int("port", 6379, "`port` on 127.0.0.1; 0 takes any free one")
	ask := flags.Bool("ask", false, "start none, and say whether the steps can use the one that REDIS_URL names")
	if err := parseOnly(flags, args); err != nil {
		return fmt.Errorf("%w. The port is given as -port 6380", err)
	}
	if *ask {
		return askNamed(ctx)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(*port))
	if *port != 0 {
		found, err := localredis.Ask(ctx, addr)
		if err != nil {
			return fmt.Errorf("%s is taken, and not by a Redis for the workshop (%w).\nStop what runs there, or %s", addr, err, otherPort)
		}
		if found {
			fmt.Printf("A Redis already answers on %s: nothing needs to be started.\n", addr)
			printUse(addr)
			return nil
		}
	}
	server, err := localredis.Start(addr)
	if err != nil {
		return fmt.Errorf("redis: %w. Or %s", err, otherPort)
	}
	defer server.Close()
	fmt.Printf("Redis is running on %s. It is %s, keeps everything in memory, and forgets it when you stop it.\n", server.Addr, server.Name)
	printUse(server.Addr)
	fmt.Println("Stop it: Ctrl+C")
	select {
	case <-ctx.Done():
		fmt.Println("Redis has stopped.")
		return nil
	case <-server.Ended:
		return fmt.Errorf("redis: %s has ended", server.Name)
	}
}

// askNamed opens the Redis that REDIS_URL names as each step does at its start. The
// error is what the first step says that cannot use it.
func askNamed(ctx context.Context) error {
	for step := 2; step <= steps.Count; step++ {
		cfg, err := config.LoadStep(step, nil)
		if err == nil && cfg.RedisURL == "" {
			err = errors.New("REDIS_URL: it is not set, so a step finds a Redis on this machine, or brings its own")
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
	fmt.Println("The steps can use the Redis that REDIS_URL names.")
	return nil
}

// printUse says how to look inside, and how an app finds it if that is not the
// address that every app asks first.
func printUse(addr string) {
	if addr == redisconn.LocalAddr {
		fmt.Println("Look inside: redis-cli")
		return
	}
	_, port, _ := net.SplitHostPort(addr)
	fmt.Println("Look inside: redis-cli -p", port)
	fmt.Printf("Use it:      go run ./step3-ttl -redis-url redis://%s\n", addr)
}
