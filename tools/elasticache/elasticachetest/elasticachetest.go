// Package elasticachetest gives a test a stand-in for ElastiCache.
package elasticachetest

import (
	"testing"

	"example.com/session-workshop/tools/elasticache"
)

// Start starts a stand-in on free ports. It ends with the test.
func Start(t testing.TB, o elasticache.Options) *elasticache.StandIn {
	t.Helper()
	o.Addr, o.Dir = "127.0.0.1:0", t.TempDir()
	s, err := elasticache.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
