package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore/bench/contestant"
	"example.com/session-workshop/sessionstore/bench/load"
)

// memories measures the bytes of a session: that many users log in, and each
// visits once.
func (b *bench) memories(ctx context.Context) ([]memory, error) {
	var all []memory
	for _, name := range contestants() {
		if name == contestant.Twin || name == contestant.OursPiped {
			continue // the same bytes
		}
		one, err := b.memory(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, one)
		b.log("bytes of a session: %s", name)
	}
	return all, nil
}

func (b *bench) memory(ctx context.Context, name string) (memory, error) {
	full, err := startRedis()
	if err != nil {
		return memory{}, err
	}
	defer full.stop()
	result := memory{Contestant: name}
	result.Bytes, err = b.growth(ctx, full, func() error {
		one, err := b.apps.start(ctx, name, full.addr)
		if err != nil {
			return err
		}
		defer one.Stop()
		return everyoneVisits(one.addr, b.MemorySessions)
	})
	if err != nil || name != contestant.Ours {
		return result, err
	}
	bare, err := startRedis()
	if err != nil {
		return memory{}, err
	}
	defer bare.stop()
	result.WithoutIndex, err = b.growth(ctx, bare, func() error { return copySessions(ctx, full.client, bare.client) })
	return result, err
}

// growth is how many bytes a session adds to a Redis.
func (b *bench) growth(ctx context.Context, r *redisServer, fill func() error) (float64, error) {
	before, err := r.usedMemory(ctx)
	if err != nil {
		return 0, err
	}
	if err := fill(); err != nil {
		return 0, err
	}
	after, err := r.usedMemory(ctx)
	return float64(after-before) / float64(b.MemorySessions), err
}

// everyoneVisits lets n users log in and visit once.
func everyoneVisits(addr string, n int) error {
	const browsers = 32
	errs := make([]error, browsers)
	var wait sync.WaitGroup
	for i := range browsers {
		wait.Go(func() { errs[i] = usersVisit(addr, i, n, browsers) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

func usersVisit(addr string, first, end, step int) error {
	browser, err := load.Open(addr)
	if err != nil {
		return err
	}
	defer browser.Close()
	for user := first; user < end; user += step {
		browser.Cookie = ""
		if err := browser.Login(username(user)); err != nil {
			return err
		}
		if _, err := browser.Visit(); err != nil {
			return err
		}
	}
	return nil
}

// copySessions copies the sessions of our store from one Redis to another, and
// leaves out the index of users.
func copySessions(ctx context.Context, from, to *redis.Client) error {
	var cursor uint64
	for {
		keys, next, err := from.Scan(ctx, cursor, ourPrefix+"*", 1000).Result()
		if err != nil {
			return err
		}
		for _, key := range keys {
			if strings.HasPrefix(key, ourIndexPrefix) {
				continue
			}
			if err := copyKey(ctx, from, to, key); err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

func copyKey(ctx context.Context, from, to *redis.Client, key string) error {
	ttl, err := from.PTTL(ctx, key).Result()
	if err != nil {
		return err
	}
	fields, err := from.HGetAll(ctx, key).Result()
	if err != nil {
		return err
	}
	_, err = to.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, key, fields)
		p.PExpire(ctx, key, ttl)
		return nil
	})
	return err
}
