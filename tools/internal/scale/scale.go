// Package scale runs several servers of one step behind a proxy, and restarts a
// server that ends.
package scale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/web"
	"example.com/session-workshop/tools/internal/supervisor"
)

// RestartAfter leaves a user time to notice that a server is gone.
const RestartAfter = 5 * time.Second

// Fleet is a proxy and the servers behind it, all of one step.
type Fleet struct {
	// Dir is the folder of the step. Servers is the number of its servers.
	Dir     string
	Servers int
	// RestartAfter is the time until a server that ended starts again.
	RestartAfter time.Duration
	// Out receives messages, and the output of the servers.
	Out io.Writer
	// Lang is the language of the messages.
	Lang lang.Lang

	program   *supervisor.Program
	processes []*process
}

// Run builds the step and serves on listener until ctx ends.
func (f *Fleet) Run(ctx context.Context, listener net.Listener) (err error) {
	if f.program, err = supervisor.Open(ctx, f.Dir, lang.T("in the proxy, not in a server", "サーバーではなくプロキシに組み込まれています")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if f.program.LongTTL() {
		f.say(supervisor.AboutTTL)
	}
	if err := f.program.Build(ctx); err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := f.start(ctx, port); err != nil {
		return err
	}
	f.announce(port)
	return f.serve(ctx, listener)
}

// start starts the servers on the free ports after that of the proxy.
func (f *Fleet) start(ctx context.Context, port int) error {
	for len(f.processes) < f.Servers {
		listener, err := web.Listen(config.Config{Host: "127.0.0.1", Port: port + 1})
		if err != nil {
			return err
		}
		addr := listener.Addr()
		port = addr.(*net.TCPAddr).Port
		listener.Close()
		p := &process{server: server{addr: addr.String()}, program: f.program, out: f.Out, lang: f.Lang}
		if err := p.start(ctx); err == nil {
			f.processes = append(f.processes, p)
		} else if ctx.Err() != nil || isFree(p.addr) {
			return err
		}
		// If the port was taken in the meantime, try the next one.
	}
	return nil
}

func isFree(addr string) bool {
	listener, err := net.Listen("tcp", addr)
	if err == nil {
		listener.Close()
	}
	return err == nil
}

func (f *Fleet) say(text lang.Text) { fmt.Fprintln(f.Out, text.In(f.Lang)) }

// announce says how to use the servers. The first line is English, as that of
// each app.
func (f *Fleet) announce(port int) {
	servers := strconv.Itoa(f.Servers) + " servers"
	if f.Servers == 1 {
		servers = "1 server"
	}
	fmt.Fprintf(f.Out, "%s on %s is running: http://127.0.0.1:%d\n", f.program.Name, servers, port)
	for _, p := range f.processes {
		f.say(lang.T("  Server: %s, process %d. Kill it: %s", "  サーバー: %s、プロセス %d。強制終了するには: %s", p.addr, p.app.PID(), p.killCommand()))
	}
	f.say(f.program.About)
	f.say(f.whatToSee())
	f.say(lang.T("A server that ends gets no requests, and starts again after %v s.",
		"終了したサーバーにはリクエストが送られません。%v 秒後に再起動します。", f.RestartAfter.Seconds()))
	f.say(lang.T("Stop all: Ctrl+C", "すべて終了するには: Ctrl+C"))
}

func (f *Fleet) whatToSee() lang.Text {
	switch {
	case f.program.Name == supervisor.Memory:
		return lang.T("This program is wrong on purpose: each server counts in its own memory. Log in and reload: 1, 1, 2, 2. A server that you kill forgets its count.",
			"このプログラムは、わざと間違えてあります。各サーバーが自分のメモリで数えます。ログインして再読み込みすると、1、1、2、2 と表示されます。サーバーを強制終了すると、そのサーバーの訪問回数は失われます。")
	case !f.program.UsesRedis():
		return lang.T(`Log in and reload: "Served by" changes, and each server knows you. None of them has a place to count.`,
			"ログインして再読み込みしてください。「Served by」が変わり、どのサーバーでもログインしたままです。訪問回数を保存する場所は、どのサーバーにもありません。")
	}
	return lang.T(`Log in and reload: "Served by" changes, and Visits goes on. Kill a server, and reload.`,
		"ログインして再読み込みしてください。「Served by」が変わり、Visits は続きから増えます。サーバーを強制終了して、もう一度再読み込みしてください。")
}

// serve runs the proxy, and restarts the servers, until ctx ends. Requests in
// flight get as much time as a server may take.
func (f *Fleet) serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var keepers sync.WaitGroup
	defer keepers.Wait()
	defer cancel()
	var servers []*server
	for _, p := range f.processes {
		servers = append(servers, &p.server)
		keepers.Go(func() { p.keepUp(ctx, f.RestartAfter) })
	}
	if err := web.Serve(ctx, newProxy(servers, f.RestartAfter), listener); err != nil {
		return lang.Errorf("the proxy: %w", "プロキシ: %w", err)
	}
	return nil
}

// close stops everything that was started.
func (f *Fleet) close() error {
	errs := make([]error, len(f.processes))
	var ends sync.WaitGroup
	for i, p := range f.processes {
		ends.Go(func() { errs[i] = supervisor.Stop(p.app) })
	}
	ends.Wait()
	errs = append(errs, f.program.Close())
	if len(f.processes) > 0 {
		f.say(lang.T("All servers have stopped.", "すべてのサーバーが終了しました。"))
	}
	return errors.Join(errs...)
}
