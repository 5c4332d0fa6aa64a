package main

import (
	"context"
	"fmt"
	"time"
)

// runMonitor shows the commands that reach Redis until it is told to stop.
func runMonitor(ctx context.Context, args []string) error {
	flags := newFlags("monitor [-all]")
	all := flags.Bool("all", false, "show the panel's own looks and the set-up of connections too")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("monitor: %q is not an option; -all shows everything", flags.Arg(0))
	}
	target, err := findTarget(ctx)
	if err != nil {
		return fmt.Errorf("monitor: %w", err)
	}
	wire, err := startMonitor(ctx, target)
	if err != nil {
		return fmt.Errorf("monitor: %w", err)
	}
	defer wire.Close()
	fmt.Printf("Commands that reach Redis on %s: the time in seconds, [database and client], the command. Stop: Ctrl+C\n", target.Addr)
	if target.cluster {
		fmt.Println("This Redis is a cluster: what you see reaches this one server of it.")
	}
	if !*all {
		fmt.Println("Hidden: the panel's own looks, and the set-up of connections. Show them: make monitor ARGS=-all")
	}
	return follow(ctx, target, wire, newFilter(*all))
}

func startMonitor(ctx context.Context, t target) (*wire, error) {
	w, err := t.dial(ctx, t.Addr, t.DB)
	if err != nil {
		return nil, err
	}
	reply, err := w.ask("MONITOR")
	if refused, ok := reply.(failure); ok {
		err = fmt.Errorf("the Redis on %s does not allow MONITOR: %s", t.Addr, refused)
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// follow prints the lines until the context or the connection ends.
func follow(ctx context.Context, t target, w *wire, f *filter) error {
	lines, lost := make(chan string), make(chan error, 1)
	go func() {
		for {
			reply, err := w.read()
			if err != nil {
				lost <- err
				return
			}
			lines <- fmt.Sprint(reply)
		}
	}()
	for {
		select {
		case line := <-lines:
			f.add(line, time.Now())
		case <-time.After(f.wait(time.Now())):
		case err := <-lost:
			f.print(time.Now().Add(lookWithin))
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("monitor: Redis on %s is gone (%w). If it was part of an app that you stopped, start one that stays: make redis", t.Addr, err)
		}
		f.print(time.Now())
	}
}
