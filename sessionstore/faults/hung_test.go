package faults

import (
	"errors"
	"testing"
	"time"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/sessionstore"
)

// The last of many requests must not wait for all the others.
func TestRedisHangsUnder300Visits(t *testing.T) {
	t.Parallel()
	const visits, deadline, patience = 300, 800 * time.Millisecond, 5 * time.Second
	server := redistest.StartServer(t)
	b := loggedIn(t, newStore(t, server), "aaa")
	_, err := b.visit(t.Context())
	must(t, err)

	server.Pause()
	took := make([]time.Duration, visits)
	inParallel(visits, visits, func(i int) {
		began := time.Now()
		_, err := b.visit(within(t, deadline))
		took[i] = time.Since(began)
		wantErr(t, "a visit while Redis hangs", err, sessionstore.ErrUnavailable)
	})
	var longest time.Duration
	for _, d := range took {
		longest = max(longest, d)
	}
	t.Logf("the longest of %d visits took %v", visits, longest)
	if longest > patience {
		t.Errorf("the longest of %d visits took %v, with a deadline of %v", visits, longest, deadline)
	}

	server.Resume()
	tries := 0
	wait.For(t, "visits are counted again", func() bool {
		tries++
		count, err := b.visit(within(t, patience))
		if err != nil && !errors.Is(err, sessionstore.ErrUnavailable) {
			t.Fatal(err)
		}
		if int(count) > 1+visits+tries {
			t.Errorf("%d visits were sent, but the count is %d", 1+visits+tries, count)
		}
		return err == nil
	})
}
