package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// usual is how much a client may take, whatever it does. A visitor on a slow
// line needs a second or two.
var usual = struct {
	headers, request, answer, idle, stop time.Duration
	connections                          int
}{
	headers: 5 * time.Second,
	// request is the time for the headers and the body together.
	request: 10 * time.Second,
	// answer is the time to take an answer, from the end of the headers.
	answer: 15 * time.Second,
	idle:   2 * time.Minute,
	// stop is how long requests in flight may take to finish after a signal.
	stop: 5 * time.Second,
	// A request may need a connection to Redis, and if that is embedded, its
	// other end too. The rest is for what every process has open.
	connections: min(2000, (openFiles()-16)/3),
}

// maxBytes bounds the headers of a request, and its body.
const maxBytes = 64 << 10

// Serve answers with handler on listener until ctx ends, and lets requests in
// flight finish. A client that is slow to send a request or to take an answer is
// cut off, and so is the connection that has waited longest for a request if
// there are too many. The error says that it cannot serve, or that the app took
// longer than five seconds for some of the last requests, which were cut off.
func Serve(ctx context.Context, handler http.Handler, listener net.Listener) error {
	if e, ok := handler.(*echo.Echo); ok {
		answerHEAD(e)
	}
	open := guests{all: map[net.Conn]*guest{}}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: usual.headers, ReadTimeout: usual.request, WriteTimeout: usual.answer, IdleTimeout: usual.idle,
		MaxHeaderBytes: maxBytes,
		ConnContext:    open.enter, ConnState: open.note,
	}
	server.RegisterOnShutdown(open.leave)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.Background(), usual.stop)
	defer cancel()
	if err := server.Shutdown(finish); err != nil {
		server.Close()
		return fmt.Errorf("some requests had not finished after %v and were cut off", usual.stop)
	}
	return nil
}

// Receive reads the whole body of a request before anything is done for it.
// From then on the request is in flight: its connection is not closed to make
// room, nor at the end. The error is an *echo.HTTPError, 408 if the body did not
// come in time, or 413 if it has more than 64 KB.
func Receive(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return echo.ErrStatusRequestEntityTooLarge
	}
	if err != nil {
		return echo.NewHTTPError(http.StatusRequestTimeout).SetInternal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if g, ok := r.Context().Value(guestKey{}).(*guest); ok {
		g.serve()
	}
	return nil
}

func receive(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := Receive(c.Response(), c.Request()); err != nil {
			return err
		}
		return next(c)
	}
}

// guests are the open connections of a server.
type guests struct {
	mutex  sync.Mutex
	all    map[net.Conn]*guest
	closed bool
}

// guest is one connection. It waits, since a time, until a whole request has
// come, and again after the answer.
type guest struct {
	home   *guests
	conn   net.Conn
	since  time.Time
	served bool
}

type guestKey struct{}

// enter makes room for a connection, if need be. If all others are served, the
// new one itself has waited longest.
func (g *guests) enter(ctx context.Context, conn net.Conn) context.Context {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	entered := &guest{home: g, conn: conn, since: time.Now()}
	g.all[conn] = entered
	if longest := entered; len(g.all) > usual.connections || g.closed {
		for _, other := range g.all {
			if !other.served && other.since.Before(longest.since) {
				longest = other
			}
		}
		longest.conn.Close()
		delete(g.all, longest.conn)
	}
	return context.WithValue(ctx, guestKey{}, entered)
}

func (g *guest) serve() {
	g.home.mutex.Lock()
	defer g.home.mutex.Unlock()
	g.served = true
}

func (g *guests) note(conn net.Conn, state http.ConnState) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	switch known := g.all[conn]; {
	case state == http.StateClosed:
		delete(g.all, conn)
	case state == http.StateIdle && known != nil:
		known.served, known.since = false, time.Now()
	}
}

// leave closes what waits for a request: browsers open some connections in
// advance, and Shutdown would wait for them. What is served has the half of the
// time to take its answer.
func (g *guests) leave() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.closed = true
	for _, guest := range g.all {
		if guest.served {
			// On a connection that is closed already nothing is lost.
			_ = guest.conn.SetWriteDeadline(time.Now().Add(usual.stop / 2))
		} else {
			guest.conn.Close()
		}
	}
}
