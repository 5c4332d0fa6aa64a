package main

import (
	"context"
	"fmt"

	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/sessionstore/bench/load"
)

// parallel is how many visits to one session are under way at the same time
// when lost updates are counted, and each how often.
const (
	parallel = 32
	times    = 20
)

// behaviours counts round trips on the wire, and updates that are lost.
func (b *bench) behaviours(ctx context.Context, names []string) ([]behaviour, error) {
	redis, err := startRedis()
	if err != nil {
		return nil, err
	}
	defer redis.stop()
	var all []behaviour
	for _, name := range names {
		one, err := b.behaviour(ctx, name, redis.addr)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, one)
	}
	return all, nil
}

func (b *bench) behaviour(ctx context.Context, name, redisAddr string) (behaviour, error) {
	counted, err := wire.Open(redisAddr, 0)
	if err != nil {
		return behaviour{}, err
	}
	defer counted.Close()
	one, err := b.apps.start(ctx, name, counted.Addr)
	if err != nil {
		return behaviour{}, err
	}
	defer one.Stop()
	browser, err := load.Open(one.addr)
	if err != nil {
		return behaviour{}, err
	}
	defer browser.Close()
	result := behaviour{Contestant: name, Parallel: parallel * times}
	if err := countRoundTrips(browser, counted, &result); err != nil {
		return behaviour{}, err
	}
	result.Lost, err = countLost(browser, one.addr)
	return result, err
}

func countRoundTrips(browser *load.Browser, counted *wire.Wire, result *behaviour) error {
	login := func(username string) func() error {
		return func() error {
			browser.Cookie = ""
			return browser.Login(username)
		}
	}
	visit := func() error {
		_, err := browser.Visit()
		return err
	}
	for _, step := range []struct {
		do    func() error
		times int
		count *float64
	}{
		// The first of each connects, and makes Redis know the scripts. A client
		// may keep its first connection for one kind of command, so all is done
		// twice.
		{login("warm"), 1, nil},
		{visit, 1, nil},
		{browser.Logout, 1, nil},
		{login("warmer"), 1, nil},
		{visit, 1, nil},
		{browser.Logout, 1, nil},
		{login("aaa"), 1, &result.Login},
		{visit, 100, &result.Visit},
		{browser.Logout, 1, &result.Logout},
		{login("aaa"), 1, &result.LoginAgain},
	} {
		before := counted.RoundTrips()
		for range step.times {
			if err := step.do(); err != nil {
				return err
			}
		}
		if step.count != nil {
			*step.count = float64(counted.RoundTrips()-before) / float64(step.times)
		}
	}
	return nil
}

// countLost has many visits in one session at the same time, and looks how
// many of them count.
func countLost(browser *load.Browser, addr string) (int, error) {
	browser.Cookie = ""
	if err := browser.Login("parallel"); err != nil {
		return 0, err
	}
	before, err := browser.Visit()
	if err != nil {
		return 0, err
	}
	_, err = load.Run(load.Plan{
		Addr: addr, Connections: parallel, PerConnection: times,
		Cookie: func(int, int) string { return browser.Cookie },
	})
	if err != nil {
		return 0, err
	}
	after, err := browser.Visit()
	return before + parallel*times + 1 - after, err
}
