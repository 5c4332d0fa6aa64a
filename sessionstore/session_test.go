package sessionstore_test

import (
	"go/build"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/sessionstore/sessiontest"
)

func TestBehaviour(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		sessiontest.Suite(t, r.Client, func(t testing.TB) redis.UniversalClient {
			return connect(t, options(t, r.URL))
		})
	})
}

// patience is for the race detector, under which many tests share few cores.
const patience = 5 * time.Minute

func options(t testing.TB, url string) *redis.Options {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = patience, patience, patience, patience
	o.ContextTimeoutEnabled = true
	return o
}

func connect(t testing.TB, o *redis.Options) *redis.Client {
	client := redis.NewClient(o)
	t.Cleanup(func() { client.Close() })
	return client
}

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
