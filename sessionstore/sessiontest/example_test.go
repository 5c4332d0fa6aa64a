package sessiontest_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore/sessiontest"
)

// The whole test of a service that uses the store.
func ExampleSuite() {
	TestSessions := func(t *testing.T) {
		sessiontest.Suite(t, func() redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
		})
	}
	_ = TestSessions // go test calls it.
}
