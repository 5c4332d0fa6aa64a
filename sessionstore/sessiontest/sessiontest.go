// Package sessiontest reports whether a sessionstore.Store keeps its promises on a
// given Redis: one server, a cluster, one behind TLS or under an ACL.
package sessiontest

import (
	"testing"

	"github.com/redis/go-redis/v9"
)

// Suite runs every test of the store's behaviour as a parallel subtest.
//
// connect returns a new client each time, with the rights that a store has;
// the suite hangs hooks on it. admin is a client of the same Redis that may do
// anything: the suite looks with it at what a store has left, and removes it.
// All keys of a test have a prefix of their own, so the suite can share a Redis
// with other programs. Give the clients timeouts of some seconds: the suite is
// about behaviour, not about speed.
func Suite(t *testing.T, admin redis.UniversalClient, connect func(testing.TB) redis.UniversalClient) {
	for _, group := range [][]test{writes, ends, fixation, revocation, logins, bounds, cookies} {
		for _, test := range group {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				test.run(newScene(t, admin, connect))
			})
		}
	}
}

type test struct {
	name string
	run  func(*scene)
}
