package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"example.com/session-workshop/check/launch"
)

// restartAfter gives a person the time to see that a server is gone.
const restartAfter = 5 * time.Second

// process runs a server. Processes come and go; the port stays.
type process struct {
	server
	options launch.Options
	app     *launch.App // the last one that was started
	rest    []byte      // the beginning of a line that the app has not ended
}

// newProcess prepares a process of a program, on a port of loopback; env is
// added to the environment.
func newProcess(binary string, port int, env []string) *process {
	number := strconv.Itoa(port)
	p := &process{server: server{addr: net.JoinHostPort("127.0.0.1", number)}}
	p.options = launch.Options{Binary: binary, Env: append([]string{"PORT=" + number}, env...), Output: p}
	return p
}

// start returns when the process answers. The error is for people, with what
// the app said.
func (p *process) start(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	app, err := launch.Start(waiting, p.options)
	if ctx.Err() != nil {
		if app != nil {
			app.Kill()
		}
		return ctx.Err()
	}
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), p.options.Binary+" ")
		return fmt.Errorf("the server on %s %s", p.addr, strings.TrimSpace(reason))
	}
	p.app = app
	p.up.Store(true)
	return nil
}

// keepUp starts the process again each time it ends, until ctx does.
func (p *process) keepUp(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			p.letEnd()
			return
		case <-p.app.Done():
		}
		p.up.Store(false)
		if endsToo(ctx) {
			return
		}
		fmt.Printf("%s is gone: process %d has ended. It starts again in %v.\n", p.addr, p.app.PID(), restartAfter)
		p.startAgain(ctx)
	}
}

// letEnd waits a moment for a process that ends by itself: Ctrl+C reaches it
// too, and a signal more would cut its end short.
func (p *process) letEnd() {
	select {
	case <-p.app.Done():
		p.up.Store(false)
	case <-time.After(pollEvery):
	}
}

func (p *process) startAgain(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(restartAfter):
		}
		err := p.start(ctx)
		if err == nil {
			fmt.Printf("%s is back: process %d. Kill it: %s\n", p.addr, p.app.PID(), killCommand(p.app.PID()))
			return
		}
		if ctx.Err() == nil {
			fmt.Printf("%v\nThe next try is in %v.\n", err, restartAfter)
		}
	}
}

// Write passes on what the app prints, with its address before each line. What
// it says before it answers is about itself alone, and is not shown.
func (p *process) Write(text []byte) (int, error) {
	p.rest = append(p.rest, text...)
	for {
		line, rest, whole := bytes.Cut(p.rest, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		p.rest = rest
		if p.up.Load() {
			fmt.Printf("%s: %s\n", p.addr, line)
		}
	}
}
