package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// bench is one run of the whole comparison.
type bench struct {
	settings
	programs
	log func(format string, args ...any)
}

// sessionsPerConnection is how many sessions each connection of the generator visits
// in turn.
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
			// Each run needs new sessions, because those of the example end after
			// ten seconds.
			cookies, err := logIn(one.addr, connections*sessionsPerConnection)
			if err != nil {
				return run{}, err
			}
			return b.run(one, s, plan{
				connections: connections,
				cookie: func(connection, n int) string {
					return cookies[connection*sessionsPerConnection+n%sessionsPerConnection]
				},
			})
		})
	}
	return b.inRounds(ctx, b.Rounds, measurements)
}

// each measures the contestants one after another.
func each[T any](ctx context.Context, names []string, measure func(ctx context.Context, name string) (T, error)) ([]T, error) {
	var all []T
	for _, name := range names {
		one, err := measure(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, one)
	}
	return all, nil
}

// inRounds runs all measurements once a round. Each round begins with a different
// one.
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

// run warms up and then measures once.
func (b *bench) run(one app, s *stage, p plan) (run, error) {
	p.addr, p.perConnection = one.addr, 2*sessionsPerConnection
	if _, err := p.send(); err != nil {
		return run{}, fmt.Errorf("%s: %w", one.name, err)
	}
	p.perConnection, p.duration = 0, b.Run
	pids := []int{one.PID(), s.redis.Process().Pid, os.Getpid()}
	before := cpuTimes(pids)
	r, err := p.send()
	if err != nil {
		return run{}, fmt.Errorf("%s: %w", one.name, err)
	}
	after := cpuTimes(pids)
	perRequest := func(i int) float64 { return float64((after[i] - before[i]).Microseconds()) / float64(r.Requests) }
	r.Contestant, r.AppCPU, r.RedisCPU, r.GeneratorCPU = one.name, perRequest(0), perRequest(1), perRequest(2)
	return r, nil
}

func cpuTimes(pids []int) []time.Duration {
	times := make([]time.Duration, len(pids))
	for i, pid := range pids {
		times[i] = cpuTime(pid)
	}
	return times
}
