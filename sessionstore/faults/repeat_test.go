package faults

import (
	"bytes"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/sessionstore"
)

// Redis runs each command and then closes the connection instead of replying. The
// store sends a change once, and a read or the end of a session at most twice.
func TestACallIsRepeatedAtMostOnce(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	b := loggedIn(t, newStore(t, server), "aaa")
	addr, taken := takesAndCloses(t, server.Addr)
	options := insistent(recommended(addr))
	options.ReadTimeout = suiteTimeout
	store := newStoreOn(t, connect(t, options))
	handle := b.Session().Handle()
	most := map[string]int64{
		"Set": 1, "Incr": 1, "Delete": 1, "Revoke": 1,
		"Refresh": 2, "Get": 2, "List": 2, "RevokeAll": 2, "RevokeOthers": 2, "Logout": 2,
		// Two creations with different tokens, then the end of both, sent twice.
		"Login": 4,
	}
	for name, call := range everyCall(store, b.at(store), handle) {
		before := taken.Load()
		wantErr(t, name, call(within(t, suiteTimeout)), sessionstore.ErrUnavailable)
		if n := taken.Load() - before; n == 0 || n > most[name] {
			t.Errorf("%s was sent %d times, want at most %d", name, n, most[name])
		}
	}
}

// takesAndCloses starts a proxy that forwards scripts and then closes the connection
// without the reply. taken counts the scripts.
func takesAndCloses(t *testing.T, server string) (addr string, taken *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	taken = new(atomic.Int64)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() { forward(client, server, taken) })
		}
	})
	t.Cleanup(group.Wait)
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String(), taken
}

func forward(client net.Conn, addr string, taken *atomic.Int64) {
	defer client.Close()
	server, err := new(net.Dialer).DialContext(context.Background(), "tcp", addr)
	if err != nil {
		return
	}
	defer server.Close()
	buffer, reply := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		_, _ = server.Write(buffer[:n])
		if bytes.Contains(buffer[:n], []byte("eval")) {
			taken.Add(1)
			// The reply shows that the script has run.
			_, _ = server.Read(reply)
			return
		}
		if n, err = server.Read(reply); err != nil {
			return
		}
		if _, err := client.Write(reply[:n]); err != nil {
			return
		}
	}
}
