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

// limits bound each client. A visitor with a slow connection needs a second or two.
var limits = struct {
	headers, request, answer, idle, stop time.Duration
	connections                          int
}{
	headers: 5 * time.Second,
	// Headers and body together.
	request: 10 * time.Second,
	// From the end of the headers until the client has read the answer.
	answer: 15 * time.Second,
	idle:   2 * time.Minute,
	// For requests in flight, after a signal.
	stop:        5 * time.Second,
	connections: system.Connections(),
}

// maxBytes is the limit for the headers of a request, and for its body.
const maxBytes = 64 << 10

// Serve serves handler on listener until ctx ends and requests in flight have
// finished. It cuts off a client that is too slow to send a request or to read the
// answer and, if there are too many connections, the one that has waited longest for
// a request. The error is that of the listener, or says that requests were cut off
// because they had not finished five seconds after the end of ctx.
func Serve(ctx context.Context, handler http.Handler, listener net.Listener) error {
	if e, ok := handler.(*echo.Echo); ok {
		answerHEAD(e)
	}
	open := connections{since: map[net.Conn]time.Time{}, limit: limits.connections, stop: limits.stop}
	server := &http.Server{
		Handler: handler, MaxHeaderBytes: maxBytes, ConnContext: open.withReceived, ConnState: open.stateChanged,
		ReadHeaderTimeout: limits.headers, ReadTimeout: limits.request, WriteTimeout: limits.answer, IdleTimeout: limits.idle,
	}
	server.RegisterOnShutdown(open.closeWaiting)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.Background(), limits.stop)
	defer cancel()
	if err := server.Shutdown(finish); err != nil {
		server.Close()
		return fmt.Errorf("some requests had not finished after %v and were cut off", limits.stop)
	}
	return nil
}

// Receive reads the whole body of a request into memory. A handler calls it first;
// from then on Serve does not close the connection to make room, nor when it ends.
// The error is an *echo.HTTPError: 408 if the body did not arrive in time, 413 if it
// has more than 64 KiB.
func Receive(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return echo.ErrStatusRequestEntityTooLarge
	}
	if err != nil {
		return echo.NewHTTPError(http.StatusRequestTimeout).SetInternal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if received, ok := r.Context().Value(receivedKey{}).(func()); ok {
		received()
	}
	return nil
}

type receivedKey struct{}

// connections are the open connections of a server.
type connections struct {
	mutex sync.Mutex
	// since is when each connection began to wait for a request. It is zero from the
	// time a request is received until it is answered.
	since map[net.Conn]time.Time
	// limit is how many connections may be open.
	limit int
	// stop is how long requests in flight may take after a signal.
	stop time.Duration
}

// withReceived gives the requests of conn the function that Receive calls.
func (c *connections) withReceived(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, receivedKey{}, func() {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.since[conn] = time.Time{}
	})
}

func (c *connections) stateChanged(conn net.Conn, state http.ConnState) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	switch state {
	case http.StateNew, http.StateIdle:
		c.since[conn] = time.Now()
		if len(c.since) > c.limit {
			c.closeLongestWaiting(conn)
		}
	case http.StateClosed:
		delete(c.since, conn)
	}
}

// closeLongestWaiting closes the newest connection if no other waits for a request.
func (c *connections) closeLongestWaiting(newest net.Conn) {
	longest := newest
	for conn, since := range c.since {
		if !since.IsZero() && since.Before(c.since[longest]) {
			longest = conn
		}
	}
	c.close(longest)
}

func (c *connections) close(conn net.Conn) {
	conn.Close()
	delete(c.since, conn)
}

// closeWaiting closes the connections that wait for a request, because Shutdown would
// wait for those that a browser opens in advance. The other clients have some time to
// read their answers.
func (c *connections) closeWaiting() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.limit = 0
	for conn, since := range c.since {
		if since.IsZero() {
			// It fails only if the connection is closed already.
			_ = conn.SetWriteDeadline(time.Now().Add(c.stop / 2))
		} else {
			c.close(conn)
		}
	}
}
