package main

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/internal/localredis"
)

const otherPort = "choose another port: go run ./tools/workshop redis -port 6380"

// runRedis runs a Redis alone until it is told to stop.
func runRedis(ctx context.Context, args []string) error {
	flags := newFlags("redis [-port N]")
	port := flags.Int("port", 6379, "`port` on 127.0.0.1; 0 takes any free one")
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("redis: %q is not an option; the port is given as -port 6380", flags.Arg(0))
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
