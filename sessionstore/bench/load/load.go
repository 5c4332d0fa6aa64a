// Package load sends requests to a web server over connections that stay open,
// as fast as the answers come, and measures how long each takes. It does little
// else: generator, app and Redis share one machine.
package load

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Result is what a run has measured.
type Result struct {
	Requests int
	Elapsed  time.Duration
	// P50 and P99 are the times that half, and 99 of 100, requests took at most.
	P50, P99 time.Duration
}

// PerSecond is the throughput.
func (r Result) PerSecond() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

// Plan says what Run sends.
type Plan struct {
	// Addr is host:port of the app.
	Addr string
	// Connections is how many requests are under way at any time.
	Connections int
	// Cookie gives the Cookie header of a request: the n-th on a connection.
	Cookie func(connection, n int) string
	// Each connection stops after PerConnection requests or, if that is 0,
	// after the Duration.
	PerConnection int
	Duration      time.Duration
}

// Run sends GET / as the plan says. An answer other than 200 with a count of
// visits in it is an error, which ends the run.
func Run(p Plan) (Result, error) {
	browsers := make([]*Browser, p.Connections)
	for i := range browsers {
		b, err := Open(p.Addr)
		if err != nil {
			return Result{}, err
		}
		defer b.Close()
		browsers[i] = b
	}
	start := time.Now()
	var wait sync.WaitGroup
	took := make([][]time.Duration, p.Connections)
	errs := make([]error, p.Connections)
	for i, b := range browsers {
		wait.Go(func() { took[i], errs[i] = p.visits(b, i, start) })
	}
	wait.Wait()
	elapsed := time.Since(start)
	all := slices.Concat(took...)
	if err := errors.Join(errs...); err != nil || len(all) == 0 {
		return Result{}, fmt.Errorf("no measurement of http://%s: %w", p.Addr, err)
	}
	slices.Sort(all)
	return Result{len(all), elapsed, quantile(all, 0.5), quantile(all, 0.99)}, nil
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// visits makes the requests of one connection and returns how long each took.
func (p Plan) visits(b *Browser, connection int, start time.Time) (took []time.Duration, err error) {
	before := time.Now()
	for n := 0; p.more(n, before.Sub(start)); n++ {
		b.Cookie = p.Cookie(connection, n)
		if _, err := b.Visit(); err != nil {
			return nil, err
		}
		now := time.Now()
		took = append(took, now.Sub(before))
		before = now
	}
	return took, nil
}

func (p Plan) more(done int, elapsed time.Duration) bool {
	if p.PerConnection > 0 {
		return done < p.PerConnection
	}
	return elapsed < p.Duration
}
