package sessionstore_test

import (
	"cmp"
	"go/build"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore/sessiontest"
)

func TestSuite(t *testing.T) {
	options := testRedis(t)
	sessiontest.Suite(t, func() redis.UniversalClient { return redis.NewClient(options) })
}

// testRedis returns the options of the Redis of TEST_REDIS, else of REDIS_URL, else of
// an embedded one. If TEST_REDIS has names of kinds, which are for other tests, it is
// also the embedded one.
func testRedis(t *testing.T) *redis.Options {
	t.Helper()
	address := cmp.Or(os.Getenv("TEST_REDIS"), os.Getenv("REDIS_URL"))
	if kinds.MatchString(address) {
		server := miniredis.RunT(t)
		// By default, TTLs in miniredis do not run down.
		server.ClockTTL(true)
		return &redis.Options{Addr: server.Addr()}
	}
	options, err := redis.ParseURL(address)
	if err != nil {
		// The error would show the address, which may contain a password.
		t.Fatal("TEST_REDIS, or else REDIS_URL, must be the address of a Redis, such as redis://127.0.0.1:6379")
	}
	return options
}

var kinds = regexp.MustCompile(`^((embedded|server|container)(,|$))*$`)

// Other projects use the package without the workshop and without a framework.
func TestImportsOnlyGoRedis(t *testing.T) {
	pkg, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{"github.com/redis/go-redis/v9": false}
	for _, path := range pkg.Imports {
		first, _, _ := strings.Cut(path, "/")
		if _, known := allowed[path]; known {
			allowed[path] = true
		} else if strings.Contains(first, ".") {
			t.Errorf("the package imports %s; it may import only the standard library and go-redis", path)
		}
	}
	for path, imported := range allowed {
		if !imported {
			t.Errorf("the package does not import %s, so this test proves nothing", path)
		}
	}
}
