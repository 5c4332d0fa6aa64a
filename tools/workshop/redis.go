package main

import (
	"context"
	"net"
	"strconv"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/internal/localredis"
)

var otherPort = lang.T("choose another port: go run ./tools/workshop redis -port 6380",
	"別のポートを指定してください: go run ./tools/workshop redis -port 6380")

// runRedis runs a separate Redis until ctx ends.
func runRedis(ctx context.Context, args []string) error {
	flags := newFlags("redis [-port N | -ask]")
	port := flags.Int("port", 6379, "`port` on 127.0.0.1; 0 takes any free one")
	ask := flags.Bool("ask", false, "start no Redis, and report whether the steps can use the one in REDIS_URL")
	if err := parseOnly(flags, args); err != nil {
		return lang.Errorf("%w. Give the port as -port 6380", "%w。ポートは -port 6380 のように指定します", err)
	}
	if *ask {
		return askNamed(ctx)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(*port))
	if *port != 0 {
		found, err := localredis.Ask(ctx, addr)
		if err != nil {
			return lang.Errorf("%s is taken by something that is not a Redis for the workshop (%w).\nStop what runs there, or %s",
				"%s は使用中で、ワークショップで使える Redis ではありません（%w）。\nそこで動いているものを止めるか、%s", addr, err, otherPort)
		}
		if found {
			say(lang.T("A Redis already answers on %s, so there is nothing to start.", "%s ではすでに Redis が動いているので、起動する必要はありません。", addr))
			printUse(addr)
			return nil
		}
	}
	server, err := localredis.Start(addr)
	if err != nil {
		return lang.Errorf("redis: %w. Or %s", "redis: %w。または、%s", err, otherPort)
	}
	defer server.Close()
	say(lang.T("Redis is running on %s. It is %s, and keeps everything in memory until you stop it.",
		"Redis が %s で動いています（%s）。データはメモリーにあり、止めるまで残ります。", server.Addr, server.Name))
	printUse(server.Addr)
	say(lang.T("Stop it: Ctrl+C", "止める: Ctrl+C"))
	select {
	case <-ctx.Done():
		say(lang.T("Redis has stopped.", "Redis を止めました。"))
		return nil
	case <-server.Ended:
		return lang.Errorf("redis: %s has ended", "redis: %s が終了しました", server.Name)
	}
}

// askNamed opens the Redis in REDIS_URL as each step does at its start. The
// error is the one that a step would print.
func askNamed(ctx context.Context) error {
	for step := 2; step <= steps.Count; step++ {
		cfg, err := config.LoadStep(step, nil)
		if err == nil && cfg.RedisURL == "" {
			err = lang.Errorf("REDIS_URL: it is not set, so a step uses the Redis on this machine, or its embedded one",
				"REDIS_URL: 設定されていないので、ステップはこのマシンの Redis か、組み込みの Redis を使います")
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
	say(lang.T("The steps can use the Redis in REDIS_URL.", "REDIS_URL の Redis は、ステップから使えます。"))
	return nil
}

// printUse says how to look inside. It also says how an app finds the Redis, if
// addr is not the address that every app tries first.
func printUse(addr string) {
	if addr == redisconn.LocalAddr {
		say(lang.T("Look inside: redis-cli", "中をのぞく: redis-cli"))
		return
	}
	_, port, _ := net.SplitHostPort(addr)
	say(lang.T("Look inside: redis-cli -p %s", "中をのぞく: redis-cli -p %s", port))
	say(lang.T("Use it:      go run ./step3-ttl -redis-url redis://%s", "使う:       go run ./step3-ttl -redis-url redis://%s", addr))
}
