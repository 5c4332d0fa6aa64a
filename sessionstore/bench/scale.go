package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore/bench/contestant"
	"example.com/session-workshop/sessionstore/bench/load"
)

// How our store keeps a session, for writing a million of them in seconds.
const (
	ourPrefix      = "session:"
	ourIndexPrefix = "session:user:"
	ourCookie      = "__Host-session="
)

// scaled are the contestants that are measured among many sessions. The floor
// visits the same ones: it tells what is Redis' and what is ours.
var scaled = []string{contestant.Ours, contestant.Floor}

// crowd is a Redis with many live sessions and the apps on it.
type crowd struct {
	sessions int
	apps     []app
	stop     func()
}

// scale measures among many live sessions, each visit in any of them. The
// sizes take turns.
func (b *bench) scale(ctx context.Context) ([]scaleRun, error) {
	var crowds []crowd
	for _, n := range b.ScaleSizes {
		c, err := b.gather(ctx, n)
		if err != nil {
			return nil, err
		}
		defer c.stop()
		crowds = append(crowds, c)
		b.log("%d live sessions", n)
	}
	var runs []scaleRun
	for round := range b.ScaleRuns {
		for i := range crowds {
			c := crowds[(i+round)%len(crowds)]
			for _, one := range c.apps {
				r, err := b.scaleRun(one, c.sessions)
				if err != nil {
					return nil, fmt.Errorf("%s among %d sessions: %w", one.name, c.sessions, err)
				}
				runs = append(runs, r)
			}
		}
		b.log("run %d of %d among many sessions", round+1, b.ScaleRuns)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return runs, nil
}

func (b *bench) gather(ctx context.Context, sessions int) (crowd, error) {
	redis, err := startRedis()
	if err != nil {
		return crowd{}, err
	}
	if err := seed(ctx, redis.client, sessions); err != nil {
		redis.stop()
		return crowd{}, err
	}
	all, stop, err := b.apps.startAll(ctx, scaled, redis.addr)
	if err != nil {
		redis.stop()
		return crowd{}, err
	}
	return crowd{sessions, all, func() { stop(); redis.stop() }}, nil
}

func (b *bench) scaleRun(one app, sessions int) (scaleRun, error) {
	cookie := ourCookieOf
	if one.name == contestant.Floor {
		cookie = floorCookieOf
	}
	plan := load.Plan{
		Addr: one.addr, Connections: b.Connections,
		Cookie: func(int, int) string { return cookie(rand.IntN(sessions)) },
	}
	warmUp := plan
	warmUp.PerConnection = 10
	if _, err := load.Run(warmUp); err != nil {
		return scaleRun{}, err
	}
	plan.Duration = b.Run
	r, err := load.Run(plan)
	return scaleRun{one.name, sessions, r.PerSecond(), milliseconds(r.P50), milliseconds(r.P99)}, err
}

// tokenOf is the token of session i: of the right shape, and known again
// without a list of a million.
func tokenOf(i int) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func ourCookieOf(i int) string   { return ourCookie + tokenOf(i) }
func floorCookieOf(i int) string { return "floor=" + ourPrefix + digest(tokenOf(i)) }

// seed writes n sessions of as many users, just as the store does.
func seed(ctx context.Context, rdb *redis.Client, n int) error {
	const batch = 5000
	now := time.Now()
	ends := now.Add(contestant.MaxAge)
	for first := 0; first < n; first += batch {
		_, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := first; i < min(first+batch, n); i++ {
				handle := digest(tokenOf(i))
				key, index := ourPrefix+handle, ourIndexPrefix+digest(username(i))
				p.HSet(ctx, key, "username", username(i), "@created", now.UnixMilli(), "@end", ends.UnixMilli(), "visits", 1)
				p.PExpire(ctx, key, contestant.IdleTimeout)
				p.ZAdd(ctx, index, redis.Z{Score: float64(ends.UnixMilli()), Member: handle})
				p.PExpireAt(ctx, index, ends)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("write %d sessions: %w", n, err)
		}
	}
	return nil
}
