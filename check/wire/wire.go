// Package wire is a proxy between an app and Redis. It counts round trips, adds
// the delay of a network, and holds or loses a request or a reply.
//
// A request is everything that the app sends on a connection before the next
// reply: commands that are sent together are one request. The number n of a
// method means the n-th request from now, on any connection; 1 is the next one.
package wire

import (
	"io"
	"net"
	"sync"
	"time"
)

// Wire is a TCP proxy.
type Wire struct {
	// Addr is host:port to connect to, in place of the server.
	Addr string

	listener net.Listener
	delay    time.Duration
	closed   chan struct{}

	mu       sync.Mutex
	server   string
	ended    bool
	conns    map[net.Conn]bool // the open connections
	accepted int64
	requests int64
	// faults holds what the wire does to requests, by their number.
	faults map[int64]fault
}

// fault is what the wire does to one request.
type fault struct {
	// request and reply hold the request or its reply, if not nil.
	request, reply *Held
	// cut loses the request, lost loses the reply.
	cut, lost bool
}

// Open starts a wire to server, host:port. Each request takes delay longer.
func Open(server string, delay time.Duration) (*Wire, error) {
	return open("127.0.0.1:0", server, delay)
}

// Listen starts a wire that listens on addr, host:port. It closes each connection
// at once until Lead names a server.
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

// Lead makes the wire lead to another server. As after a change in DNS, only new
// connections go there: an open one stays where it is.
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

// RoundTrips returns how many requests there have been.
func (w *Wire) RoundTrips() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

// During returns how many round trips do takes.
func (w *Wire) During(do func()) int64 {
	before := w.RoundTrips()
	do()
	return w.RoundTrips() - before
}

// Connections returns how many connections there have been.
func (w *Wire) Connections() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.accepted
}

// Lose closes the connection of the n-th request in place of its reply.
func (w *Wire) Lose(n int) { w.plan(n, func(f *fault) { f.lost = true }) }

// Cut closes the connection of the n-th request in place of sending it on: Redis
// never gets it.
func (w *Wire) Cut(n int) { w.plan(n, func(f *fault) { f.cut = true }) }

// Hold holds the n-th request: Redis does not get it before Release.
func (w *Wire) Hold(n int) *Held {
	h := newHeld()
	w.plan(n, func(f *fault) { f.request = h })
	return h
}

// HoldReply holds the reply to the n-th request: Redis has run it, and the app
// does not get the reply before Release.
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

// Close ends the wire and closes all its connections.
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
		// A new connection counts as answered, so that its first request is counted.
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

// connection is a connection of the app. The wire's mu guards answered and fault.
type connection struct {
	wire        *Wire
	app, server net.Conn
	answered    bool
	// fault is what the wire does to the request under way.
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

// asked is called when the app has sent something. It returns what the wire does
// to that.
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

// pass copies bytes until seen reports that they are lost, or a connection ends.
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
