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

	"example.com/session-workshop/shared/system"
)

// usual is how much a client may take, whatever it does. A visitor on a slow
// line needs a second or two.
var usual = struct {
	headers, request, answer, idle, stop time.Duration
	connections                          int
}{
	headers: 5 * time.Second,
	// Headers and body together.
	request: 10 * time.Second,
	// From the end of the headers until the client has taken the answer.
	answer: 15 * time.Second,
	idle:   2 * time.Minute,
	// How long requests in flight may take to finish after a signal.
	stop:        5 * time.Second,
	connections: system.Connections(),
}

// maxBytes bounds the headers of a request, and its body.
const maxBytes = 64 << 10

// Serve answers with handler on listener until ctx ends, and lets requests in
// flight finish. A client that is slow to send a request or to take an answer is
// cut off; if there are too many connections, the one that has waited longest
// for a request. The error says that it cannot serve, or that the app took longer
// than five seconds for some of the last requests, which were cut off.
func Serve(ctx context.Context, handler http.Handler, listener net.Listener) error {
	if e, ok := handler.(*echo.Echo); ok {
		answerHEAD(e)
	}
	open := guests{since: map[net.Conn]time.Time{}, most: usual.connections}
	server := &http.Server{
		Handler: handler, MaxHeaderBytes: maxBytes, ConnContext: open.enter, ConnState: open.note,
		ReadHeaderTimeout: usual.headers, ReadTimeout: usual.request, WriteTimeout: usual.answer, IdleTimeout: usual.idle,
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

// Receive reads the whole body of a request, before anything is done for it.
// From then on the connection is not closed to make room, nor at the end. The
// error is an *echo.HTTPError: 408 if the body did not come in time, 413 if it
// has more than 64 KB.
func Receive(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return echo.ErrStatusRequestEntityTooLarge
	}
	if err != nil {
		return echo.NewHTTPError(http.StatusRequestTimeout).SetInternal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if serve, ok := r.Context().Value(serveKey{}).(func()); ok {
		serve()
	}
	return nil
}

type serveKey struct{}

// guests are the open connections of a server.
type guests struct {
	mutex sync.Mutex
	// since is when each began to wait for a request. It is zero while a request
	// that has come is served.
	since map[net.Conn]time.Time
	most  int
}

func (g *guests) enter(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, serveKey{}, func() {
		g.mutex.Lock()
		defer g.mutex.Unlock()
		g.since[conn] = time.Time{}
	})
}

func (g *guests) note(conn net.Conn, state http.ConnState) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	switch state {
	case http.StateNew, http.StateIdle:
		g.since[conn] = time.Now()
		if len(g.since) > g.most {
			g.closeOne(conn)
		}
	case http.StateClosed:
		delete(g.since, conn)
	}
}

// closeOne closes what has waited longest: the newest if all others are served.
func (g *guests) closeOne(newest net.Conn) {
	longest := newest
	for conn, since := range g.since {
		if !since.IsZero() && since.Before(g.since[longest]) {
			longest = conn
		}
	}
	g.close(longest)
}

func (g *guests) close(conn net.Conn) {
	conn.Close()
	delete(g.since, conn)
}

// leave closes what waits: browsers open some connections in advance, and
// Shutdown would wait for them. What is served has some time to take its answer.
func (g *guests) leave() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.most = 0
	for conn, since := range g.since {
		if since.IsZero() {
			// Nothing is lost on a connection that is closed already.
			_ = conn.SetWriteDeadline(time.Now().Add(usual.stop / 2))
		} else {
			g.close(conn)
		}
	}
}
