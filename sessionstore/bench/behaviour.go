package main

import (
	"context"
	"errors"

	"example.com/session-workshop/check/wire"
)

// To count lost updates, parallel connections visit one session at the same time,
// each of them times times.
const (
	parallel = 32
	times    = 20
)

// behaviour counts round trips and lost updates.
func (b *bench) behaviour(ctx context.Context, name string) (behaviour, error) {
	s, err := b.open(ctx, 0, name)
	if err != nil {
		return behaviour{}, err
	}
	defer s.close()
	browser, err := openBrowser(s.apps[0].addr)
	if err != nil {
		return behaviour{}, err
	}
	defer browser.close()
	result := behaviour{Contestant: name, Parallel: parallel * times}
	// Only the third count is kept: the first one opens connections and loads the
	// scripts, and a client may then open another connection for other commands.
	for _, username := range []string{"warm", "warmer", "aaa"} {
		if err := countRoundTrips(browser, username, s.wire, &result); err != nil {
			return behaviour{}, err
		}
	}
	result.Lost, err = countLost(browser, s.apps[0].addr)
	return result, err
}

func countRoundTrips(b *browser, username string, wire *wire.Wire, result *behaviour) (err error) {
	count := func(times int, do func() error) float64 {
		before := wire.RoundTrips()
		for range times {
			err = errors.Join(err, do())
		}
		return float64(wire.RoundTrips()-before) / float64(times)
	}
	login := func() error { return b.login(username) }
	visit := func() error {
		_, err := b.visit()
		return err
	}
	result.Login = count(1, login)
	result.Visit = count(100, visit)
	result.Logout = count(1, b.logout)
	result.LoginAgain = count(1, login)
	return err
}

// countLost makes many visits to one session at the same time, and returns how many
// did not count.
func countLost(b *browser, addr string) (int, error) {
	if err := b.login("parallel"); err != nil {
		return 0, err
	}
	before, err := b.visit()
	if err != nil {
		return 0, err
	}
	_, err = plan{
		addr: addr, connections: parallel, perConnection: times,
		cookie: func(int, int) string { return b.cookie },
	}.send()
	if err != nil {
		return 0, err
	}
	after, err := b.visit()
	return before + parallel*times + 1 - after, err
}
