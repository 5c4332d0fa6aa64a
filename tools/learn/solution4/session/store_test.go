package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/tools/learn/solution4/session"
)

func TestAVisitIsOneRoundTripAndBringsNothingBack(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		options, err := redis.ParseURL(r.URL)
		if err != nil {
			t.Fatal(err)
		}
		counting, err := wire.Open(options.Addr, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer counting.Close()
		options.Addr = counting.Addr
		client := redis.NewClient(options)
		defer client.Close()
		store := session.NewStore(client, time.Minute)
		token, err := store.Create(t.Context(), "aaa")
		if err != nil {
			t.Fatal(err)
		}
		for n := range int64(3) {
			before := counting.RoundTrips()
			s, err := store.Visit(t.Context(), token)
			if err != nil || s.Username != "aaa" || s.Visits != n+1 {
				t.Errorf("visit %d: %+v, %v", n+1, s, err)
			}
			// At the first one, Redis does not know the script yet.
			if trips := counting.RoundTrips() - before; n > 0 && trips != 1 {
				t.Errorf("visit %d took %d round trips", n+1, trips)
			}
		}
		if left := client.PTTL(t.Context(), store.Key(token)).Val(); left <= 0 || left > time.Minute {
			t.Errorf("the TTL after a visit is %v", left)
		}
		if err := store.Delete(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if s, err := store.Visit(t.Context(), token); !errors.Is(err, session.ErrNone) {
			t.Errorf("a visit after the end: %+v, %v", s, err)
		}
		if client.Exists(t.Context(), store.Key(token)).Val() != 0 {
			t.Error("a visit after the end brought the session back")
		}
	})
}
