// Package wire stands between an app and Redis: it counts round trips, or adds
// the delay of a network.
package wire

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Wire passes TCP connections on.
type Wire struct {
	// Addr is host:port to connect to, in place of the server.
	Addr string

	listener   net.Listener
	server     string
	delay      time.Duration
	roundTrips atomic.Int64

	mu    sync.Mutex
	conns []net.Conn
}

// Open makes a wire to a server. Each request to it takes delay longer.
func Open(server string, delay time.Duration) (*Wire, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &Wire{Addr: l.Addr().String(), listener: l, server: server, delay: delay}
	go w.accept()
	return w, nil
}

// RoundTrips is how often, on any connection, something was sent after the
// answer to what was sent before. Commands that go together are one.
func (w *Wire) RoundTrips() int64 { return w.roundTrips.Load() }

// Close ends the wire and all connections on it.
func (w *Wire) Close() {
	w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range w.conns {
		conn.Close()
	}
}

func (w *Wire) accept() {
	for {
		app, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.server)
		if err != nil {
			app.Close()
			continue
		}
		w.mu.Lock()
		w.conns = append(w.conns, app, server)
		w.mu.Unlock()
		// A connection begins as if answered: the first request is one.
		answered := new(atomic.Bool)
		answered.Store(true)
		go w.requests(app, server, answered)
		go w.answers(server, app, answered)
	}
}

func (w *Wire) requests(app, server net.Conn, answered *atomic.Bool) {
	defer server.Close()
	send := io.Writer(server)
	if w.delay > 0 {
		later := newLater(server, w.delay)
		defer later.close()
		send = later
	}
	pass(app, send, func() {
		if answered.Swap(false) {
			w.roundTrips.Add(1)
		}
	})
}

func (w *Wire) answers(server, app net.Conn, answered *atomic.Bool) {
	defer app.Close()
	pass(server, app, func() { answered.Store(true) })
}

func pass(from io.Reader, to io.Writer, seen func()) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			seen()
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// later writes everything a delay after it got it, as a long cable would: what
// comes meanwhile is under way at the same time.
type later struct {
	delay time.Duration
	queue chan parcel
}

type parcel struct {
	due  time.Time
	data []byte
}

func newLater(to io.Writer, delay time.Duration) *later {
	l := &later{delay, make(chan parcel, 1024)}
	go func() {
		for p := range l.queue {
			time.Sleep(time.Until(p.due))
			// A write that fails ends the connection, which its reader sees.
			_, _ = to.Write(p.data)
		}
	}()
	return l
}

func (l *later) Write(data []byte) (int, error) {
	l.queue <- parcel{time.Now().Add(l.delay), append([]byte(nil), data...)}
	return len(data), nil
}

func (l *later) close() { close(l.queue) }
