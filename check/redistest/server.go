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

// Server is a Redis of one test alone, which may do anything to it.
type Server struct {
	// URL is what an app takes as REDIS_URL, Addr the same as host:port.
	URL, Addr string
	// Client is connected to it, and closed when the test has ended.
	Client redis.UniversalClient

	t       testing.TB
	dir     string
	args    []string
	process *redisserver.Process
}

// StartServer starts a redis-server or valkey-server child on a free loopback
// port; args are further arguments, for example "--requirepass", "secret". It
// keeps nothing on disk, so a restart loses all keys, unless args ask for it.
// It ends with the test. Where the machine has no such server the test is
// skipped with "NOT tested on a real Redis:" and what to install; where
// TEST_REDIS or REQUIRE_REDIS names the kind server it fails.
func StartServer(t testing.TB, args ...string) *Server {
	t.Helper()
	if _, err := redisserver.Find(); err != nil {
		if serverRequired() {
			t.Fatalf("no Redis of the kind server, which TEST_REDIS or REQUIRE_REDIS asks for: %v", err)
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
		// A list that cannot be read fails in Each, where it belongs.
		if kinds, _ := parseKinds(variable, os.Getenv(variable), true); slices.Contains(kinds, server) {
			return true
		}
	}
	return false
}

// Pause freezes the server, by SIGSTOP: connections are still accepted, by the
// kernel, and nobody answers on them. It returns when that is so.
func (s *Server) Pause() {
	s.t.Helper()
	if err := suspend(s.process.Process()); err != nil {
		s.t.Fatalf("pause redis-server: %v", err)
	}
	wait.For(s.t, "the paused redis-server answers no more", func() bool { return !answers(s.Addr, 50*time.Millisecond) })
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

// Kill ends the server as a crash would. It returns when the process is gone
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

// answers tells whether a server answers anything to a PING in time; that it
// asks for a password is an answer too.
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
