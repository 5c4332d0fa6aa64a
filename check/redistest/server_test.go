package redistest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"
)

func TestStartServer(t *testing.T) {
	s := StartServer(t)
	if s.URL != "redis://"+s.Addr {
		t.Errorf("URL is %s, Addr is %s", s.URL, s.Addr)
	}
	if other := StartServer(t); other.Addr == s.Addr {
		t.Errorf("two servers have the address %s", s.Addr)
	}
	key := "workshop:redistest:" + rand.Text()
	mustOK(t, s.Client.Set(t.Context(), key, "x", 0).Err())

	pid := s.process.Process().Pid
	s.Restart()
	if s.process.Process().Pid == pid {
		t.Error("Restart started no new process")
	}
	if n, err := s.Client.Exists(t.Context(), key).Result(); n != 0 || err != nil {
		t.Errorf("after a restart Exists is %d, %v; want no key, because nothing is kept on disk", n, err)
	}
}

func TestKilledServerIsGone(t *testing.T) {
	s := StartServer(t)
	s.Kill()
	if listens(s.Addr) {
		t.Error("the port is still open after Kill")
	}
	s.Kill()
	s.Restart()
	mustOK(t, s.Client.Ping(t.Context()).Err())
}

func TestPausedServerDoesNotAnswer(t *testing.T) {
	s := StartServer(t)
	s.Pause()
	if !listens(s.Addr) {
		t.Error("a paused server refuses connections, want it to accept and not answer")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Client.Ping(ctx).Err(); err == nil {
		t.Error("a paused server answers")
	}
	s.Resume()
	mustOK(t, s.Client.Ping(t.Context()).Err())

	s.Pause()
	s.Restart()
	mustOK(t, s.Client.Ping(t.Context()).Err())
}

func TestServerTakesArguments(t *testing.T) {
	locked := StartServer(t, "--requirepass", "hunter2")
	mustOK(t, locked.Client.Ping(t.Context()).Err())
	if err := newClient(t, "redis://"+locked.Addr).Ping(t.Context()).Err(); err == nil {
		t.Error("a server with a password answers without one")
	}
	kept := StartServer(t, "--appendonly", "yes", "--appendfsync", "always")
	key := "workshop:redistest:" + rand.Text()
	mustOK(t, kept.Client.Set(t.Context(), key, "x", 0).Err())
	kept.Restart()
	if got := kept.Client.Get(t.Context(), key).Val(); got != "x" {
		t.Errorf("with --appendonly yes the key is %q after a restart, want x", got)
	}
}
