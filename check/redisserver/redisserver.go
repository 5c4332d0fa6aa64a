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
)

// ErrNone says that the machine has no server, and what to install.
var ErrNone = errors.New("no redis-server and no valkey-server on the PATH. Install Redis: `apt-get install redis-server` (Debian, Ubuntu), `brew install redis` (macOS)")

// Find is the path of the server program, else ErrNone.
func Find() (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNone
}

// A node of a cluster also listens on its port + 10000, so its own port must
// leave room for that.
const highestPort = 65535 - 10000

// FreePort is a loopback port on which nobody listens now. Another process may
// take it before it is used.
func FreePort() (int, error) {
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		// Held until the end, a port that is too high is not offered again.
		defer listener.Close()
		if port := listener.Addr().(*net.TCPAddr).Port; port <= highestPort {
			return port, nil
		}
	}
}

// Process is a running server. It ends with this process, however that ends.
type Process struct {
	cmd    *exec.Cmd
	output *bytes.Buffer // read it after done only
	done   chan struct{}
}

// Start starts a server that listens on loopback and keeps its files in dir;
// args are its further arguments. Unless they say otherwise it keeps no data on
// disk. Start returns when this very process answers a client with the given
// options, at most 10 s later; the error carries what the server printed.
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

// Name is that of the program, redis-server or valkey-server.
func (p *Process) Name() string { return filepath.Base(p.cmd.Path) }

// Done is closed when the server has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Process is that of the operating system, for signals.
func (p *Process) Process() *os.Process { return p.cmd.Process }

// Kill ends the server as a crash would. It returns when the process is gone
// and its port is closed.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

func (p *Process) wait(release func()) {
	// The exit status is of no use: the server is ended by a signal.
	_ = p.cmd.Wait()
	release()
	close(p.done)
}

// ready waits until this very process answers. That somebody answers is not
// enough: another one may have got the port first.
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
	// go-redis logs each failed attempt, so it is asked only when somebody is
	// there.
	connection, err := net.DialTimeout("tcp", client.Options().Addr, time.Second)
	if err != nil {
		return false
	}
	connection.Close()
	info, err := client.Info(ctx).Result()
	// INFO is answered even while the data is still being read from disk.
	return err == nil && strings.Contains(info, "\r\nloading:0\r\n") &&
		strings.Contains(info, fmt.Sprintf("\r\nprocess_id:%d\r\n", p.cmd.Process.Pid))
}
