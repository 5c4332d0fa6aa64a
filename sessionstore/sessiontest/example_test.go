package sessiontest_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore/sessiontest"
)

// This is all that a service needs to test the store on its own Redis.
func ExampleSuite() {
	TestSessions := func(t *testing.T) {
		sessiontest.Suite(t, func() redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
		})
	}
	_ = TestSessions // go test calls it
}
