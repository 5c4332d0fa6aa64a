// Package machine finds what the workshop uses on this machine: a Redis server,
// Docker, an image of Redis. It installs what is missing if it may.
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
	"example.com/session-workshop/shared/lang"
)

// serverLink is the path at which a Redis from redis-tools gets the name
// redis-server.
const serverLink = "/usr/local/bin/redis-server"

// pullWithin limits the download of the official image, some 40 MB.
const pullWithin = 2 * time.Minute

// HowToGetServer says how to install a Redis server. Its packages include
// redis-cli.
var HowToGetServer = lang.T("install a Redis server (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis; Fedora: dnf install valkey)",
	"Redis サーバーをインストールします（Debian、Ubuntu: apt-get install redis-server、macOS: brew install redis、Fedora: dnf install valkey）")

// FindServer returns the path of a Redis server on this machine. Debian's
// package redis-tools contains one as redis-check-rdb: both are one program,
// which behaves as the name by which it is called.
func FindServer(ctx context.Context) (string, error) {
	for _, name := range []string{"redis-server", "valkey-server", "redis-check-rdb", "valkey-check-rdb"} {
		path, err := exec.LookPath(name)
		if err == nil && isServer(ctx, path) {
			return path, nil
		}
	}
	return "", lang.Errorf("neither redis-server nor valkey-server was found: %s", "redis-server も valkey-server も見つかりません。%s", HowToGetServer)
}

func isServer(ctx context.Context, path string) bool {
	version := exec.CommandContext(ctx, path, "--version")
	version.Args[0] = "redis-server"
	output, err := version.Output()
	return err == nil && bytes.Contains(output, []byte("server v="))
}

// ProvideServer makes sure that redis-server or valkey-server is on the PATH,
// and prints what it changes. It installs a server only on Debian as root,
// where that needs no question.
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
	return linkServer(ctx, path, serverLink)
}

func canInstall() bool {
	_, notDebian := os.Stat("/etc/debian_version")
	_, noApt := exec.LookPath("apt-get")
	return notDebian == nil && noApt == nil && os.Geteuid() == 0
}

// installTools installs the package with the program but without the service,
// which would occupy port 6379 permanently.
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

// linkServer makes sure that a program which is a Redis server is on the PATH
// under the name in link.
func linkServer(ctx context.Context, program, link string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s is a Redis server under another name. Link it, as root: ln -s %s %s", program, program, link)
	}
	if !isServer(ctx, link) {
		if err := os.Symlink(program, link); err != nil {
			return fmt.Errorf("%s cannot be linked as redis-server: %w", program, err)
		}
		fmt.Printf("%s is now also %s: under that name the same program is a server.\n", program, link)
	}
	path, err := exec.LookPath("redis-server")
	switch folder := filepath.Dir(link); {
	case err != nil:
		return fmt.Errorf("%[1]s is not found, because %[2]s is not on the PATH. Add it: export PATH=%[2]s:$PATH", link, folder)
	case !isServer(ctx, path):
		return fmt.Errorf("%s does not run as redis-server. Reinstall it, or remove it from the PATH", path)
	}
	return nil
}

// AskDocker returns nil if Docker answers. Its error says what to do.
func AskDocker(ctx context.Context) error {
	if _, err := exec.LookPath("docker"); err != nil {
		return errors.New("docker was not found: install Docker (https://docs.docker.com/get-docker/)")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if output, err := exec.CommandContext(ctx, "docker", "info").CombinedOutput(); err != nil {
		return fmt.Errorf("docker does not answer (%s): is its daemon running, and are you allowed to use it?", LastLine(output))
	}
	return nil
}

// ProvideImage makes sure that Docker has an image of Redis.
func ProvideImage(ctx context.Context) error {
	_, err := RedisImage(ctx)
	return err
}

// RedisImage makes sure that Docker has an image of Redis, and returns its
// name: the image that REDIS_IMAGE names, or else the official or the local
// one. It pulls a missing image.
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

// Gently makes cmd and its children end as by Ctrl+C, with time to clean up,
// when its context ends.
func Gently(cmd *exec.Cmd) *exec.Cmd {
	separate(cmd)
	cmd.Cancel = func() error { return interrupt(cmd.Process) }
	cmd.WaitDelay = 15 * time.Second
	return cmd
}

// WithStderr returns the last line of standard error as the error of a command.
func WithStderr(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return Said(err, exit.Stderr)
	}
	return err
}

// Said returns the last line of the output of a failed command as its error, or
// err if there is none.
func Said(err error, output []byte) error {
	if line := LastLine(output); line != "" {
		return said{line, err}
	}
	return err
}

// said is the error of a command with the text that the command printed.
type said struct {
	line string
	error
}

func (s said) Error() string { return s.line }
func (s said) Unwrap() error { return s.error }

// LastLine returns the last line of the output of a command.
func LastLine(output []byte) string {
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	return lines[len(lines)-1]
}
