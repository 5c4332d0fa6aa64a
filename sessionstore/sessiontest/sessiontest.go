// Package sessiontest tests whether a sessionstore.Store keeps its promises on a
// given Redis: one server or a cluster, also behind TLS or with an ACL.
package sessiontest

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

// Suite runs every test of the store's behaviour as a parallel subtest.
//
// connect returns a new *redis.Client or *redis.ClusterClient at each call, made as
// in your service. The suite adds hooks to these clients and closes them. Give them
// timeouts of some seconds: the suite tests behaviour, not speed. All its keys begin
// with "sessiontest:" and are removed at the end, so it can share a Redis with other
// programs.
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
		t.Fatalf("Redis does not answer the suite: %v", err)
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

// Option changes how Suite uses Redis.
type Option func(*suite)

// Admin sets a client of the same Redis that may send any command. The suite uses
// it to look at the keys and to remove them. The default is a client of connect, so
// Admin is needed if those have few rights.
func Admin(client redis.UniversalClient) Option {
	return func(s *suite) { s.admin = client }
}

// With gives all stores of the suite options of sessionstore.New, for example those
// of your service. A test that needs another value of an option overrides it.
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
