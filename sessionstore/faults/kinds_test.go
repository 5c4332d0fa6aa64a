package faults

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/sessionstore"
	"example.com/session-workshop/sessionstore/sessiontest"
)

func TestBehaviour(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		suite(t, func() redis.UniversalClient { return redis.NewClient(options(t, r.URL)) })
	})
}

// suite runs the store's suite, with Batching if -batching is set.
func suite(t *testing.T, connect func() redis.UniversalClient, options ...sessiontest.Option) {
	if *batching {
		options = append(options, sessiontest.With(sessionstore.Batching()))
	}
	sessiontest.Suite(t, connect, options...)
}

// patience is long because the race detector is slow and cores are few.
const patience = 5 * time.Minute

func options(t testing.TB, url string) *redis.Options {
	t.Helper()
	o, err := redis.ParseURL(url)
	must(t, err)
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = patience, patience, patience, patience
	o.ContextTimeoutEnabled = true
	return o
}
