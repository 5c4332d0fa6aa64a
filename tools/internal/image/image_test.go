package image_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/internal/image"
	"example.com/session-workshop/tools/internal/machine"
)

func TestAnImageOfThisMachinesServerRuns(t *testing.T) {
	testall.Only(t)
	if err := machine.AskDocker(t.Context()); err != nil {
		if slices.Contains(strings.Split(os.Getenv("REQUIRE_REDIS"), ","), "container") {
			t.Fatalf("REQUIRE_REDIS asks for a container: %v", err)
		}
		t.Skipf("NOT tested: an image made by redis-image (%v)", err)
	}
	name := fmt.Sprintf("session-workshop-test-%d", os.Getpid())
	if _, size, err := image.Make(t.Context(), name); err != nil || size < 1e6 {
		t.Fatalf("Make: %d bytes, %v", size, err)
	}
	t.Cleanup(func() { docker(t, "image", "rm", "--force", name) })
	container := docker(t, "run", "--detach", "--publish", "127.0.0.1::6379", name)
	t.Cleanup(func() { docker(t, "rm", "--force", container) })
	address := docker(t, "port", container, "6379/tcp")
	wait.ForSuccess(t, func() error {
		client, err := redisconn.Open(t.Context(), config.Config{RedisURL: "redis://" + address})
		if err != nil {
			return fmt.Errorf("%w\n%s", err, docker(t, "logs", container))
		}
		return client.Close()
	})
}

func TestWithoutDocker(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, _, err := image.Make(t.Context(), "session-workshop-test")
	if err == nil || !strings.Contains(err.Error(), "docker was not found") || !strings.Contains(err.Error(), "https://docs.docker.com/get-docker/") {
		t.Errorf("the error is %v", err)
	}
}

// docker runs a docker command and returns its standard output.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	output, err := exec.Command("docker", args...).Output()
	if err != nil {
		t.Errorf("docker %s: %v", strings.Join(args, " "), machine.WithStderr(err))
	}
	return strings.TrimSpace(string(output))
}
