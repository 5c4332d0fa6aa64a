package main_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/shared/launch"
	"example.com/session-workshop/shared/redistest"
)

// TestMonitorShowsAVisit and not how the panel looks at what the visit has
// left behind.
func TestMonitorShowsAVisit(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		name := "monitor-" + strings.ToLower(rand.Text())
		key := "workshop:user:" + name
		t.Cleanup(func() { r.Client.Del(context.Background(), key) })
		env := []string{"REDIS_URL=" + r.URL}
		few := start(t, ".", env, "monitor")
		few.waitFor(`Commands that reach Redis on (\S+): `, 1)
		few.waitFor(`make monitor ARGS=(-all)\n`, 1)
		all := start(t, ".", env, "monitor", "-all")
		all.waitFor(`Commands that reach Redis on (\S+): `, 1)

		app := startApp(t, launch.Options{Binary: step3, Env: append(env, "PORT=0", "SESSION_TTL=2m")})
		visitor := newBrowser(t)
		wantText(t, visitor.login(app.URL, name), "Visits: 1")
		wantText(t, visitor.visit(app.URL+"/under-the-hood"), key)
		wantText(t, visitor.visit(app.URL), "Visits: 2")
		// Each visit and each look at the panel reads the key.
		all.waitFor(`\n\S+ \[0 \S+\] "(hgetall)" "`+key+`"\n`, 3)
		few.waitFor(`"(expire)" "`+key+`" "120"\n`, 2)
		wantText(t, all.said(), `"hello" "3"`)
		visit := []string{"multi", "hincrby", "expire", "exec"}
		if got := commandsAround(few.said(), key); !slices.Equal(got, append(visit, visit...)) {
			t.Errorf("monitor shows %q, want two visits of %q\n%s", got, visit, few.said())
		}

		// What somebody types is shown, though the panel might have begun so.
		for _, command := range []string{"type", "pttl"} {
			if err := r.Client.Do(t.Context(), command, key).Err(); err != nil {
				t.Fatal(err)
			}
			few.waitFor(`\n\S+ \[0 \S+\] "(`+command+`)" "`+key+`"\n`, 1)
		}
		for _, monitor := range []*process{few, all} {
			monitor.stop()
		}
		if strings.Contains(few.said(), `"hello"`) {
			t.Errorf("the set-up of a connection is shown:\n%s", few.said())
		}
	})
}

// commandsAround lists the commands with the key, and MULTI and EXEC of the
// same clients.
func commandsAround(said, key string) []string {
	lines := regexp.MustCompile(`(?m)^[0-9.]+ \[0 (\S+)\] "([a-z]+)"(.*)$`).FindAllStringSubmatch(said, -1)
	client := map[string]bool{}
	for _, line := range lines {
		if strings.Contains(line[3], key) {
			client[line[1]] = true
		}
	}
	var commands []string
	for _, line := range lines {
		if client[line[1]] {
			commands = append(commands, line[2])
		}
	}
	return commands
}

func TestMonitorShowsNoPassword(t *testing.T) {
	const password = "correct-horse-battery"
	server := redistest.StartServer(t, "--requirepass", password)
	env := []string{"REDIS_URL=" + server.URL}
	if !strings.Contains(server.URL, password) {
		env = []string{"REDIS_URL=redis://:" + password + "@" + server.Addr}
	}
	monitor := start(t, ".", env, "monitor", "-all")
	monitor.waitFor(`Commands that reach Redis on (\S+): `, 1)
	if output, status := run(t, ".", env, "monitor", "-nosuch"); status != 1 {
		t.Errorf("status %d for a wrong option:\n%s", status, output)
	}
	startApp(t, launch.Options{Binary: step3, Env: append(env, "PORT=0")})
	monitor.waitFor(`"hello" "3" "auth" (\S+ "\(redacted\)")\n`, 1)
	if strings.Contains(monitor.said(), password) {
		t.Errorf("the password is shown:\n%s", monitor.said())
	}
}

func TestMonitorSaysThatRedisIsGone(t *testing.T) {
	server := redistest.StartServer(t)
	monitor := start(t, ".", []string{"REDIS_URL=" + server.URL}, "monitor")
	monitor.waitFor(`Commands that reach Redis on (\S+): `, 1)
	server.Kill()
	monitor.waitForEnd()
	wantText(t, monitor.said(), fmt.Sprintf("Redis on %s is gone", server.Addr), "make redis")
	if status := monitor.cmd.ProcessState.ExitCode(); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
}

func TestMonitorThatIsNotAllowed(t *testing.T) {
	server := redistest.StartServer(t)
	if err := server.Client.Do(t.Context(), "ACL", "SETUSER", "learner", "on", ">geheim", "~*", "+@all", "-monitor").Err(); err != nil {
		t.Fatal(err)
	}
	output, status := run(t, ".", []string{"REDIS_URL=redis://learner:geheim@" + server.Addr}, "monitor")
	wantText(t, output, "monitor: the Redis on "+server.Addr+" does not allow MONITOR: NOPERM")
	if status != 1 {
		t.Errorf("status %d, want 1", status)
	}
}
