package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/shared/redisconn"
)

// runRedis runs a Redis alone until it is told to stop: the real one of this
// machine, on which every command works, or else an embedded one.
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
	if _, err := redisserver.Find(); err == nil && *port != 0 {
		return serveReal(ctx, addr)
	}
	return serveEmbedded(ctx, addr)
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

// serveReal runs redis-server or valkey-server. It listens on loopback alone and
// writes nothing to disk.
func serveReal(ctx context.Context, addr string) error {
	dir, err := os.MkdirTemp("", "session-workshop-redis-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	_, port, _ := net.SplitHostPort(addr)
	server, err := redisserver.Start(dir, &redis.Options{Addr: addr, DisableIdentity: true}, "--port", port)
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	defer server.Kill()
	fmt.Printf("Redis is running on %s. It is the %s of this machine, keeps everything in memory, and forgets it when you stop it.\n", addr, server.Name())
	printUse(addr)
	fmt.Println("Stop it: Ctrl+C")
	select {
	case <-ctx.Done():
		fmt.Println("Redis has stopped.")
		return nil
	case <-server.Done():
		return fmt.Errorf("redis: %s has ended", server.Name())
	}
}

func serveEmbedded(ctx context.Context, addr string) error {
	started, err := embedded.Start(addr)
	if err != nil {
		return fmt.Errorf("%w. Choose another port: go run ./tools/workshop redis -port 6380", err)
	}
	defer started.Close()
	fmt.Printf("Redis is running on %s. It is the embedded one, keeps everything in memory, and forgets it when you stop it.\n", started.Addr())
	printUse(started.Addr())
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
