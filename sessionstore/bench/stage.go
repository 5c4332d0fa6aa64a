package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/sessionstore/bench/contestant"
)

// exampleApp is the name of sessionstore/example in the tables.
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
	dir           string // for temporary files
	self, example string // self is this program, which also serves the contestants
	profiles      string // folder for CPU profiles, empty for none
}

// build builds the example into dir.
func build(ctx context.Context, dir, profiles string) (programs, error) {
	self, err := os.Executable()
	if err != nil {
		return programs{}, err
	}
	example := filepath.Join(dir, "example.exe")
	return programs{dir, self, example, profiles}, launch.Build(ctx, "../example", example)
}

// stage is a Redis that keeps nothing on disk, and the apps that use it.
type stage struct {
	programs
	redis  *redisserver.Process
	client *redis.Client
	addr   string     // where the apps find Redis
	wire   *wire.Wire // between the apps and Redis, if there is one
	apps   []app
}

// app is a running contestant, as a separate process.
type app struct {
	name string
	addr string // host:port
	*launch.App
}

// noWire connects apps and Redis directly.
const noWire time.Duration = -1

// open starts a Redis and the apps, with a wire between them that delays each round
// trip by delay.
func (p programs) open(ctx context.Context, delay time.Duration, names ...string) (*stage, error) {
	port, err := redisserver.FreePort()
	if err != nil {
		return nil, err
	}
	// The folder must be empty, because Redis loads a dump from its folder.
	dir, err := os.MkdirTemp(p.dir, "redis-")
	if err != nil {
		return nil, err
	}
	options := &redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", port), MaxRetries: -1, PipelinePoolSize: -1}
	server, err := redisserver.Start(dir, options, "--port", strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	s := &stage{programs: p, redis: server, client: redis.NewClient(options), addr: options.Addr}
	if delay != noWire {
		if s.wire, err = wire.Open(s.addr, delay); err != nil {
			s.close()
			return nil, err
		}
		s.addr = s.wire.Addr
	}
	for _, name := range names {
		if err := s.start(ctx, name); err != nil {
			s.close()
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return s, nil
}

func (s *stage) start(ctx context.Context, name string) error {
	options := launch.Options{Binary: s.self, Args: []string{"serve", name, s.addr}}
	if s.profiles != "" {
		options.Env = []string{"CPU_PROFILE=" + filepath.Join(s.profiles, strings.ReplaceAll(name, " ", "-")+".prof")}
	}
	if name == exampleApp {
		options = launch.Options{Binary: s.example, Env: []string{"REDIS_URL=redis://" + s.addr, "PORT=0", "UNDER_THE_HOOD=off"}}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	running, err := launch.Start(ctx, options)
	if err == nil {
		s.apps = append(s.apps, app{name, strings.TrimPrefix(running.URL, "http://"), running})
	}
	return err
}

// stopApps ends the apps. It ignores how they end.
func (s *stage) stopApps() {
	for _, one := range s.apps {
		_ = one.Stop()
	}
	s.apps = nil
}

func (s *stage) close() {
	s.stopApps()
	if s.wire != nil {
		s.wire.Close()
	}
	s.client.Close()
	s.redis.Kill()
}

// usedMemory returns what Redis has allocated, in bytes. The buffers of clients count
// too, so it waits until only its own client is connected.
func (s *stage) usedMemory(ctx context.Context) (bytes int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	err = wait.Until(ctx, func() error {
		info, err := s.client.InfoMap(ctx, "clients", "memory").Result()
		if err != nil {
			return err
		}
		if info["Clients"]["connected_clients"] != "1" {
			return errors.New("other clients of Redis are still connected")
		}
		bytes, err = strconv.ParseInt(info["Memory"]["used_memory"], 10, 64)
		return err
	})
	return bytes, err
}
