package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"example.com/session-workshop/sessionstore/bench/load"
)

// bench is one run of the whole comparison.
type bench struct {
	settings
	programs
	log func(format string, args ...any)
}

// sessionsPerConnection is how many sessions each connection of the generator
// takes turns with.
const sessionsPerConnection = 4

// speed measures throughput. All contestants use one Redis.
func (b *bench) speed(ctx context.Context, delay time.Duration, connections int) (runs, error) {
	s, err := b.open(ctx, delay, everyone()...)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var measurements []func() (run, error)
	for _, one := range s.apps {
		measurements = append(measurements, func() (run, error) {
			// The sessions are new: the example forgets them in ten seconds.
			cookies, err := logIn(one.addr, connections*sessionsPerConnection)
			if err != nil {
				return run{}, err
			}
			return b.run(one, s.redis, load.Plan{
				Addr: one.addr, Connections: connections,
				Cookie: func(connection, n int) string {
					return cookies[connection*sessionsPerConnection+n%sessionsPerConnection]
				},
			})
		})
	}
	return b.inRounds(ctx, b.Rounds, measurements)
}

// inRounds does all measurements so many times, one after the other, each round
// beginning with another one.
func (b *bench) inRounds(ctx context.Context, rounds int, measurements []func() (run, error)) (runs, error) {
	var all runs
	for round := range rounds {
		for i := range measurements {
			r, err := measurements[(i+round)%len(measurements)]()
			if err != nil {
				return nil, err
			}
			r.Round = round
			all = append(all, r)
		}
		b.log("round %d of %d", round+1, rounds)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return all, nil
}

// run is one measurement.
func (b *bench) run(one app, redis *redisServer, plan load.Plan) (run, error) {
	warmUp := plan
	warmUp.PerConnection = 2 * sessionsPerConnection
	if _, err := load.Run(warmUp); err != nil {
		return run{}, fmt.Errorf("%s: %w", one.name, err)
	}
	plan.Duration = b.Run
	app, server, own := cpuTime(one.PID()), cpuTime(redis.pid()), cpuTime(os.Getpid())
	result, err := load.Run(plan)
	if err != nil {
		return run{}, fmt.Errorf("%s: %w", one.name, err)
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(result.Requests) }
	return run{
		Contestant: one.name, Requests: result.Requests, PerSecond: result.PerSecond(),
		P50: milliseconds(result.P50), P99: milliseconds(result.P99),
		AppCPU: each(cpuTime(one.PID()) - app), RedisCPU: each(cpuTime(redis.pid()) - server),
		GeneratorCPU: each(cpuTime(os.Getpid()) - own),
	}, nil
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }
