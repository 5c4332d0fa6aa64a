package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
)

func TestRedisImageRuns(t *testing.T) {
	testall.Only(t)
	needDocker(t)
	name := fmt.Sprintf("session-workshop-test-%d", os.Getpid())
	output, status := run(t, ".", nil, "redis-image", "-name", name)
	if status != 0 {
		t.Fatalf("status %d:\n%s", status, output)
	}
	t.Cleanup(func() { docker(t, "image", "rm", "--force", name) })

	container := docker(t, "run", "--detach", "--publish", "127.0.0.1::6379", name)
	t.Cleanup(func() { docker(t, "rm", "--force", container) })
	address := docker(t, "port", container, "6379/tcp")
	eventually(t, func() error {
		client, err := redisconn.Open(t.Context(), config.Config{RedisURL: "redis://" + address})
		if err != nil {
			return fmt.Errorf("%w\n%s", err, docker(t, "logs", container))
		}
		return client.Close()
	})
}

func TestRedisImageWithoutDocker(t *testing.T) {
	output, status := run(t, ".", []string{"PATH=" + t.TempDir()}, "redis-image")
	if status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	wantText(t, output, "docker was not found", "https://docs.docker.com/get-docker/")
}

// needDocker skips a test where no Docker answers, unless a Redis in a
// container is mandatory.
func needDocker(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := exec.CommandContext(ctx, "docker", "info").Run()
	switch {
	case err == nil:
	case slices.Contains(strings.Split(os.Getenv("REQUIRE_REDIS"), ","), "container"):
		t.Fatalf("REQUIRE_REDIS asks for a container, and docker info fails: %v", err)
	default:
		t.Skipf("NOT tested: an image made by redis-image, because no Docker answers (%v). Install and start Docker", err)
	}
}

// docker returns what the command prints on standard output.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("docker", args...)
	var problems strings.Builder
	cmd.Stderr = &problems
	output, err := cmd.Output()
	if err != nil {
		t.Errorf("docker %s: %v\n%s", strings.Join(args, " "), err, problems.String())
	}
	return strings.TrimSpace(string(output))
}
