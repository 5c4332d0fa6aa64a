package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/sessionstore/bench/load"
)

// bench is one run of the whole comparison.
type bench struct {
	settings
	apps *apps
	log  func(format string, args ...any)
}

// sessionsPerConnection is how many sessions each connection of the generator
// takes turns with.
const sessionsPerConnection = 4

// speed measures throughput, one contestant after the other, in rounds, each
// round beginning with another one. All of them use one Redis.
func (b *bench) speed(ctx context.Context, delay time.Duration, connections int) ([]run, error) {
	redis, err := startRedis()
	if err != nil {
		return nil, err
	}
	defer redis.stop()
	addr := redis.addr
	if delay > 0 {
		cable, err := wire.Open(addr, delay)
		if err != nil {
			return nil, err
		}
		defer cable.Close()
		addr = cable.Addr
	}
	all, stop, err := b.apps.startAll(ctx, everyone(), addr)
	if err != nil {
		return nil, err
	}
	defer stop()
	var runs []run
	for round := range b.Rounds {
		for i := range all {
			one := all[(i+round)%len(all)]
			r, err := b.run(one, redis.pid(), connections)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", one.name, err)
			}
			r.Round = round
			runs = append(runs, r)
		}
		b.log("round %d of %d", round+1, b.Rounds)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return runs, nil
}

// run is one measurement, in sessions that are new: the example forgets them
// in ten seconds.
func (b *bench) run(one app, redisPID, connections int) (run, error) {
	cookies, err := logIn(one.addr, connections*sessionsPerConnection)
	if err != nil {
		return run{}, err
	}
	plan := load.Plan{
		Addr: one.addr, Connections: connections,
		Cookie: func(connection, n int) string {
			return cookies[connection*sessionsPerConnection+n%sessionsPerConnection]
		},
	}
	warmUp := plan
	warmUp.PerConnection = 2 * sessionsPerConnection
	if _, err := load.Run(warmUp); err != nil {
		return run{}, err
	}
	plan.Duration = b.Run
	app, redis, own := cpuTime(one.PID()), cpuTime(redisPID), cpuTime(os.Getpid())
	result, err := load.Run(plan)
	if err != nil {
		return run{}, err
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(result.Requests) }
	return run{
		Contestant: one.name, Requests: result.Requests, PerSecond: result.PerSecond(),
		P50: milliseconds(result.P50), P99: milliseconds(result.P99),
		AppCPU: each(cpuTime(one.PID()) - app), RedisCPU: each(cpuTime(redisPID) - redis),
		GeneratorCPU: each(cpuTime(os.Getpid()) - own),
	}, nil
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// logIn returns the cookies of n users who have just logged in.
func logIn(addr string, n int) ([]string, error) {
	browser, err := load.Open(addr)
	if err != nil {
		return nil, err
	}
	defer browser.Close()
	cookies := make([]string, n)
	for i := range cookies {
		browser.Cookie = ""
		if err := browser.Login(username(i)); err != nil {
			return nil, err
		}
		cookies[i] = browser.Cookie
	}
	return cookies, nil
}

func username(i int) string { return fmt.Sprintf("user%07d", i) }
