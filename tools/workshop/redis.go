package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
)

// runRedis runs the embedded Redis alone until it is told to stop.
func runRedis(ctx context.Context, args []string) error {
	flags := newFlags("redis [-port N]")
	port := flags.Int("port", 6379, "`port` on 127.0.0.1; 0 takes any free one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("redis: %q is not an option; the port is given as -port 6380", flags.Arg(0))
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(*port))
	found, err := askRedis(ctx, addr)
	if err != nil {
		return err
	}
	if found {
		fmt.Printf("A Redis already answers on %s: nothing needs to be started.\n", addr)
		printUse(addr)
		return nil
	}
	return serveRedis(ctx, addr)
}

// askRedis tells whether a Redis for us answers at addr, and false where
// nobody does. Anything else there is an error.
func askRedis(ctx context.Context, addr string) (bool, error) {
	connection, err := net.DialTimeout("tcp", addr, time.Second)
	if redisconn.Refused(err) || hasPort(addr, "0") {
		return false, nil
	}
	if err == nil {
		connection.Close()
		var client *redisconn.Conn
		if client, err = redisconn.Open(ctx, config.Config{RedisURL: "redis://" + addr}); err == nil {
			return true, client.Close()
		}
		// The outer error names REDIS_URL, which nobody has set here.
		err = errors.Unwrap(err)
	}
	return false, fmt.Errorf("%s is taken, and not by a Redis for the workshop (%w).\n"+
		"Stop what runs there, or choose another port: go run ./tools/workshop redis -port 6380", addr, err)
}

func serveRedis(ctx context.Context, addr string) error {
	embedded, err := redisconn.StartEmbedded(addr)
	if err != nil {
		return fmt.Errorf("%w. Choose another port: go run ./tools/workshop redis -port 6380", err)
	}
	defer embedded.Close()
	fmt.Printf("Redis is running on %s. It keeps everything in memory and forgets it when you stop it.\n", embedded.Addr())
	printUse(embedded.Addr())
	fmt.Println("Stop it: Ctrl+C")
	<-ctx.Done()
	fmt.Println("Redis has stopped.")
	return nil
}

// printUse says how to look inside, and how an app finds it where that is not
// the address that every app asks by itself.
func printUse(addr string) {
	if addr == redisconn.LocalAddr {
		fmt.Println("Look inside: redis-cli")
		return
	}
	_, port, _ := net.SplitHostPort(addr)
	fmt.Println("Look inside: redis-cli -p", port)
	fmt.Printf("Use it:      go run ./step3-ttl -redis-url redis://%s\n", addr)
}

func hasPort(addr, port string) bool {
	_, p, _ := net.SplitHostPort(addr)
	return p == port
}
