package redisconn_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/redistest"
)

func startEmbedded(t *testing.T) *redisconn.Embedded {
	t.Helper()
	embedded, err := redisconn.StartEmbedded("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(embedded.Close)
	return embedded
}

// watched are commands that a monitor should see; each gets an answer, and
// some of the answers are errors.
var watched = [][]any{
	{"set", "workshop:test:m", "q\"b\\s\n\r\t\a\b\x00\x7f\xffé"},
	{"get", "workshop:test:m"},
	{"get", ""},
	{"auth", "geheim"},
	{"auth", "learner", "geheim"},
	{"hello", "2", "auth", "learner", "geheim"},
	{"hello", "2", "setname", "auth", "auth", "learner", "geheim"},
	{"nosuchcommand", "geheim"},
	{"select", "1"},
	{"get", "workshop:test:m"},
	{"eval", "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])", "1", "workshop:test:m", "x"},
	{"select", "0"},
	{"multi"},
	{"hincrby", "workshop:test:m2", "visits", "1"},
	{"expire", "workshop:test:m2", "10"},
	{"exec"},
	{"command", "docs"},
	{"del", "workshop:test:m"},
}

// TestMonitorOfTheEmbeddedRedis compares with what a real Redis shows.
func TestMonitorOfTheEmbeddedRedis(t *testing.T) {
	want := monitorOf(t, redistest.StartServer(t).Addr)
	got := monitorOf(t, startEmbedded(t).Addr())
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("a real Redis shows\n%s\nthe embedded one\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
	if strings.Contains(strings.Join(got, "\n"), "geheim") {
		t.Error("a secret is shown")
	}
}

// monitorOf returns the lines without what differs from run to run.
func monitorOf(t *testing.T, addr string) []string {
	t.Helper()
	monitor := dialMonitor(t, addr)
	client := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true, MaxRetries: -1})
	defer client.Close()
	conn := client.Conn()
	defer conn.Close()
	for _, command := range watched {
		_ = conn.Do(t.Context(), command...).Err()
	}
	local := regexp.MustCompile(`^\d+\.\d{6} \[(\d+) (127\.0\.0\.1:\d+|lua)\] `)
	var lines []string
	for {
		line := monitor.line(t)
		match := local.FindStringSubmatch(line)
		if match == nil {
			t.Fatalf("the line has another form: %q", line)
		}
		from, _, _ := strings.Cut(match[2], ":")
		rest := strings.TrimPrefix(line, match[0])
		// The names of commands are shown as they were typed by the one and in
		// lower case by the other.
		name, args, _ := strings.Cut(rest, " ")
		lines = append(lines, fmt.Sprintf("[%s %s] %s %s", match[1], from, strings.ToLower(name), args))
		if name == `"del"` {
			return lines
		}
	}
}

type monitorConn struct {
	net.Conn
	reader *bufio.Reader
}

func dialMonitor(t *testing.T, addr string) *monitorConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, "*1\r\n$7\r\nMONITOR\r\n"); err != nil {
		t.Fatal(err)
	}
	m := &monitorConn{conn, bufio.NewReader(conn)}
	if line := m.line(t); line != "OK" {
		t.Fatalf("MONITOR is answered with %q", line)
	}
	return m
}

func (m *monitorConn) line(t *testing.T) string {
	t.Helper()
	_ = m.SetReadDeadline(time.Now().Add(5 * time.Minute))
	line, err := m.reader.ReadString('\n')
	if err != nil || line[0] != '+' {
		t.Fatalf("a monitor got %q, %v", line, err)
	}
	return strings.TrimSuffix(line[1:], "\r\n")
}

// TestRedisCLIMonitorsTheEmbeddedRedis with the program that people have.
func TestRedisCLIMonitorsTheEmbeddedRedis(t *testing.T) {
	if _, err := exec.LookPath("redis-cli"); err != nil {
		t.Skip("NOT tested: redis-cli monitor, because redis-cli is not on the PATH. Debian: apt-get install redis-tools; macOS: brew install redis")
	}
	addr := startEmbedded(t).Addr()
	_, port, _ := net.SplitHostPort(addr)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cli := exec.CommandContext(ctx, "redis-cli", "-p", port, "monitor")
	output, err := cli.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cli.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		_ = cli.Wait()
	}()
	lines := bufio.NewScanner(output)
	if !lines.Scan() || lines.Text() != "OK" {
		t.Fatalf("it begins with %q", lines.Text())
	}
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	client.Get(t.Context(), "workshop:test:monitored")
	for lines.Scan() {
		if strings.HasSuffix(lines.Text(), `] "get" "workshop:test:monitored"`) {
			return
		}
	}
	t.Error("the command was not shown")
}

// TestASlowMonitorHoldsNobodyUp sends more than anybody buffers for a monitor
// that does not read.
func TestASlowMonitorHoldsNobodyUp(t *testing.T) {
	addr := startEmbedded(t).Addr()
	slow := dialMonitor(t, addr)
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	big := strings.Repeat("x", 1<<18)
	for range 100 {
		if err := client.Set(t.Context(), "workshop:test:big", big, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for range 11 {
		pipe := client.Pipeline()
		for range 1000 {
			pipe.Exists(t.Context(), "workshop:test:big")
		}
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.Copy(io.Discard, slow.reader); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the slow one was not hung up on: %v", err)
	}
	// Who comes later is served.
	quick := dialMonitor(t, addr)
	client.Get(t.Context(), "workshop:test:big")
	for !strings.HasSuffix(quick.line(t), `"get" "workshop:test:big"`) {
	}
}

func TestMonitorsComeAndGoUnderLoad(t *testing.T) {
	embedded := startEmbedded(t)
	addr := embedded.Addr()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			client := redis.NewClient(&redis.Options{Addr: addr})
			defer client.Close()
			for range 500 {
				if err := client.Incr(context.Background(), "workshop:test:load").Err(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 20 {
		m := dialMonitor(t, addr)
		m.Close()
	}
	all.Wait()
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	if n := client.Get(t.Context(), "workshop:test:load").Val(); n != "2000" {
		t.Errorf("%s increments, want 2000", n)
	}
	// A monitor that is still there keeps nobody from closing.
	dialMonitor(t, addr)
	embedded.Close()
}
