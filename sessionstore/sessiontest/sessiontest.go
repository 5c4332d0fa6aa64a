// Package sessiontest reports whether a sessionstore.Store keeps its promises on a
// given Redis: one server, a cluster, one behind TLS or under an ACL.
package sessiontest

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

// Suite runs every test of the store's behaviour as a parallel subtest.
//
// connect returns a new *redis.Client or *redis.ClusterClient each time, as a
// service makes it. The suite hangs hooks on these clients, and closes them.
// Give them timeouts of some seconds: the suite is about behaviour, not about
// speed. All keys of a test begin with a prefix of its own and are removed, so
// the suite can share a Redis with other programs.
func Suite(t *testing.T, connect func() redis.UniversalClient, options ...Option) {
	s := &suite{connect: func(t testing.TB) redis.UniversalClient {
		client := connect()
		t.Cleanup(func() { _ = client.Close() })
		return client
	}}
	for _, option := range options {
		option(s)
	}
	if s.admin == nil {
		s.admin = s.connect(t)
	}
	if err := s.admin.Ping(t.Context()).Err(); err != nil {
		t.Fatalf("The suite needs a Redis, and this one does not answer: %v", err)
	}
	for _, group := range [][]test{writes, reads, lives, ends, fixation, revocation, logins, late, requests, bounds, cookies} {
		for _, test := range group {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				test.run(newScene(t, s))
			})
		}
	}
}

// Option changes how Suite uses the Redis.
type Option func(*suite)

// Admin is a client of the same Redis that may send any command. The suite
// looks with it at what a store has left, and removes it. It is for a Redis on
// which the clients of connect have few rights; without it the suite takes one
// of those.
func Admin(client redis.UniversalClient) Option {
	return func(s *suite) { s.admin = client }
}

// With are options of sessionstore.New for all stores of the suite, those of the
// service for instance. Tests that need another value of an option give it.
func With(options ...sessionstore.Option) Option {
	return func(s *suite) { s.options = options }
}

type suite struct {
	options []sessionstore.Option
	admin   redis.UniversalClient
	connect func(testing.TB) redis.UniversalClient
}

type test struct {
	name string
	run  func(*scene)
}
