package faults

import (
	"testing"

	"example.com/session-workshop/check/redistest"
)

func TestRoundTripsOnTheWire(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		wire := redistest.OpenWire(t, server.Addr)
		// The panel sends its own commands beside those of the lesson.
		app := start(t, step, "redis://"+wire.Addr, "UNDER_THE_HOOD=off")
		p := loggedIn(t, app)
		p.Visits()
		// Only step 4 keeps the login in Redis.
		once, twice := int64(0), int64(0)
		if step == "step4-store" {
			once, twice = 1, 2
		}
		for _, c := range []struct {
			name string
			want int64
			do   func()
		}{
			{"a visit", 1, func() { p.Visits() }},
			{"a visit without a cookie", 0, func() { visitor(t, app).visit() }},
			{"the login form", 0, func() { p.Get("/login") }},
			{"a page that is not there", 0, func() { p.Get("/nowhere") }},
			{"a logout", once, func() { p.Logout() }},
			{"a visit after logout", 0, func() { p.visit() }},
			{"a first login", once, func() { p.Login("bbb") }},
			{"a login that ends another session", twice, func() { p.Login("bbb") }},
		} {
			if got := wire.During(c.do); got != c.want {
				t.Errorf("%s took %d round trips, want %d", c.name, got, c.want)
			}
		}
	})
}

func TestALostReplyCountsOneVisit(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		wire := redistest.OpenWire(t, server.Addr)
		p := loggedIn(t, start(t, step, "redis://"+wire.Addr))
		p.Visits()
		wire.Lose(1)
		p.mustSeeOutage()
		if n := stored(t, server.Client); n != 2 {
			t.Errorf("one visit whose reply was lost: Redis counts %d, want 2", n)
		}
		if n := p.Visits(); n != 3 {
			t.Errorf("the next visit: %d, want 3", n)
		}
	})
}
