package faults

import (
	"os"
	"os/exec"
	"sync"
	"testing"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/sessionstore"
)

// All tests of this package must also pass with Batching.
func TestAllWithBatching(t *testing.T) {
	testall.Only(t)
	if *batching {
		t.Skip("this run already uses Batching")
	}
	program, err := os.Executable()
	must(t, err)
	run := exec.CommandContext(t.Context(), program, "-batching", "-test.timeout=20m")
	if output, err := run.CombinedOutput(); err != nil {
		t.Errorf("with Batching: %v\n%s", err, output)
	}
}

func TestBatchingFailsAllChangesOnABrokenConnection(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	w := redistest.OpenWire(t, server.Addr)
	store := newStoreOn(t, connect(t, recommended(w.Addr)), sessionstore.Batching())
	browsers := []*browser{loggedIn(t, store, "aaa"), loggedIn(t, store, "bbb")}
	must(t, browsers[0].refresh(t.Context()))

	reply := w.HoldReply(1)
	w.Lose(1)
	failed := make(chan error, len(browsers))
	for _, b := range browsers {
		go func() {
			_, err := b.visit(t.Context())
			failed <- err
		}()
		wait.For(t, "the visit has run", func() bool { return visits(t, server.Client, b.key()) == 1 })
	}
	var reads sync.WaitGroup
	for range 100 {
		reads.Go(func() {
			if err := browsers[0].refresh(t.Context()); err != nil {
				t.Errorf("a read is not sent again: %v", err)
			}
		})
	}
	reply.Release()
	reads.Wait()
	for _, b := range browsers {
		wantErr(t, "a visit on the broken connection", <-failed, sessionstore.ErrUnavailable)
		must(t, b.refresh(t.Context()))
		if n := visits(t, server.Client, b.key()); n != 1 {
			t.Errorf("a visit counted %d times", n)
		}
	}
}
