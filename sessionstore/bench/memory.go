package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"slices"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore/bench/contestant"
)

// weighed returns the contestants whose sessions are measured. The others take the
// same bytes as one of these.
func weighed() []string {
	names := slices.DeleteFunc(everyone(), func(name string) bool {
		return name == contestant.Twin || name == contestant.BatchedFloor || name == contestant.OursBatched || name == contestant.OursThrottled || name == exampleApp
	})
	return append(names, springLayout)
}

// memory measures the bytes of a session: that many users log in, and each
// visits once.
func (b *bench) memory(ctx context.Context, name string) (memory, error) {
	full, err := b.open(ctx, noWire)
	if err != nil {
		return memory{}, err
	}
	defer full.close()
	result := memory{Contestant: name}
	result.Bytes, err = b.growth(ctx, full, func() error {
		if name == springLayout {
			return layOutSpring(ctx, full.client, b.MemorySessions)
		}
		if err := full.start(ctx, name); err != nil {
			return err
		}
		defer full.stopApps()
		_, err := logIn(full.apps[0].addr, b.MemorySessions)
		return err
	})
	if err != nil || name != contestant.Ours {
		return result, err
	}
	bare, err := b.open(ctx, noWire)
	if err != nil {
		return memory{}, err
	}
	defer bare.close()
	result.WithoutIndex, err = b.growth(ctx, bare, func() error { return copySessions(ctx, full.client, bare.client) })
	return result, err
}

// growth returns how many bytes of Redis a session takes, when fill makes
// MemorySessions of them.
func (b *bench) growth(ctx context.Context, s *stage, fill func() error) (float64, error) {
	before, err := s.usedMemory(ctx)
	if err != nil {
		return 0, err
	}
	if err := fill(); err != nil {
		return 0, err
	}
	after, err := s.usedMemory(ctx)
	return float64(after-before) / float64(b.MemorySessions), err
}

// copySessions copies the sessions of our store from one Redis to another, without
// the indexes of users: only sessions are hashes.
func copySessions(ctx context.Context, from, to *redis.Client) error {
	sessions := from.ScanType(ctx, 0, "*", 1000, "hash").Iterator()
	for sessions.Next(ctx) {
		dump, err := from.Dump(ctx, sessions.Val()).Result()
		if err != nil {
			return err
		}
		// SCAN may return a key twice.
		if err := to.RestoreReplace(ctx, sessions.Val(), contestant.IdleTimeout, dump).Err(); err != nil {
			return err
		}
	}
	return sessions.Err()
}

func printMemory(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	built, err := build(ctx, dir, "")
	if err != nil {
		return err
	}
	b := &bench{settings: s, programs: built, log: log.Printf}
	all, err := each(ctx, weighed(), b.memory)
	for _, m := range all {
		fmt.Printf("%-15s %4.0f bytes, without index %4.0f\n", m.Contestant, m.Bytes, m.WithoutIndex)
	}
	return err
}
