package redisconn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2/server"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
)

var (
	step2 = config.Config{Name: "Step 2", SecretKey: config.DevelopmentKey}
	step3 = config.Config{Name: "Step 3", SecretKey: config.DevelopmentKey, SessionTTL: time.Minute}
	step4 = config.Config{Name: "Step 4", SessionTTL: time.Minute}
	store = config.Config{Name: "The example of sessionstore", SessionTTL: time.Minute, SessionMaxAge: time.Hour}
)

func TestAnUnsuitableRedisIsRefusedAtTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		cfg     config.Config
		args    []string
		harm    []any
		problem string
	}{
		"a replica":                  {step2, []string{"--replicaof", "127.0.0.1 1"}, nil, "is a replica, which takes no changes: name its primary"},
		"no right to count":          {step2, nil, []any{"acl", "setuser", "default", "-hincrby"}, "the right `+hincrby`"},
		"no right to expire":         {step3, nil, []any{"acl", "setuser", "default", "-expire"}, "the right `+expire`"},
		"no right to the keys":       {step3, nil, []any{"acl", "setuser", "default", "resetkeys", "~other:*"}, "`~workshop:*`"},
		"no right to MULTI":          {step3, nil, []any{"acl", "setuser", "default", "-multi"}, "the right `+multi`"},
		"no right to EXEC":           {step4, nil, []any{"acl", "setuser", "default", "-exec"}, "the right `+exec`"},
		"no right to log in":         {step4, nil, []any{"acl", "setuser", "default", "-hset"}, "the right `+hset`"},
		"no right to log out":        {step4, nil, []any{"acl", "setuser", "default", "-del"}, "the right `+del`"},
		"no right within a script":   {step4, nil, []any{"acl", "setuser", "default", "-hget"}, "the right `+hget`"},
		"no right to list sessions":  {store, nil, []any{"acl", "setuser", "default", "-zrange"}, "the right `+zrange`"},
		"no right to ping":           {step2, nil, []any{"acl", "setuser", "default", "-ping"}, "the right `+ping`"},
		"a user with nothing":        {step2, nil, []any{"acl", "setuser", "default", "-@all", "+acl"}, "the right `+"},
		"no right to a script":       {step4, nil, []any{"acl", "setuser", "default", "-evalsha"}, "the right `+evalsha`"},
		"scripts that are forbidden": {step4, []string{"--rename-command", "EVAL", ""}, nil, "unknown command 'eval'"},
	} {
		t.Run(name, func(t *testing.T) {
			r := redistest.StartServer(t, c.args...)
			if c.harm != nil {
				if err := r.Client.Do(t.Context(), c.harm...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			c.cfg.RedisURL = r.URL
			mustRefuse(t, c.cfg, c.problem)
		})
	}
}

// The start asks only for the rights that the app uses.
func TestTheStartNeedsNoRightThatTheStepDoesNotUse(t *testing.T) {
	for name, c := range map[string]struct {
		cfg      config.Config
		unneeded []any
	}{
		"step 2": {step2, []any{"-eval", "-evalsha", "-expire", "-multi"}},
		"step 3": {step3, []any{"-eval", "-evalsha", "-del", "-hset"}},
		"step 4": {step4, []any{"-expire", "-zadd", "-unlink"}},
		"store":  {store, []any{"-multi", "-exec", "-expire", "-del"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := redistest.StartServer(t)
			if err := r.Client.Do(t.Context(), append([]any{"acl", "setuser", "default"}, c.unneeded...)...).Err(); err != nil {
				t.Fatal(err)
			}
			c.cfg.RedisURL = r.URL
			conn, err := redisconn.Open(t.Context(), c.cfg)
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
			if keys := r.Client.Keys(t.Context(), "*").Val(); len(keys) > 0 {
				t.Errorf("the start left the keys %q", keys)
			}
		})
	}
}

// This machine does not have these servers, so a fake one answers like them.
func TestTheAnswerToHELLODecides(t *testing.T) {
	for problem, says := range map[string][3]string{
		"use version 7.0 or newer":               {"6.2.19", "standalone", "master"},
		"name the Redis that it watches":         {"7.2.4", "sentinel", "master"},
		"this Redis is a replica":                {"8.1.0", "standalone", "replica"},
		"is a cluster: set REDIS_CLUSTER=true":   {"8.1.0", "cluster", "master"},
		"is Redis 5.0.6: use version 7.0 or new": {"5.0.6", "standalone", "master"},
	} {
		t.Run(problem, func(t *testing.T) {
			s := fake(t)
			hello := func(c *server.Peer, _ string, _ []string) {
				c.Resp3 = true
				c.WriteMapLen(3)
				for i, name := range []string{"version", "mode", "role"} {
					c.WriteBulk(name)
					c.WriteBulk(says[i])
				}
			}
			if err := s.Register("HELLO", hello); err != nil {
				t.Fatal(err)
			}
			mustRefuse(t, config.Config{RedisURL: "redis://" + s.Addr().String()}, problem)
		})
	}
}

// fake starts a server that knows PING but not HELLO.
func fake(t *testing.T) *server.Server {
	t.Helper()
	s, err := server.NewServer("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Register("PING", func(c *server.Peer, _ string, _ []string) { c.WriteInline("PONG") }); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAServerWithoutHELLOIsTried(t *testing.T) {
	for problem, knows := range map[string]struct{ command, answer string }{
		"this is Redis 5.0.14: use version 7.0":    {"INFO", "# Server\r\nredis_version:5.0.14\r\n"},
		"unknown command `hincrby`":                {"GET", ""},
		"this Redis is a replica":                  {"HINCRBY", "READONLY You can't write against a read only replica."},
		"this Redis is a cluster: set REDIS_CLUST": {"HINCRBY", "MOVED 1234 127.0.0.1:1"},
	} {
		t.Run(problem, func(t *testing.T) {
			s := fake(t)
			answer := func(c *server.Peer, _ string, _ []string) {
				if knows.command == "INFO" {
					c.WriteBulk(knows.answer)
				} else {
					c.WriteError(knows.answer)
				}
			}
			if err := s.Register(knows.command, answer); err != nil {
				t.Fatal(err)
			}
			cfg := step2
			cfg.RedisURL = "redis://" + s.Addr().String()
			mustRefuse(t, cfg, problem)
		})
	}
	proxy := fake(t)
	if err := proxy.Register("HINCRBY", func(c *server.Peer, _ string, _ []string) { c.WriteError("ERR hash value is not an integer") }); err != nil {
		t.Fatal(err)
	}
	cfg := step2
	cfg.RedisURL = "redis://" + proxy.Addr().String()
	conn, err := redisconn.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func mustRefuse(t *testing.T, cfg config.Config, problem string) {
	t.Helper()
	conn, err := redisconn.Open(t.Context(), cfg)
	if err == nil {
		conn.Close()
		t.Fatal("it was accepted")
	}
	if text := err.Error(); !strings.Contains(text, problem) || strings.Contains(text, "\n") {
		t.Errorf("got %q, want %q", text, problem)
	}
}
