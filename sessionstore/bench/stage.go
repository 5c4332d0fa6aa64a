package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/sessionstore/bench/contestant"
)

// exampleApp is the name of our example in the tables.
const exampleApp = "the example"

func everyone() []string {
	var names []string
	for _, c := range contestant.All {
		names = append(names, c.Name)
	}
	return append(names, exampleApp)
}

// programs are what a stage starts.
type programs struct {
	self, example string
	profiles      string // where CPU profiles go, empty for none
}

// build builds the example into dir. The contestants are this very program.
func build(ctx context.Context, dir, profiles string) (programs, error) {
	self, err := os.Executable()
	if err != nil {
		return programs{}, err
	}
	example := filepath.Join(dir, "example.exe")
	return programs{self, example, profiles}, launch.Build(ctx, "../example", example)
}

// stage is a Redis of its own and the apps on it.
type stage struct {
	redis *redisServer
	wire  *wire.Wire // between the apps and Redis, if there is one
	apps  []app
}

// app is a contestant that runs, as a process of its own.
type app struct {
	name string
	addr string // host:port
	*launch.App
}

// noWire connects apps and Redis directly.
const noWire time.Duration = -1

// open starts a Redis and the apps, with a wire between that makes each round
// trip take delay longer.
func (p programs) open(ctx context.Context, delay time.Duration, names ...string) (*stage, error) {
	redis, err := startRedis()
	if err != nil {
		return nil, err
	}
	s := &stage{redis: redis}
	if err := s.fill(ctx, p, delay, names); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) fill(ctx context.Context, p programs, delay time.Duration, names []string) (err error) {
	addr := s.redis.addr
	if delay != noWire {
		if s.wire, err = wire.Open(addr, delay); err != nil {
			return err
		}
		addr = s.wire.Addr
	}
	for _, name := range names {
		one, err := p.start(ctx, name, addr)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s.apps = append(s.apps, one)
	}
	return nil
}

func (p programs) start(ctx context.Context, name, redisAddr string) (app, error) {
	options := launch.Options{Binary: p.self, Args: []string{"serve", name, redisAddr}}
	if p.profiles != "" {
		options.Env = []string{"CPU_PROFILE=" + filepath.Join(p.profiles, strings.ReplaceAll(name, " ", "-")+".prof")}
	}
	if name == exampleApp {
		options = launch.Options{Binary: p.example, Env: []string{"REDIS_URL=redis://" + redisAddr, "PORT=0", "UNDER_THE_HOOD=off"}}
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	running, err := launch.Start(ctx, options)
	if err != nil {
		return app{}, err
	}
	return app{name, strings.TrimPrefix(running.URL, "http://"), running}, nil
}

func (s *stage) close() {
	for _, one := range s.apps {
		// How a contestant ends is not what is measured.
		_ = one.Stop()
	}
	if s.wire != nil {
		s.wire.Close()
	}
	s.redis.stop()
}
