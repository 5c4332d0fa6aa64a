package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// plan describes a load: GET / over open connections, each request as soon as the
// answer to the one before has arrived.
type plan struct {
	// addr is host:port of the app.
	addr string
	// connections is how many requests are in flight at any time.
	connections int
	// cookie returns the Cookie header of the n-th request on a connection.
	cookie func(connection, n int) string
	// Each connection stops after perConnection requests or, if that is 0,
	// after the duration.
	perConnection int
	duration      time.Duration
}

// send sends the load and measures how long each request takes. It does little else,
// because generator, app and Redis share one machine. An answer other than 200 with a
// count of visits is an error and ends the run.
func (p plan) send() (run, error) {
	took := make([][]float64, p.connections)
	begin := sync.OnceValue(time.Now)
	err := inBrowsers(p.addr, p.connections, func(i int, b *browser) (err error) {
		took[i], err = p.visits(i, b, begin())
		return err
	})
	elapsed := time.Since(begin())
	all := slices.Concat(took...)
	if err != nil || len(all) == 0 {
		return run{}, fmt.Errorf("no measurement of http://%s: %w", p.addr, err)
	}
	return run{
		Requests: len(all), PerSecond: float64(len(all)) / elapsed.Seconds(),
		P50: quantile(all, 0.5), P99: quantile(all, 0.99),
	}, nil
}

// visits makes the requests of one connection and returns how many milliseconds each
// took.
func (p plan) visits(connection int, b *browser, start time.Time) (took []float64, err error) {
	before := time.Now()
	for n := 0; p.more(n, before.Sub(start)); n++ {
		b.cookie = p.cookie(connection, n)
		if _, err := b.visit(); err != nil {
			return nil, err
		}
		now := time.Now()
		took = append(took, now.Sub(before).Seconds()*1000)
		before = now
	}
	return took, nil
}

func (p plan) more(done int, elapsed time.Duration) bool {
	if p.perConnection > 0 {
		return done < p.perConnection
	}
	return elapsed < p.duration
}

// logIn logs in n users, lets each visit once, and returns their cookies.
func logIn(addr string, n int) ([]string, error) {
	const browsers = 32
	cookies := make([]string, n)
	return cookies, inBrowsers(addr, browsers, func(i int, b *browser) error {
		for user := i; user < n; user += browsers {
			if err := b.login(userName(user)); err != nil {
				return err
			}
			if _, err := b.visit(); err != nil {
				return err
			}
			cookies[user] = b.cookie
		}
		return nil
	})
}

func userName(user int) string { return fmt.Sprintf("user%07d", user) }

// inBrowsers calls do for n browsers at the same time.
func inBrowsers(addr string, n int, do func(i int, b *browser) error) error {
	browsers := make([]*browser, n)
	for i := range browsers {
		b, err := openBrowser(addr)
		if err != nil {
			return err
		}
		defer b.close()
		browsers[i] = b
	}
	var wait sync.WaitGroup
	errs := make([]error, n)
	for i, b := range browsers {
		wait.Go(func() { errs[i] = do(i, b) })
	}
	wait.Wait()
	return errors.Join(errs...)
}
