package main_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/shared/redisconn"
)

func TestRedisKeepsSessionsOverARestartOfAnApp(t *testing.T) {
	redis := start(t, ".", nil, "redis", "-port", "0")
	addr := redis.waitFor(`Redis is running on (\S+)\. `, 1)
	first, second := startStep3(t, addr), startStep3(t, addr)
	visitor := newBrowser(t)
	wantText(t, visitor.login(first.URL, "aaa"), "Logged in as aaa.", "Visits: 1")
	wantText(t, visitor.visit(second.URL), "Logged in as aaa.", "Visits: 2")
	if err := errors.Join(first.Stop(), second.Stop()); err != nil {
		t.Fatal(err)
	}
	wantText(t, visitor.visit(startStep3(t, addr).URL), "Logged in as aaa.", "Visits: 3")
}

func TestRedisThatRunsAlreadyIsUsed(t *testing.T) {
	redis := start(t, ".", nil, "redis", "-port", "0")
	addr := redis.waitFor(`Redis is running on (\S+)\. `, 1)
	output, status := run(t, ".", nil, "redis", "-port", port(addr))
	if status != 0 {
		t.Errorf("status %d, want 0", status)
	}
	wantText(t, output, "already answers on "+addr, "nothing needs to be started", "redis-cli -p "+port(addr))
	redis.stop()
	wantText(t, redis.said(), "Redis has stopped.")
	if isTaken(addr) {
		t.Errorf("somebody still answers on %s", addr)
	}
}

func TestRedisOnAPortThatSomethingElseHas(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	go func() {
		for {
			connection, err := other.Accept()
			if err != nil {
				return
			}
			connection.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			connection.Close()
		}
	}()
	addr := other.Addr().String()
	output, status := run(t, ".", nil, "redis", "-port", port(addr))
	if status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	wantText(t, output, addr+" is taken", "choose another port", "-port 6380")
}

// TestRedisAndAppWithoutSettings is how a learner does it: neither of the two
// is told where the other is.
func TestRedisAndAppWithoutSettings(t *testing.T) {
	if !alone(t) {
		return
	}
	redis := start(t, ".", nil, "redis")
	redis.waitFor(`Redis is running on (127\.0\.0\.1:6379)`, 1)
	app := startApp(t, launch.Options{Binary: step3, Env: []string{"PORT=0"}})
	wantText(t, app.Output(), "Redis: found on 127.0.0.1:6379")
}

func startStep3(t *testing.T, redisAddr string) *launch.App {
	t.Helper()
	return startApp(t, launch.Options{Binary: step3, Env: []string{"PORT=0", "SESSION_TTL=2m", "REDIS_URL=redis://" + redisAddr}})
}

func startApp(t *testing.T, options launch.Options) *launch.App {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	app, err := launch.Start(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Kill)
	return app
}

func isTaken(addr string) bool {
	connection, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		connection.Close()
	}
	return !redisconn.Refused(err)
}

func port(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
