// Package redistest gives tests a real Redis.
//
// Each runs a test on the embedded Redis and on a real one; StartServer starts a
// server for a single test, which may stop, kill and restart it. TEST_REDIS
// selects the kinds, REQUIRE_REDIS makes kinds mandatory, REDIS_IMAGE names the
// image of the container.
package redistest

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"example.com/session-workshop/shared/config"
)

// The kinds of Redis.
const (
	// embedded is the server that the apps start themselves if there is no other.
	embedded = "embedded"
	// server is a redis-server or valkey-server child process.
	server = "server"
	// container is a Redis in Docker.
	container = "container"
	// byURL is a running server that TEST_REDIS names.
	byURL = "url"
)

// Redis is a server that a test shares with other tests. A test uses only its own
// keys and never flushes.
type Redis struct {
	// Kind is embedded, server, container or url.
	Kind string
	// URL is the value of REDIS_URL for an app. It may contain a password.
	URL string
	// Client is connected to it, and closed when the test has ended.
	Client redis.UniversalClient
}

// starters holds functions that start a kind once in a test process and return
// its URL. That Redis ends with the process, in any way.
var starters = map[string]func() (string, error){
	embedded:  sync.OnceValues(startEmbedded),
	server:    sync.OnceValues(startSharedServer),
	container: sync.OnceValues(startContainer),
}

// Each runs a test on each kind of Redis, as a subtest with the name of the kind:
// on the kinds in TEST_REDIS, or by default on the embedded one and a real one,
// and on those in REQUIRE_REDIS. If there is no real one, the test's log says
// "NOT tested on a real Redis:" and why. If a kind that a variable names does not
// start, the test fails.
func Each(t *testing.T, run func(t *testing.T, r *Redis)) {
	t.Helper()
	for _, kind := range kinds(t) {
		testOn(t, kind, run)
	}
}

// One is Each on one kind only, a real one if there is one. Use it if other tests
// cover the differences between the kinds.
func One(t *testing.T, run func(t *testing.T, r *Redis)) {
	t.Helper()
	all := kinds(t)
	testOn(t, all[max(0, slices.IndexFunc(all, isReal))], run)
}

// kinds returns the kinds to test on.
func kinds(t *testing.T) []string {
	t.Helper()
	kinds, notReal, err := choose(os.Getenv("TEST_REDIS"), os.Getenv("REQUIRE_REDIS"), findReal)
	if err != nil {
		t.Fatal(err)
	}
	if notReal != "" {
		t.Logf("NOT tested on a real Redis: %s", notReal)
	}
	return kinds
}

func testOn(t *testing.T, kind string, run func(t *testing.T, r *Redis)) {
	t.Helper()
	name := kind
	if isURL(kind) {
		name = byURL
	}
	t.Run(name, func(t *testing.T) {
		address, err := start(kind)
		if err != nil {
			t.Fatalf("no Redis of the kind %s, which TEST_REDIS or REQUIRE_REDIS names: %v", name, err)
		}
		run(t, &Redis{Kind: name, URL: address, Client: newClient(t, address)})
	})
}

// findReal starts a real Redis: a container, otherwise a server. The error says
// how to get one.
func findReal() (kind string, err error) {
	_, noContainer := starters[container]()
	if noContainer == nil {
		return container, nil
	}
	_, noServer := starters[server]()
	if noServer == nil {
		return server, nil
	}
	return "", fmt.Errorf("%w; and %w", noContainer, noServer)
}

// newClient returns a client that waits long, repeats no command and sends only
// the commands of the test.
func newClient(t testing.TB, address string) redis.UniversalClient {
	t.Helper()
	options, err := parseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func parseURL(address string) (*redis.Options, error) {
	options, err := redis.ParseURL(address)
	if err != nil {
		return nil, errors.New("this is not the URL of a Redis, such as redis://127.0.0.1:6379: " + config.Shown(address))
	}
	options.DialTimeout, options.DialerRetries = 10*time.Second, 1
	options.ReadTimeout, options.WriteTimeout = time.Minute, time.Minute
	options.MaxRetries = -1
	options.ContextTimeoutEnabled = true
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return options, nil
}
