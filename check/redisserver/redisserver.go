// Package redisserver runs the machine's redis-server or valkey-server as a
// child process.
package redisserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/shared/lang"
)

// ErrNone says that the machine has no server program, and what to install.
var ErrNone = lang.Errorf("no redis-server and no valkey-server on the PATH. Install Redis: `apt-get install redis-server` (Debian, Ubuntu), `brew install redis` (macOS)",
	"redis-server も valkey-server も PATH にありません。Redis をインストールしてください: `apt-get install redis-server`（Debian、Ubuntu）、`brew install redis`（macOS）")

// Find returns the path of the server program, or ErrNone.
func Find() (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNone
}

// A node of a cluster also listens on its port + 10000, which must not be above
// 65535.
const highestPort = 65535 - 10000

// FreePort returns a loopback port that is free now. Another process may take it
// before the caller does.
func FreePort() (int, error) {
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		// Open until the end, so that a port that is too high does not come again.
		defer listener.Close()
		if port := listener.Addr().(*net.TCPAddr).Port; port <= highestPort {
			return port, nil
		}
	}
}

// Process is a running server. It ends when this process ends, in any way.
type Process struct {
	cmd    *exec.Cmd
	output *bytes.Buffer // read it only after done is closed
	done   chan struct{}
}

// Start starts a server that listens on loopback and keeps its files in dir;
// args are its further arguments. Unless they say otherwise, it keeps no data on
// disk. Start returns when that process answers a client with the given options,
// after at most 2 minutes. The error contains the server's output.
func Start(dir string, options *redis.Options, args ...string) (*Process, error) {
	binary, err := Find()
	if err != nil {
		return nil, err
	}
	own := []string{"--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no"}
	p := &Process{output: new(bytes.Buffer), done: make(chan struct{})}
	p.cmd = exec.Command(binary, append(own, args...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	release, err := launch.Lifeline("kill", "-KILL", strconv.Itoa(p.cmd.Process.Pid))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("a %s would outlive the program that started it: %w", binary, err), p.cmd.Process.Kill(), p.cmd.Wait())
	}
	go p.wait(release)
	if err := p.ready(options); err != nil {
		p.Kill()
		return nil, fmt.Errorf("%s: %w. Its output:\n%s", binary, err, p.output)
	}
	return p, nil
}

// Name returns the name of the program, redis-server or valkey-server.
func (p *Process) Name() string { return filepath.Base(p.cmd.Path) }

// Done returns a channel that is closed when the server has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Process returns the process of the operating system, for signals.
func (p *Process) Process() *os.Process { return p.cmd.Process }

// Kill ends the server as a crash would. It returns when the process has ended
// and its port is closed.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

func (p *Process) wait(release func()) {
	// The exit status says nothing: a signal ends the server.
	_ = p.cmd.Wait()
	release()
	close(p.done)
}

// ready waits until the started process answers. An answer alone is not enough:
// another process may have got the port first.
func (p *Process) ready(options *redis.Options) error {
	client := redis.NewClient(options)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for {
		if p.answersItself(ctx, client) {
			return nil
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-p.done:
			return errors.New("ended before it answered")
		case <-ctx.Done():
			return fmt.Errorf("did not answer at %s within 2 minutes", options.Addr)
		}
	}
}

func (p *Process) answersItself(ctx context.Context, client *redis.Client) bool {
	// go-redis logs each failed attempt, so use it only if the port is open.
	connection, err := net.DialTimeout("tcp", client.Options().Addr, time.Second)
	if err != nil {
		return false
	}
	connection.Close()
	info, err := client.Info(ctx).Result()
	// A server answers INFO even while it still reads its data from disk.
	return err == nil && strings.Contains(info, "\r\nloading:0\r\n") &&
		strings.Contains(info, fmt.Sprintf("\r\nprocess_id:%d\r\n", p.cmd.Process.Pid))
}
