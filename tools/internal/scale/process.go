package scale

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/tools/internal/supervisor"
)

// process runs a server. Processes come and go; the port stays.
type process struct {
	server
	program *supervisor.Program
	app     *launch.App // the last one that was started
	out     io.Writer
	rest    []byte // the beginning of a line that the app has not ended
}

// start returns when the process answers.
func (p *process) start(ctx context.Context) error {
	_, port, _ := net.SplitHostPort(p.addr)
	// The settings by which users reach an app are the proxy's, not the servers'.
	env := []string{"PORT=" + port, "HOST=127.0.0.1", "PUBLIC_URL=", "UNDER_THE_HOOD=on"}
	app, err := p.program.Start(ctx, launch.Options{Env: env, Output: p})
	if err != nil {
		return fmt.Errorf("the server on %s %w", p.addr, err)
	}
	p.app = app
	p.up.Store(true)
	return nil
}

// keepUp starts the process again each time it ends, until ctx does.
func (p *process) keepUp(ctx context.Context, restartAfter time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.app.Done():
		}
		p.up.Store(false)
		if supervisor.EndsToo(ctx) {
			return
		}
		fmt.Fprintf(p.out, "%s is gone: process %d has ended. It starts again in %v.\n", p.addr, p.app.PID(), restartAfter)
		p.startAgain(ctx, restartAfter)
	}
}

func (p *process) startAgain(ctx context.Context, restartAfter time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(restartAfter):
		}
		err := p.start(ctx)
		if err == nil {
			fmt.Fprintf(p.out, "%s is back: process %d. Kill it: %s\n", p.addr, p.app.PID(), p.killCommand())
			return
		}
		if ctx.Err() == nil {
			fmt.Fprintf(p.out, "%v\nThe next try is in %v.\n", err, restartAfter)
		}
	}
}

func (p *process) killCommand() string {
	if runtime.GOOS == "windows" {
		return "taskkill /F /PID " + strconv.Itoa(p.app.PID())
	}
	return "kill -9 " + strconv.Itoa(p.app.PID())
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
			fmt.Fprintf(p.out, "%s: %s\n", p.addr, line)
		}
	}
}
