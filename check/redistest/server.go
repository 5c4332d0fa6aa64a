package redistest

import (
	"net"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2/proto"
	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/wait"
)

// Server is a Redis for a single test, which may do anything to it.
type Server struct {
	// URL is the value of REDIS_URL for an app, Addr the same as host:port.
	URL, Addr string
	// Client is connected to it, and closed when the test has ended.
	Client redis.UniversalClient

	t       testing.TB
	dir     string
	args    []string
	process *redisserver.Process
}

// StartServer starts a redis-server or valkey-server as a child process, on a free
// loopback port; args are further arguments, for example "--requirepass",
// "secret". Unless they say otherwise, it keeps nothing on disk, so a restart
// loses all keys. It ends with the test. If the machine has no such server,
// StartServer skips the test with "NOT tested on a real Redis:" and what to
// install, or fails it if TEST_REDIS or REQUIRE_REDIS names the kind server.
func StartServer(t testing.TB, args ...string) *Server {
	t.Helper()
	if _, err := redisserver.Find(); err != nil {
		if serverRequired() {
			t.Fatalf("no Redis of the kind server, which TEST_REDIS or REQUIRE_REDIS names: %v", err)
		}
		t.Skipf("NOT tested on a real Redis: %v", err)
	}
	s := &Server{t: t, dir: t.TempDir(), args: args}
	var err error
	if s.process, s.URL, err = startOnFreePort(s.dir, args...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.Addr = u.Host
	s.Client = newClient(t, s.URL)
	return s
}

func serverRequired() bool {
	for _, variable := range []string{"TEST_REDIS", "REQUIRE_REDIS"} {
		// An invalid list is an error of Each.
		if kinds, _ := parseKinds(variable, os.Getenv(variable), true); slices.Contains(kinds, server) {
			return true
		}
	}
	return false
}

// Pause stops the server with SIGSTOP: the kernel still accepts connections, but
// gets no answers. It returns when the server has stopped.
func (s *Server) Pause() {
	s.t.Helper()
	if err := suspend(s.process.Process()); err != nil {
		s.t.Fatalf("pause redis-server: %v", err)
	}
	wait.For(s.t, "the paused redis-server has stopped answering", func() bool { return !answers(s.Addr, 50*time.Millisecond) })
}

// Resume lets a paused server go on. It returns when the server answers.
func (s *Server) Resume() {
	s.t.Helper()
	if err := resume(s.process.Process()); err != nil {
		s.t.Fatalf("resume redis-server: %v", err)
	}
	if !answers(s.Addr, 5*time.Minute) {
		s.t.Fatal("the resumed redis-server does not answer within 5 minutes")
	}
}

// Kill ends the server as a crash would. It returns when the process has ended
// and its port is closed.
func (s *Server) Kill() { s.process.Kill() }

// Restart ends the server, if it still runs, and starts it again on the same
// port. It returns when the new one answers.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	restarted, err := startProcess(s.dir, s.URL, s.args...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.process = restarted
}

// answers reports whether a server answers a PING in time, also if it only asks
// for a password.
func answers(addr string, within time.Duration) bool {
	conn, err := net.DialTimeout("tcp", addr, within)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(within))
	_, err = proto.NewClient(conn).Do("PING")
	return err == nil
}
