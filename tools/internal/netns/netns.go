// Package netns runs a test in a network that has only a loopback interface, on
// which every port is free.
package netns

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"example.com/session-workshop/shared/redisconn"
)

// inside is set in the environment of an isolated process.
const inside = "WORKSHOP_TEST_ALONE"

// Again returns the command that runs only the test t, in another process.
func Again(t testing.TB) *exec.Cmd {
	again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", fmt.Sprintf("-test.short=%v", testing.Short()))
	again.Env = os.Environ()
	return again
}

// Alone reports whether the test runs isolated. If not, it runs the test again
// in isolation and returns false. A system without network namespaces has one
// loopback interface, so port 6379 must be free there.
func Alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		return true
	}
	said, isolated, err := Isolate(Again(t))
	if !isolated {
		if Taken(redisconn.LocalAddr) {
			t.Skip("NOT tested: an app without REDIS_URL. Another Redis answers on port 6379, and this system has no network namespace")
		}
		return true
	}
	if err != nil {
		t.Errorf("in its own network: %v\n%s", err, said)
	}
	return false
}

// Taken reports whether a program listens at an address.
func Taken(addr string) bool {
	connection, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		connection.Close()
	}
	return !redisconn.Refused(err)
}
