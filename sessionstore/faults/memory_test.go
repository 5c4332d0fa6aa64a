package faults

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/sessionstore"
)

func TestFullMemory(t *testing.T) {
	testall.Only(t)
	server := redistest.StartServer(t, "--maxmemory", "12mb", "--maxmemory-policy", "noeviction")
	store := newStore(t, server, sessionstore.IdleTimeout(time.Hour))
	b := loggedIn(t, store, "aaa")
	must(t, b.Session().Set(t.Context(), "color", "red"))
	fill(t, server.Client)

	keys := server.Client.DBSize(t.Context()).Val()
	before := server.Client.HGetAll(t.Context(), b.key()).Val()
	cookie := b.Cookie
	for name, visit := range everyVisit {
		if name == "Login" || name == "Logout" || name == "Delete" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			must(t, server.Client.PExpire(t.Context(), b.key(), 10*time.Minute).Err())
			var want error
			if name == "Set" || name == "Incr" {
				want = sessionstore.ErrUnavailable
			}
			wantErr(t, name, b.Do(func(s *sessionstore.Session) error { return visit(t.Context(), s) }), want)
			if ttl := server.Client.PTTL(t.Context(), b.key()).Val(); ttl < 59*time.Minute {
				t.Errorf("the TTL is %v after the visit, want the full hour", ttl)
			}
		})
	}
	wantErr(t, "a login", b.Login(t.Context(), "aaa"), sessionstore.ErrUnavailable)
	wantErr(t, "a login of another user", newBrowser(t, store).Login(t.Context(), "bbb"), sessionstore.ErrUnavailable)
	if b.Cookie != cookie {
		t.Error("the cookie was changed")
	}
	if after := server.Client.HGetAll(t.Context(), b.key()).Val(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the session changed from %v to %v", before, after)
	}
	if n := server.Client.DBSize(t.Context()).Val(); n != keys {
		t.Errorf("there are %d keys, want %d", n, keys)
	}
	wantErr(t, "a list", func() error { _, err := store.List(t.Context(), "aaa"); return err }(), nil)
	wantErr(t, "removing a field", b.Session().Delete(t.Context(), "color"), nil)
	copied := *b
	wantErr(t, "a logout", b.Logout(t.Context()), nil)
	wantErr(t, "a visit after the logout", copied.refresh(t.Context()), sessionstore.ErrNoSession)
}

// fill writes large keys without a TTL until Redis has no memory left. The last one
// exceeds the limit by far, so that later not even a small key fits.
func fill(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	for i := range 10 {
		// The request itself is small, so the memory that it needs hardly counts.
		err := client.SetRange(t.Context(), fmt.Sprint("fill:", i), 4<<20, "x").Err()
		if redis.IsOOMError(err) {
			return
		}
		must(t, err)
	}
	t.Fatal("Redis did not become full")
}

// The advice of the package's documentation rests on what this test measures: which
// keys Redis evicts first under a policy that evicts keys with a TTL.
func TestEvictionUnderVolatileLRU(t *testing.T) {
	testall.Only(t)
	const users = 3000
	server := redistest.StartServer(t, "--maxmemory-policy", "volatile-lru")
	store := newStore(t, server, sessionstore.IdleTimeout(time.Hour))
	browsers := make([]*browser, users)
	inParallel(16, users, func(i int) { browsers[i] = loggedIn(t, store, fmt.Sprint("user ", i)) })
	// Redis measures the last use of a key in seconds.
	must(t, server.Client.Set(t.Context(), "fill:mark", "x", 0).Err())
	wait.For(t, "the indexes are a second old", func() bool {
		return server.Client.ObjectIdleTime(t.Context(), "fill:mark").Val() >= time.Second
	})
	inParallel(16, users, func(i int) { must(t, browsers[i].refresh(t.Context())) })

	count := func() (sessions, indexes int) {
		all := server.Client.Scan(t.Context(), 0, prefix+"*", 1000).Iterator()
		for all.Next(t.Context()) {
			if strings.HasPrefix(all.Val(), prefix+"user:") {
				indexes++
			} else {
				sessions++
			}
		}
		must(t, all.Err())
		return sessions, indexes
	}
	sessions, indexes := count()
	if sessions != users || indexes != users {
		t.Fatalf("%d sessions and %d indexes, want %d of each", sessions, indexes, users)
	}
	used, err := server.Client.InfoMap(t.Context(), "memory").Result()
	must(t, err)
	must(t, server.Client.ConfigSet(t.Context(), "maxmemory", used["Memory"]["used_memory"]).Err())
	for i := range 100 {
		must(t, server.Client.Set(t.Context(), fmt.Sprint("fill:", i), strings.Repeat("x", 2<<10), 0).Err())
		if sessions, indexes = count(); sessions+indexes < users*19/10 {
			break
		}
	}
	t.Logf("under volatile-lru, of %d sessions, each just visited, and as many indexes: %d indexes and %d sessions were evicted",
		users, users-indexes, users-sessions)
	if sessions == users && indexes == users {
		t.Error("nothing was evicted, so this test proves nothing")
	}
}
