package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/launch"
)

// redisServer is a Redis of this run alone, a child process that keeps nothing
// on disk.
type redisServer struct {
	addr   string
	client *redis.Client

	cmd     *exec.Cmd
	release func()
}

func startRedis(ctx context.Context) (*redisServer, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		if binary, err = exec.LookPath("valkey-server"); err != nil {
			return nil, errors.New("no redis-server and no valkey-server on the PATH. Install Redis: apt-get install redis-server, or brew install redis")
		}
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	addr := net.JoinHostPort("127.0.0.1", port)
	r := &redisServer{addr: addr, client: redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, PipelinePoolSize: -1})}
	r.cmd = exec.Command(binary, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	// Where there are no lifelines, a killed benchmark leaves the server behind.
	if r.release, err = launch.Lifeline("kill", "-KILL", strconv.Itoa(r.pid())); err != nil {
		r.release = func() {}
	}
	if err := r.ready(ctx); err != nil {
		r.stop()
		return nil, fmt.Errorf("%s: %w", binary, err)
	}
	return r, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// ready waits until the server answers, and is the one that was started.
func (r *redisServer) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		if conn, err := net.Dial("tcp", r.addr); err == nil {
			conn.Close()
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not answer on %s: %w", r.addr, context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
	pid, err := r.info(ctx, "server", "process_id")
	if err == nil && pid != strconv.Itoa(r.pid()) {
		err = fmt.Errorf("another Redis answers on %s", r.addr)
	}
	return err
}

func (r *redisServer) pid() int { return r.cmd.Process.Pid }

func (r *redisServer) stop() {
	r.client.Close()
	// The only error is that it has ended already.
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
	r.release()
}

// info is one line of the server's INFO.
func (r *redisServer) info(ctx context.Context, section, name string) (string, error) {
	text, err := r.client.Info(ctx, section).Result()
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("INFO %s has no line %s", section, name)
}

// usedMemory is what the server has allocated, in bytes, when no client but
// ours is connected: the buffers of clients count too.
func (r *redisServer) usedMemory(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		clients, err := r.info(ctx, "clients", "connected_clients")
		if err != nil {
			return 0, err
		}
		if clients == "1" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	text, err := r.info(ctx, "memory", "used_memory")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}
