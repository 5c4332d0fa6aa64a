// Package wire stands between an app and Redis: it counts round trips, adds the
// delay of a network, keeps a request or a reply back, and loses either.
//
// A request is what was sent after the answer to what was sent before, on any
// connection: commands that go together are one. Methods that take a number n
// mean the n-th request from now; 1 is the next one.
package wire

import (
	"io"
	"net"
	"sync"
	"time"
)

// Wire passes TCP connections on.
type Wire struct {
	// Addr is host:port to connect to, in place of the server.
	Addr string

	listener net.Listener
	delay    time.Duration
	closed   chan struct{}

	mu       sync.Mutex
	server   string
	ended    bool
	conns    map[net.Conn]bool // those that are open
	accepted int64
	requests int64
	// faults are what becomes of requests, by their number.
	faults map[int64]fault
}

// fault is what becomes of one request.
type fault struct {
	// request and reply are what is kept back; nil for neither.
	request, reply *Held
	// cut loses the request, lost the reply.
	cut, lost bool
}

// Open makes a wire to a server. Each request to it takes delay longer.
func Open(server string, delay time.Duration) (*Wire, error) {
	return open("127.0.0.1:0", server, delay)
}

// Listen makes a wire that begins at addr, host:port, and ends nowhere before
// Lead: connections are closed at once.
func Listen(addr string) (*Wire, error) { return open(addr, "", 0) }

func open(addr, server string, delay time.Duration) (*Wire, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	w := &Wire{
		Addr: l.Addr().String(), listener: l, server: server, delay: delay,
		closed: make(chan struct{}), conns: map[net.Conn]bool{}, faults: map[int64]fault{},
	}
	go w.accept()
	return w, nil
}

// Lead makes the wire lead to another server. As with a name in DNS, only new
// connections see that: an open one stays where it is.
func (w *Wire) Lead(server string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server = server
}

func (w *Wire) leadsTo() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.server
}

// RoundTrips is how many requests there have been.
func (w *Wire) RoundTrips() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

// During is how many round trips do takes.
func (w *Wire) During(do func()) int64 {
	before := w.RoundTrips()
	do()
	return w.RoundTrips() - before
}

// Connections is how many connections have been made.
func (w *Wire) Connections() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.accepted
}

// Lose ends the connection of the n-th request in place of its reply.
func (w *Wire) Lose(n int) { w.plan(n, func(f *fault) { f.lost = true }) }

// Cut ends the connection of the n-th request in place of sending it on: Redis
// never gets it.
func (w *Wire) Cut(n int) { w.plan(n, func(f *fault) { f.cut = true }) }

// Hold keeps the n-th request back: Redis does not get it until it is released.
func (w *Wire) Hold(n int) *Held {
	h := newHeld()
	w.plan(n, func(f *fault) { f.request = h })
	return h
}

// HoldReply keeps the reply to the n-th request back: Redis has done it, and
// the app does not hear of it until the reply is released.
func (w *Wire) HoldReply(n int) *Held {
	h := newHeld()
	w.plan(n, func(f *fault) { f.reply = h })
	return h
}

func (w *Wire) plan(n int, change func(*fault)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	number := w.requests + int64(n)
	f := w.faults[number]
	change(&f)
	w.faults[number] = f
}

// Close ends the wire and all connections on it.
func (w *Wire) Close() {
	w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	w.ended = true
	close(w.closed)
	for conn := range w.conns {
		conn.Close()
	}
}

func (w *Wire) accept() {
	for {
		app, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.leadsTo())
		if err != nil {
			app.Close()
			continue
		}
		w.keep(app, server)
		// A connection begins as if answered: the first request is one.
		c := &connection{wire: w, app: app, server: server, answered: true}
		go c.requests()
		go c.replies()
	}
}

func (w *Wire) keep(app, server net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.accepted++
	w.conns[app], w.conns[server] = true, true
	if w.ended {
		// Close came in between.
		app.Close()
		server.Close()
	}
}

// connection is one of the app. The wire's mu guards what it knows.
type connection struct {
	wire        *Wire
	app, server net.Conn
	answered    bool
	// fault is what becomes of the request under way.
	fault fault
}

func (c *connection) requests() {
	defer c.close(c.server)
	send := io.Writer(c.server)
	if c.wire.delay > 0 {
		later := newLater(c.server, c.wire.delay)
		defer later.close()
		send = later
	}
	pass(c.app, send, func() (lost bool) {
		f := c.asked()
		f.request.wait(c.wire)
		return f.cut
	})
}

func (c *connection) replies() {
	defer c.close(c.app)
	pass(c.server, c.app, func() (lost bool) {
		f := c.replied()
		f.reply.wait(c.wire)
		return f.lost
	})
}

func (c *connection) close(conn net.Conn) {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	conn.Close()
	delete(c.wire.conns, conn)
}

// asked is called when the app has sent something. It returns what becomes of
// that.
func (c *connection) asked() fault {
	w := c.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	if !c.answered {
		return fault{}
	}
	c.answered = false
	w.requests++
	c.fault = w.faults[w.requests]
	delete(w.faults, w.requests)
	return c.fault
}

// replied is called when the server has sent something.
func (c *connection) replied() fault {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	c.answered = true
	f := c.fault
	c.fault = fault{}
	return f
}

// pass passes on what comes, until it is lost or a connection ends.
func pass(from io.Reader, to io.Writer, seen func() (lost bool)) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if seen() {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
