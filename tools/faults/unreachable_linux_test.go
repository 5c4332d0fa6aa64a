package faults

import (
	"net"
	"strings"
	"testing"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/internal/netns"
)

// A server outside the network of the cache has no route to it.
func TestTheErrorNamesARedisWithoutARoute(t *testing.T) {
	if !netns.Alone(t) {
		return
	}
	// Connecting by UDP sends nothing, and needs a route.
	if conn, err := net.Dial("udp", "10.9.9.9:1"); err == nil {
		conn.Close()
		t.Skip("NOT tested: a Redis without a route to it. This system has no network namespace")
	}
	for _, address := range []string{"10.9.9.9:6379", "[2001:db8::1]:6379"} {
		_, err := redisconn.Open(t.Context(), config.Config{RedisURL: "redis://" + address})
		if err == nil || !strings.Contains(err.Error(), "this machine has no way to it") {
			t.Errorf("%s: the error is %v", address, err)
		}
	}
}
