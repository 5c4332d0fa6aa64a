package faults

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/sessionstore"
)

// A failed login keeps the old session, even if a node hangs that has neither the
// old session nor the new one.
func TestAFailedLoginKeepsTheOldSession(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3, 0)
	options := c.Options()
	options.ReadTimeout = 100 * time.Millisecond
	store := newStoreOn(t, connectCluster(t, options))
	const users = 20
	var browsers []*browser
	for i := range users {
		name := fmt.Sprint("user ", i)
		for _, node := range []int{2, 0} {
			b := loggedIn(t, store, name)
			for c.Owner(b.key()) != node {
				must(t, b.Login(t.Context(), name))
			}
			if node == 0 {
				browsers = append(browsers, b)
			}
		}
	}
	c.Node(2).Pause()
	var failed, killed atomic.Int64
	var group sync.WaitGroup
	for i, b := range browsers {
		group.Go(func() {
			old := *b
			if b.Login(within(t, 500*time.Millisecond), fmt.Sprint("user ", i)) == nil {
				return
			}
			failed.Add(1)
			if b.Cookie != old.Cookie {
				t.Error("a failed login changed the cookie")
			}
			killed.Add(1 - c.Node(0).Client.Exists(t.Context(), old.key()).Val())
		})
	}
	group.Wait()
	c.Node(2).Resume()
	t.Logf("one of three masters hung: %d of %d logins failed, %d of them ended the old session", failed.Load(), users, killed.Load())
	if failed.Load() == 0 {
		t.Error("no login failed, so this test proves nothing")
	}
	if killed.Load() > 0 {
		t.Errorf("%d of %d failed logins ended the old session", killed.Load(), failed.Load())
	}
}

// Redis does everything, and only its last reply does not arrive.
func TestALoginIsUnavailableIfItsLastReplyIsLost(t *testing.T) {
	w, store := behindWire(t)
	b := loggedIn(t, store, "aaa")
	// After this login Redis knows all scripts of the next one.
	must(t, b.Login(t.Context(), "aaa"))
	old := *b
	// A login of a user with one session takes two round trips.
	reply := w.HoldReply(2)
	err := b.Login(within(t, 500*time.Millisecond), "aaa")
	<-reply.Arrived()
	wantErr(t, "the login", err, sessionstore.ErrUnavailable)
	wantErr(t, "the old session, which Redis ended", old.refresh(t.Context()), sessionstore.ErrNoSession)
	must(t, b.Login(within(t, 500*time.Millisecond), "aaa"))
	must(t, b.refresh(t.Context()))
}
