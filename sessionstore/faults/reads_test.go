package faults

import (
	"testing"
	"time"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/sessionstore"
)

// Redis sends only what it counts as a change to its replicas and to its disk.
func TestAVisitThatOnlyReadsWritesNothing(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	changes := func() string {
		info, err := server.Client.InfoMap(t.Context(), "persistence").Result()
		must(t, err)
		return info["Persistence"]["rdb_changes_since_last_save"]
	}
	store := newStore(t, server, sessionstore.IdleTimeout(time.Hour), sessionstore.TouchEvery(30*time.Minute))
	b := loggedIn(t, store, "aaa")
	before := changes()
	for range 100 {
		must(t, b.refresh(t.Context()))
		_, err := b.Session().Get(t.Context(), "visits")
		must(t, err)
	}
	if after := changes(); after != before || after == "" {
		t.Errorf("Redis counts %q changes before 200 reads and %q after them", before, after)
	}
	_, err := b.visit(t.Context())
	must(t, err)
	if changes() == before {
		t.Error("Redis counts no change for an increment, so this test proves nothing")
	}
}
