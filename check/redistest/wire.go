package redistest

import (
	"testing"

	"example.com/session-workshop/check/wire"
)

// OpenWire opens a wire to the Redis at addr, host:port, and closes it when the
// test has ended.
func OpenWire(t testing.TB, addr string) *wire.Wire {
	t.Helper()
	w, err := wire.Open(addr, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}
