package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"

	"example.com/session-workshop/sessionstore/bench/contestant"
)

// scaled has the contestants that are measured among many sessions. The floor visits
// the same sessions, which shows how much of the cost is that of Redis.
var scaled = []string{contestant.Ours, contestant.Floor}

// scale measures visits to random ones of many live sessions.
func (b *bench) scale(ctx context.Context) (runs, error) {
	var measurements []func() (run, error)
	for _, n := range b.ScaleSizes {
		s, err := b.open(ctx, noWire, scaled...)
		if err != nil {
			return nil, err
		}
		defer s.close()
		cookies, err := logIn(s.apps[0].addr, n)
		if err != nil {
			return nil, err
		}
		b.log("%d live sessions", n)
		for _, one := range s.apps {
			measurements = append(measurements, func() (run, error) { return b.among(cookies, s, one) })
		}
	}
	return b.inRounds(ctx, b.ScaleRuns, measurements)
}

func (b *bench) among(cookies []string, s *stage, one app) (run, error) {
	cookieOf := func(session string) string { return session }
	if one.name == contestant.Floor {
		cookieOf = floorCookie
	}
	r, err := b.run(one, s, plan{
		connections: b.Connections,
		cookie:      func(int, int) string { return cookieOf(cookies[rand.IntN(len(cookies))]) },
	})
	r.Sessions = len(cookies)
	return r, err
}

// floorCookie turns a cookie of our store into one of the floor, whose cookie is the
// key, so that the floor visits the same session.
func floorCookie(ours string) string {
	_, token, _ := strings.Cut(ours, "=")
	digest := sha256.Sum256([]byte(token))
	return fmt.Sprintf("floor=session:%x", digest[:16])
}
