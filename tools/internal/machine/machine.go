// Package machine finds and, if it may, installs what the workshop uses on this
// machine: a Redis server, Docker, an image of Redis.
package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"example.com/session-workshop/check/redisimage"
)

// serverLink is where a Redis from redis-tools gets the name that makes it a
// server.
const serverLink = "/usr/local/bin/redis-server"

// pullWithin bounds a download of the official image, some 40 MB.
const pullWithin = 2 * time.Minute

// HowToGetServer says how to install a Redis server, which brings redis-cli.
const HowToGetServer = "install a Redis server (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis; Fedora: dnf install valkey)"

// FindServer looks for a Redis server on this machine and returns its path.
// Debian's package redis-tools has one under another name: redis-check-rdb is
// the same program, and which of the two it is depends on the name by which
// it is called.
func FindServer(ctx context.Context) (string, error) {
	for _, name := range []string{"redis-server", "valkey-server", "redis-check-rdb", "valkey-check-rdb"} {
		path, err := exec.LookPath(name)
		if err == nil && isServer(ctx, path) {
			return path, nil
		}
	}
	return "", errors.New("no redis-server and no valkey-server was found: " + HowToGetServer)
}

func isServer(ctx context.Context, path string) bool {
	version := exec.CommandContext(ctx, path, "--version")
	version.Args[0] = "redis-server"
	output, err := version.Output()
	return err == nil && bytes.Contains(output, []byte("server v="))
}

// ProvideServer sees to it that redis-server or valkey-server is on the PATH,
// and says what it changes. It installs only if that needs no question: on
// Debian, as root.
func ProvideServer(ctx context.Context) error {
	path, err := FindServer(ctx)
	if err != nil && canInstall() {
		if err := installTools(ctx); err != nil {
			return err
		}
		path, err = FindServer(ctx)
	}
	if err != nil {
		return err
	}
	if name := filepath.Base(path); name == "redis-server" || name == "valkey-server" {
		return nil
	}
	return linkServer(ctx, path)
}

func canInstall() bool {
	_, notDebian := os.Stat("/etc/debian_version")
	_, noApt := exec.LookPath("apt-get")
	return notDebian == nil && noApt == nil && os.Geteuid() == 0
}

// installTools installs the package that has the program but not the service,
// which would take port 6379 for ever.
func installTools(ctx context.Context) error {
	fmt.Println("Installing a Redis server for the tests: apt-get install redis-tools (no service).")
	for _, args := range [][]string{{"update", "-qq"}, {"install", "-y", "-qq", "--no-install-recommends", "redis-tools"}} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, output)
		}
	}
	return nil
}

func linkServer(ctx context.Context, program string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s is a Redis server under another name. Give it its name, as root: ln -s %s %s", program, program, serverLink)
	}
	if err := os.Symlink(program, serverLink); err != nil {
		return fmt.Errorf("%s cannot be called redis-server: %w", program, err)
	}
	fmt.Printf("%s is now also %s: the same program, which is a server under that name.\n", program, serverLink)
	if path, err := exec.LookPath("redis-server"); err != nil || !isServer(ctx, path) {
		return fmt.Errorf("%s does not run as redis-server, or is not on the PATH", serverLink)
	}
	return nil
}

// AskDocker returns nil if Docker answers, and else what to do about it.
func AskDocker(ctx context.Context) error {
	if _, err := exec.LookPath("docker"); err != nil {
		return errors.New("docker was not found: install Docker (https://docs.docker.com/get-docker/)")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if output, err := exec.CommandContext(ctx, "docker", "info").CombinedOutput(); err != nil {
		return fmt.Errorf("docker does not answer (%s): is its daemon running, and may you use it?", LastLine(output))
	}
	return nil
}

func ProvideImage(ctx context.Context) error {
	_, err := RedisImage(ctx)
	return err
}

// RedisImage sees to it that Docker has an image of Redis, and returns its
// name: the one that REDIS_IMAGE names, else the official one or the local
// one. What is not there is pulled.
func RedisImage(ctx context.Context) (string, error) {
	if err := AskDocker(ctx); err != nil {
		return "", err
	}
	candidates := []string{redisimage.Official, redisimage.Local}
	if image := os.Getenv("REDIS_IMAGE"); image != "" {
		candidates = []string{image}
	}
	for _, image := range candidates {
		if exec.CommandContext(ctx, "docker", "image", "inspect", image).Run() == nil {
			return image, nil
		}
	}
	return candidates[0], pull(ctx, candidates[0])
}

func pull(ctx context.Context, image string) error {
	fmt.Printf("Pulling the Docker image %s, for at most %v.\n", image, pullWithin)
	ctx, cancel := context.WithTimeout(ctx, pullWithin)
	defer cancel()
	if output, err := exec.CommandContext(ctx, "docker", "pull", "--quiet", image).CombinedOutput(); err != nil {
		return fmt.Errorf("the image %s cannot be pulled (%s). Make a local one: go run ./tools/workshop redis-image", image, LastLine(output))
	}
	return nil
}

// Gently makes cmd end as Ctrl+C would end it, with time to clean up.
func Gently(cmd *exec.Cmd) *exec.Cmd {
	cmd.Cancel = func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			// Windows has no such signal.
			return cmd.Process.Kill()
		}
		return nil
	}
	cmd.WaitDelay = 15 * time.Second
	return cmd
}

// WithStderr adds to the error of a command the last line that it printed to
// standard error.
func WithStderr(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("%w: %s", err, LastLine(exit.Stderr))
	}
	return err
}

// LastLine is the last line of what a command printed.
func LastLine(output []byte) string {
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	return lines[len(lines)-1]
}
