package scale

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/supervisor"
)

// process is a server that runs as a process. A new process keeps the port of
// the one before.
type process struct {
	server
	program *supervisor.Program
	app     *launch.App // the process that was started last
	out     io.Writer
	lang    lang.Lang
	rest    []byte // an incomplete line of output
}

// start starts the process, and returns when it answers.
func (p *process) start(ctx context.Context) error {
	_, port, _ := net.SplitHostPort(p.addr)
	// These settings say how users reach the app: they are for the proxy, not
	// for its servers.
	env := []string{"PORT=" + port, "HOST=127.0.0.1", "PUBLIC_URL=", "UNDER_THE_HOOD=on"}
	app, err := p.program.Start(ctx, launch.Options{Env: env, Output: p})
	if notReady, ok := errors.AsType[*launch.NotReady](err); ok {
		return lang.Errorf("the server on %s %w. Its output:\n%s", "%s のサーバー: %w。出力:\n%s", p.addr, notReady.Why, notReady.Output)
	}
	if err != nil {
		return lang.Errorf("the server on %s %w", "%s のサーバー: %w", p.addr, err)
	}
	p.app = app
	p.up.Store(true)
	return nil
}

// keepUp restarts the process each time it ends, until ctx does.
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
		p.say(lang.T("%s is gone: process %d has ended. It starts again in %v s.",
			"%s が止まりました: プロセス %d が終了しました。%v 秒後に再起動します。", p.addr, p.app.PID(), restartAfter.Seconds()))
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
			p.say(lang.T("%s is back: process %d. Kill it: %s", "%s が再起動しました: プロセス %d。強制終了するには: %s", p.addr, p.app.PID(), p.killCommand()))
			return
		}
		if ctx.Err() == nil {
			p.say(lang.T("%v\nThe next try is in %v s.", "%v\n%v 秒後にもう一度起動します。", err, restartAfter.Seconds()))
		}
	}
}

func (p *process) say(text lang.Text) { fmt.Fprintln(p.out, text.In(p.lang)) }

func (p *process) killCommand() string {
	if runtime.GOOS == "windows" {
		return "taskkill /F /PID " + strconv.Itoa(p.app.PID())
	}
	return "kill -9 " + strconv.Itoa(p.app.PID())
}

// Write prints the lines of the app with its address before each. It drops the
// lines that the app prints before it answers, which tell a user how to reach
// this one server.
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
