package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"

	"example.com/session-workshop/sessionstore/bench/contestant"
	"example.com/session-workshop/sessionstore/bench/load"
)

// scaled are the contestants that are measured among many sessions. The floor
// visits the same ones: it tells what is Redis' and what is ours.
var scaled = []string{contestant.Ours, contestant.Floor}

// crowd is a Redis with many live sessions and the apps on it.
type crowd struct {
	redis   *redisServer
	apps    []app
	cookies []string // of our store
	stop    func()
}

// scale measures among many live sessions, each visit in any of them.
func (b *bench) scale(ctx context.Context) (runs, error) {
	var measurements []func() (run, error)
	for _, n := range b.ScaleSizes {
		c, err := b.gather(ctx, n)
		if err != nil {
			return nil, err
		}
		defer c.stop()
		b.log("%d live sessions", n)
		for _, one := range c.apps {
			measurements = append(measurements, func() (run, error) { return b.among(c, one) })
		}
	}
	return b.inRounds(ctx, b.ScaleRuns, measurements)
}

func (b *bench) gather(ctx context.Context, sessions int) (crowd, error) {
	redis, err := startRedis()
	if err != nil {
		return crowd{}, err
	}
	apps, stop, err := b.apps.startAll(ctx, scaled, redis.addr)
	if err != nil {
		redis.stop()
		return crowd{}, err
	}
	c := crowd{redis: redis, apps: apps, stop: func() { stop(); redis.stop() }}
	if c.cookies, err = logIn(apps[0].addr, sessions); err != nil {
		c.stop()
		return crowd{}, err
	}
	return c, nil
}

func (b *bench) among(c crowd, one app) (run, error) {
	cookie := func(cookie string) string { return cookie }
	if one.name == contestant.Floor {
		cookie = floorCookie
	}
	r, err := b.run(one, c.redis, load.Plan{
		Addr: one.addr, Connections: b.Connections,
		Cookie: func(int, int) string { return cookie(c.cookies[rand.IntN(len(c.cookies))]) },
	})
	r.Sessions = len(c.cookies)
	return r, err
}

// floorCookie lets the floor visit a session of our store: its cookie is a key.
func floorCookie(ours string) string {
	_, token, _ := strings.Cut(ours, "=")
	return fmt.Sprintf("floor=session:%x", sha256.Sum256([]byte(token)))
}
