package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/sessionstore/bench/contestant"
)

// exampleApp is the name of our example in the tables.
const exampleApp = "the example"

// apps starts contestants, each as a process of its own.
type apps struct {
	self, example string // programs
	profiles      string // where CPU profiles go, empty for none
}

// newApps builds the example into dir. The contestants are this very program.
func newApps(ctx context.Context, dir, exampleDir, profiles string) (*apps, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	example := filepath.Join(dir, "example.exe")
	return &apps{self, example, profiles}, launch.Build(ctx, exampleDir, example)
}

// app is a contestant that runs.
type app struct {
	name string
	addr string // host:port
	*launch.App
}

func (a *apps) start(ctx context.Context, name, redisAddr string) (app, error) {
	options := launch.Options{Binary: a.self, Args: []string{"serve", name, redisAddr}}
	if a.profiles != "" {
		options.Env = []string{"CPU_PROFILE=" + filepath.Join(a.profiles, strings.ReplaceAll(name, " ", "-")+".prof")}
	}
	if name == exampleApp {
		options = launch.Options{Binary: a.example, Env: []string{"REDIS_URL=redis://" + redisAddr, "PORT=0", "UNDER_THE_HOOD=off"}}
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	running, err := launch.Start(ctx, options)
	if err != nil {
		return app{}, fmt.Errorf("%s: %w", name, err)
	}
	return app{name, strings.TrimPrefix(running.URL, "http://"), running}, nil
}

// startAll starts each of the names. stop ends them.
func (a *apps) startAll(ctx context.Context, names []string, redisAddr string) (all []app, stop func(), err error) {
	stop = func() {
		for _, one := range all {
			// How a contestant ends is not what is measured.
			_ = one.Stop()
		}
	}
	for _, name := range names {
		one, err := a.start(ctx, name, redisAddr)
		if err != nil {
			stop()
			return nil, nil, err
		}
		all = append(all, one)
	}
	return all, stop, nil
}

func contestants() []string {
	var names []string
	for _, c := range contestant.All {
		names = append(names, c.Name)
	}
	return names
}

func everyone() []string { return append(contestants(), exampleApp) }
