// Command bench compares sessionstore with its peers: the same small app on each
// store, one Redis, one machine. The runs of the stores take turns.
//
// It prints the results and writes them to results.json, results.md and results.svg.
// With -quick it only checks in a minute that everything works; its measurements mean
// nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"syscall"
	"time"

	"example.com/session-workshop/sessionstore/bench/contestant"
)

var full = settings{
	Rounds: 11, Connections: 32, Run: 1500 * time.Millisecond,
	DelayedConnections: 64, Delay: time.Millisecond,
	MemorySessions: 100_000,
	ScaleSizes:     []int{1_000, 100_000, 1_000_000}, ScaleRuns: 7,
}

var quick = settings{
	Rounds: 3, Connections: 8, Run: 200 * time.Millisecond,
	DelayedConnections: 64, Delay: time.Millisecond,
	MemorySessions: 2_000,
	ScaleSizes:     []int{1_000, 10_000}, ScaleRuns: 3,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		err = serve(ctx, os.Args[2], os.Args[3])
	} else {
		err = compare(ctx)
	}
	if ctx.Err() != nil && err != nil {
		err = errors.New("stopped: no results were written")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// serve is the process of a contestant.
func serve(ctx context.Context, name, redisAddr string) error {
	if path := os.Getenv("CPU_PROFILE"); path != "" {
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	failed := make(chan error, 1)
	go func() { failed <- contestant.Serve(name, redisAddr) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

func compare(ctx context.Context) error {
	isQuick := flag.Bool("quick", false, "check in a minute that everything works, and write no files")
	dir := flag.String("out", ".", "the `folder` for results.json, results.md and results.svg")
	redraw := flag.Bool("redraw", false, "measure nothing: write results.md and results.svg again from results.json")
	memoryOnly := flag.Bool("memory", false, "measure only the bytes of a session, and print them")
	profiles := flag.String("profile", "", "the `folder` for a CPU profile of each contestant")
	flag.Parse()
	chosen := full
	if *isQuick {
		chosen = quick
	}
	if *redraw {
		r, err := loadReport(filepath.Join(*dir, "results.json"))
		if err != nil {
			return err
		}
		return r.publish(*dir)
	}
	if *memoryOnly {
		return printMemory(ctx, chosen)
	}
	r, err := measure(ctx, chosen, *profiles, log.Printf)
	if err != nil {
		return err
	}
	tables, err := r.render("tables")
	if err != nil {
		return err
	}
	os.Stdout.Write(tables)
	if *isQuick {
		return nil
	}
	if err := r.save(filepath.Join(*dir, "results.json")); err != nil {
		return err
	}
	return r.publish(*dir)
}

func measure(ctx context.Context, s settings, profiles string, logf func(string, ...any)) (*report, error) {
	start := time.Now()
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	built, err := build(ctx, dir, profiles)
	if err != nil {
		return nil, err
	}
	b := &bench{settings: s, programs: built, log: logf}
	r := &report{Settings: s, Date: start.Format(time.DateOnly), Machine: thisMachine()}
	for _, part := range []struct {
		name string
		do   func() error
	}{
		{"versions", func() (err error) { r.Versions, err = b.describe(ctx); return }},
		{"round trips and lost updates", func() (err error) { r.Behaviour, err = each(ctx, everyone(), b.behaviour); return }},
		{"throughput", func() (err error) { r.Speed, err = b.speed(ctx, noWire, s.Connections); return }},
		{"throughput with a network delay", func() (err error) { r.Delayed, err = b.speed(ctx, s.Delay, s.DelayedConnections); return }},
		{"many live sessions", func() (err error) { r.Scale, err = b.scale(ctx); return }},
		{"bytes of a session", func() (err error) { r.Memory, err = each(ctx, weighed(), b.memory); return }},
	} {
		logf("%s", part.name)
		if err := part.do(); err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
	}
	r.Minutes = time.Since(start).Minutes()
	return r, nil
}
