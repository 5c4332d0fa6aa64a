package session_test

import (
	"testing"

	"example.com/session-workshop/check/redistest"
)

// The store is tested on each kind of Redis. A learner's copy has only
// store_test.go, because compiling what starts containers takes a minute.
func init() {
	onRedis = func(t *testing.T, run func(t *testing.T, address string)) {
		redistest.Each(t, func(t *testing.T, r *redistest.Redis) { run(t, r.URL) })
	}
}
