package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redisimage"
)

const redisPort = "6379/tcp"

// The time limits for Docker to answer, to pull an image and to start a container,
// and for the Redis in it to answer.
const (
	dockerTimeout = 15 * time.Second
	pullTimeout   = time.Minute
	startTimeout  = 5 * time.Minute
	answerTimeout = 2 * time.Minute
)

// startContainer starts Redis in a container and returns its URL.
func startContainer() (string, error) {
	log.SetDefault(log.NewNoopLogger())
	replaceReaper()
	provider, err := docker()
	if err != nil {
		return "", fmt.Errorf("no Redis in a container, because Docker does not answer (%w). Start Docker, or check that you may use it: `docker info`", err)
	}
	defer provider.Close()
	image, err := imageOf(provider)
	if err != nil {
		return "", err
	}
	address, err := run(image)
	if err != nil {
		return "", fmt.Errorf("no Redis in a container of the image %s: %w", image, err)
	}
	return address, nil
}

// replaceReaper turns off the reaper of testcontainers, the container that removes
// what a dead test left behind, if our lifeline can do the same: the reaper needs
// another image, which cannot be pulled everywhere. It keeps a value of the
// variable that is already set.
func replaceReaper() {
	const variable = "TESTCONTAINERS_RYUK_DISABLED"
	if os.Getenv(variable) == "" && hasLifeline() {
		os.Setenv(variable, "true")
	}
}

// hasLifeline reports whether removeWithUs can work.
func hasLifeline() bool {
	_, err := exec.LookPath("docker")
	return err == nil && runtime.GOOS != "windows"
}

// docker connects to Docker, and fails soon if it does not answer. testcontainers
// itself waits for a hung Docker for ever, and can panic without a Docker.
func docker() (*testcontainers.DockerProvider, error) {
	ctx, cancel := context.WithTimeout(context.Background(), dockerTimeout)
	defer cancel()
	type result struct {
		provider *testcontainers.DockerProvider
		err      error
	}
	answer := make(chan result, 1)
	go func() {
		provider, err := connect(ctx)
		answer <- result{provider, err}
	}()
	select {
	case got := <-answer:
		return got.provider, got.err
	case <-ctx.Done():
		return nil, fmt.Errorf("no answer within %v", dockerTimeout)
	}
}

func connect(ctx context.Context) (provider *testcontainers.DockerProvider, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			provider, err = nil, fmt.Errorf("%v", reason)
		}
	}()
	provider, err = testcontainers.NewDockerProvider()
	if err != nil {
		return nil, err
	}
	return provider, provider.Health(ctx)
}

// imageOf returns the image to run: the one in REDIS_IMAGE, otherwise one that
// Docker has, otherwise the official one, which it pulls.
func imageOf(provider *testcontainers.DockerProvider) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pullTimeout)
	defer cancel()
	images, err := provider.ListImages(ctx)
	if err != nil {
		return "", fmt.Errorf("no Redis in a container, because Docker does not list its images: %w", err)
	}
	wanted := []string{redisimage.Official, redisimage.Local}
	if named := os.Getenv("REDIS_IMAGE"); named != "" {
		wanted = []string{named}
	}
	for _, image := range wanted {
		if has(images, image) {
			return image, nil
		}
	}
	if err := provider.PullImage(ctx, wanted[0]); err != nil {
		return "", fmt.Errorf("no Redis in a container: Docker has no image %s and cannot pull it (%w). `make redis-image` makes one from this machine's redis-server", wanted[0], err)
	}
	return wanted[0], nil
}

// has reports whether images contains wanted. Docker lists "redis:8-alpine",
// other engines put a host before it. A name without a tag means the tag latest.
func has(images []testcontainers.ImageInfo, wanted string) bool {
	if !strings.Contains(wanted[strings.LastIndex(wanted, "/")+1:], ":") {
		wanted += ":latest"
	}
	for _, image := range images {
		if image.Name == wanted || strings.HasSuffix(image.Name, "/"+wanted) {
			return true
		}
	}
	return false
}

func run(image string) (address string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	ctr, err := testcontainers.Run(ctx, image, testcontainers.WithExposedPorts(redisPort))
	if err != nil {
		return "", errors.Join(err, testcontainers.TerminateContainer(ctr))
	}
	if err := removeWithUs(ctr.GetContainerID()); err != nil {
		return "", errors.Join(err, testcontainers.TerminateContainer(ctr))
	}
	address, err = addressIn(ctx, ctr)
	if err != nil {
		return "", errors.Join(err, testcontainers.TerminateContainer(ctr))
	}
	return address, nil
}

// addressIn waits until the Redis in a container answers, and returns its URL.
func addressIn(ctx context.Context, ctr testcontainers.Container) (string, error) {
	addr, err := ctr.PortEndpoint(ctx, redisPort, "")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	// On a machine that looks like a container itself, testcontainers returns the
	// address of the gateway, although Docker runs on this machine.
	local := net.JoinHostPort("127.0.0.1", port)
	for end := time.Now().Add(answerTimeout); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for _, addr := range []string{addr, local} {
			if answers(addr, time.Second) {
				return "redis://" + addr, nil
			}
		}
	}
	return "", fmt.Errorf("it has started, but does not answer on %s or %s within %v. Set TESTCONTAINERS_HOST_OVERRIDE to the host on which Docker opens ports", addr, local, answerTimeout)
}

// removeWithUs makes a lifeline remove the container and its volumes when this
// process ends. Without lifelines the reaper of testcontainers does that.
func removeWithUs(id string) error {
	if !hasLifeline() {
		return nil
	}
	_, err := launch.Lifeline("docker", "rm", "--force", "--volumes", id)
	return err
}
