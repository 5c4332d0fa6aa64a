package main

import (
	"path/filepath"
	"strings"
	"testing"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/netns"
	"example.com/session-workshop/tools/internal/repotest"
)

func TestWatchKeepsLoginAndVisits(t *testing.T) {
	testall.Only(t)
	if !netns.Alone(t) {
		return
	}
	root := repotest.Copy(t)
	const address = `Step 3 is running: (\S+)\n`
	watch := start(t, root, []string{"PORT=0"}, "watch", "3", "--", "-ttl", "3m")
	home := watch.WaitFor(address)
	redis := watch.WaitFor(`watch: Redis: (?:embedded here until you stop this,|found) on (127\.0\.0\.1:\d+)`)
	repotest.WantText(t, watch.String(), "SESSION_TTL is 10m", "TTL: 3m")
	visitor := repotest.NewVisitor(t)
	name := "watch" + port(strings.TrimPrefix(home, "http://"))
	visitor.Login(home, name).Wants("Logged in as "+name, "Visits: 1")

	repotest.Change(t, filepath.Join(root, "step3-ttl", "main.go"), "Logged in as", "Welcome back,")
	if again := watch.WaitForTimes(2, address); again != home {
		t.Errorf("after a save the address is %s, before it was %s", again, home)
	}
	visitor.Get(home).Wants("Welcome back, "+name, "Visits: 2")

	embedded := strings.Contains(watch.String(), "Redis: embedded here")
	watch.interrupt(0)
	for _, addr := range []string{strings.TrimPrefix(home, "http://"), redis} {
		if (addr != redis || embedded) && netns.Taken(addr) {
			t.Errorf("a program still answers on %s", addr)
		}
	}
}
