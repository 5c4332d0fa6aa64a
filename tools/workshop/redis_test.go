package main

import (
	"testing"

	"example.com/session-workshop/tools/internal/netns"
	"example.com/session-workshop/tools/internal/repotest"
)

func TestRedisKeepsSessionsOverARestartOfAnApp(t *testing.T) {
	redis := start(t, ".", nil, "redis", "-port", "0")
	addr := redis.WaitFor(`Redis is running on (\S+)\. `)
	visitor := repotest.NewVisitor(t)
	first := startStep3(t, "REDIS_URL=redis://"+addr)
	visitor.Login(first.URL, "aaa").Wants("Logged in as aaa.", "Visits: 1")
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	visitor.Get(startStep3(t, "REDIS_URL=redis://"+addr).URL).Wants("Logged in as aaa.", "Visits: 2")

	repotest.WantText(t, do(t, ".", 0, nil, "redis", "-port", port(addr)),
		"already answers on "+addr, "there is nothing to start", "redis-cli -p "+port(addr))
	redis.interrupt(0)
	repotest.WantText(t, redis.String(), "Redis has stopped.")
	if netns.Taken(addr) {
		t.Errorf("a program still answers on %s", addr)
	}
}

// TestWithoutSettings works as a learner does: no setting tells one program
// where another is.
func TestWithoutSettings(t *testing.T) {
	if !netns.Alone(t) {
		return
	}
	for _, command := range []string{"cli", "monitor"} {
		repotest.WantText(t, do(t, ".", 1, nil, command),
			"no Redis answers on 127.0.0.1:6379", "make redis", "REDIS_URL=redis://127.0.0.1:PORT make cli")
	}
	redis := start(t, ".", nil, "redis")
	redis.WaitFor(`Redis is running on (127\.0\.0\.1:6379)`)
	repotest.WantText(t, startStep3(t).Output(), "Redis: found on 127.0.0.1:6379")
	redis.interrupt(0)
}
