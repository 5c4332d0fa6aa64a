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

// testRedis is where the Redis of TEST_REDIS listens, or else that of REDIS_URL,
// or else an embedded one. The names of kinds, which TEST_REDIS may have for
// other tests, stand for the embedded one here.
func testRedis(t *testing.T) *redis.Options {
	t.Helper()
	address := cmp.Or(os.Getenv("TEST_REDIS"), os.Getenv("REDIS_URL"))
	if kinds.MatchString(address) {
		server := miniredis.RunT(t)
		// Without this, its keys would keep their TTL for ever.
		server.ClockTTL(true)
		return &redis.Options{Addr: server.Addr()}
	}
	options, err := redis.ParseURL(address)
	if err != nil {
		// The error has the address in it, and that may have a password.
		t.Fatal("TEST_REDIS, or else REDIS_URL, is not the address of a Redis, such as redis://127.0.0.1:6379")
	}
	return options
}

var kinds = regexp.MustCompile(`^((embedded|server|container)(,|$))*$`)

// Another project takes the package without the workshop and without a framework.
func TestImportsGoRedisAlone(t *testing.T) {
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
			t.Errorf("the package imports %s; it may import the standard library and go-redis", path)
		}
	}
	for path, imported := range allowed {
		if !imported {
			t.Errorf("the package does not import %s, so this test looks at something else", path)
		}
	}
}
