// Package netns runs a test where it reaches nothing but its own loopback
// interface, on which no port is taken.
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

// inside is set in the environment of a process that is alone.
const inside = "WORKSHOP_TEST_ALONE"

// Again is the command that runs only the test t, in another process.
func Again(t testing.TB) *exec.Cmd {
	again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", fmt.Sprintf("-test.short=%v", testing.Short()))
	again.Env = os.Environ()
	return again
}

// Alone reports whether the test runs alone. If not, Alone runs the test again
// where it does, and returns false. A system without network namespaces has one
// loopback interface, on which port 6379 must be free.
func Alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		return true
	}
	said, isolated, err := Isolate(Again(t))
	if !isolated {
		if Taken(redisconn.LocalAddr) {
			t.Skip("NOT tested: what happens without REDIS_URL. Another Redis answers on port 6379, and this system has no network namespace")
		}
		return true
	}
	if err != nil {
		t.Errorf("on a network of its own: %v\n%s", err, said)
	}
	return false
}

// Taken reports whether a program answers at an address.
func Taken(addr string) bool {
	connection, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		connection.Close()
	}
	return !redisconn.Refused(err)
}
