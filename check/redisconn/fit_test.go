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
)

func TestARedisThatCannotDoTheJobIsRefusedAtTheStart(t *testing.T) {
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

func TestARightThatAStepDoesNotUseIsNotAskedFor(t *testing.T) {
	r := redistest.StartServer(t)
	if err := r.Client.Do(t.Context(), "acl", "setuser", "default", "-eval", "-evalsha", "-expire").Err(); err != nil {
		t.Fatal(err)
	}
	cfg := step2
	cfg.RedisURL = r.URL
	conn, err := redisconn.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if keys := r.Client.Keys(t.Context(), "*").Val(); len(keys) > 0 {
		t.Errorf("the start has made %q", keys)
	}
}

// What this machine has no program for, a server says of itself here.
func TestWhatAServerSaysOfItselfDecides(t *testing.T) {
	for problem, says := range map[string][3]string{
		"use version 7.0 or newer":               {"6.2.19", "standalone", "master"},
		"name the Redis that it watches":         {"7.2.4", "sentinel", "master"},
		"this Redis is a replica":                {"8.1.0", "standalone", "replica"},
		"is a cluster: set REDIS_CLUSTER=true":   {"8.1.0", "cluster", "master"},
		"is Redis 5.0.6: use version 7.0 or new": {"5.0.6", "standalone", "master"},
	} {
		t.Run(problem, func(t *testing.T) {
			s, err := server.NewServer("127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			hello := func(c *server.Peer, _ string, _ []string) {
				resp3 := true
				c.Resp3 = resp3
				c.WriteMapLen(3)
				for i, name := range []string{"version", "mode", "role"} {
					c.WriteBulk(name)
					c.WriteBulk(says[i])
				}
			}
			ping := func(c *server.Peer, _ string, _ []string) { c.WriteInline("PONG") }
			if err := s.Register("HELLO", hello); err != nil {
				t.Fatal(err)
			}
			if err := s.Register("PING", ping); err != nil {
				t.Fatal(err)
			}
			mustRefuse(t, config.Config{RedisURL: "redis://" + s.Addr().String()}, problem)
		})
	}
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
