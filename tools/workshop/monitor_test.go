//go:build !windows

package main_test

import (
	"syscall"
	"testing"

	"example.com/session-workshop/check/redistest"
)

func TestMonitorOfARealRedisIsThatOfRedisCLI(t *testing.T) {
	server := redistest.StartServer(t)
	env, found := cliKinds(t, server.URL)[realCLI]
	if !found {
		t.Skip("NOT tested: make monitor, which calls redis-cli")
	}
	monitor := start(t, ".", env, "monitor")
	monitor.waitFor(`(OK)\n`, 1)
	if err := server.Client.HIncrBy(t.Context(), "workshop:test", "visits", 1).Err(); err != nil {
		t.Fatal(err)
	}
	monitor.waitFor(`"(hincrby)" "workshop:test" "visits" "1"\n`, 1)
	// Ctrl+C reaches redis-cli too. A signal to us alone must end it as well.
	if err := monitor.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	monitor.waitForEnd()
}

func TestMonitorOfAnEmbeddedRedisPointsToThePanel(t *testing.T) {
	address, _ := redisOfApp(t)
	output, status := run(t, ".", []string{"REDIS_URL=" + address}, "monitor")
	wantText(t, output, "does not have MONITOR", "The panel below each page", "make redis")
	if status != 1 {
		t.Errorf("status %d, want 1", status)
	}
}
