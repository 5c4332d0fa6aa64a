package faults

import (
	"errors"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"example.com/session-workshop/check/redistest"
)

// counter is a proxy that counts round trips: how often the app spoke after
// Redis had, or after silence. What a client library does by itself, like
// trying again, is seen here and nowhere else.
type counter struct {
	url    string
	trips  atomic.Int64
	target string
	// loseNext makes it drop the next reply, and the connection with it.
	loseNext atomic.Bool
}

func countTrips(t *testing.T, target string) *counter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	c := &counter{url: "redis://" + listener.Addr().String(), target: target}
	go func() {
		for {
			app, err := listener.Accept()
			if err != nil {
				return
			}
			go c.carry(app)
		}
	}()
	return c
}

func (c *counter) carry(app net.Conn) {
	defer app.Close()
	server, err := net.Dial("tcp", c.target)
	if err != nil {
		return
	}
	defer server.Close()
	var asked atomic.Bool
	go func() {
		defer app.Close()
		io.Copy(app, onRead{server, func() error {
			asked.Store(false)
			if c.loseNext.CompareAndSwap(true, false) {
				return errLost
			}
			return nil
		}})
	}()
	io.Copy(server, onRead{app, func() error {
		if !asked.Swap(true) {
			c.trips.Add(1)
		}
		return nil
	}})
}

var errLost = errors.New("this reply is lost")

// onRead calls seen whenever something was read. Where seen returns an error,
// what was read is lost.
type onRead struct {
	io.Reader
	seen func() error
}

func (r onRead) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		if lost := r.seen(); lost != nil {
			return 0, lost
		}
	}
	return n, err
}

// during returns the round trips that do takes.
func (c *counter) during(do func()) int64 {
	before := c.trips.Load()
	do()
	return c.trips.Load() - before
}

func TestRoundTripsOnTheWire(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		wire := countTrips(t, server.Addr)
		// The panel looks for itself, beside what the lesson asks.
		app := start(t, step, wire.url, "UNDER_THE_HOOD=off")
		p := loggedIn(t, app)
		p.visits()
		// Only step 4 has the login itself in Redis.
		once, twice := int64(0), int64(0)
		if step == "step4-store" {
			once, twice = 1, 2
		}
		for _, c := range []struct {
			name string
			want int64
			do   func()
		}{
			{"a visit", 1, func() { p.visits() }},
			{"a visit without a cookie", 0, func() { visitor(t, app).visit() }},
			{"the login form", 0, func() { get(t, p, "/login") }},
			{"a page that is not there", 0, func() { get(t, p, "/nowhere") }},
			{"a logout", once, func() { p.client.PostForm(p.url+"/logout", url.Values{}) }},
			{"a visit after logout", 0, func() { p.visit() }},
			{"a first login", once, func() { p.login("bbb") }},
			{"a login that ends another session", twice, func() { p.login("bbb") }},
		} {
			if got := wire.during(c.do); got != c.want {
				t.Errorf("%s took %d round trips, want %d", c.name, got, c.want)
			}
		}
	})
}

func get(t *testing.T, p *person, path string) {
	t.Helper()
	response, err := p.client.Get(p.url + path)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}

func TestALostReplyCountsOneVisit(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		wire := countTrips(t, server.Addr)
		p := loggedIn(t, start(t, step, wire.url))
		p.visits()
		wire.loseNext.Store(true)
		p.mustSeeOutage()
		if n := stored(t, server.Client); n != 2 {
			t.Errorf("one visit whose reply was lost: Redis counts %d, want 2", n)
		}
		if n := p.visits(); n != 3 {
			t.Errorf("the next visit: %d, want 3", n)
		}
	})
}
