// Package localredis runs a Redis on this machine: a real server if one is
// installed, so that every command works, or else an embedded one.
package localredis

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn"
)

// Ask reports whether a Redis for the workshop answers at addr. It returns
// false if nothing listens there, and an error if it is anything else.
func Ask(ctx context.Context, addr string) (bool, error) {
	connection, err := net.DialTimeout("tcp", addr, time.Second)
	if redisconn.Refused(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	connection.Close()
	client, err := redisconn.Open(ctx, config.Config{RedisURL: "redis://" + addr})
	if err != nil {
		// The outer error names REDIS_URL, which the user has not set.
		return false, errors.Unwrap(err)
	}
	return true, client.Close()
}

// Server is a Redis that keeps everything in memory.
type Server struct {
	// Addr is host:port.
	Addr string
	// Name describes the server, for example "the embedded one".
	Name lang.Text
	// Ended is closed if the server ends before Close. It is nil for an
	// embedded one.
	Ended <-chan struct{}
	// Close ends the server.
	Close func()
}

// Start starts the redis-server or valkey-server of this machine on addr. It
// starts an embedded Redis if neither is installed, or if the port is 0.
func Start(addr string) (*Server, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if _, err := redisserver.Find(); err == nil && port != "0" {
		return startReal(addr, port)
	}
	started, err := embedded.Start(addr)
	if err != nil {
		return nil, err
	}
	return &Server{Addr: started.Addr(), Name: lang.T("the embedded one", "組み込みのもの"), Close: started.Close}, nil
}

// startReal starts a server that listens on loopback only and writes nothing to
// disk.
func startReal(addr, port string) (*Server, error) {
	dir, err := os.MkdirTemp("", "session-workshop-redis-")
	if err != nil {
		return nil, err
	}
	started, err := redisserver.Start(dir, &redis.Options{Addr: addr, DisableIdentity: true}, "--port", port)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Server{
		Addr: addr, Name: lang.T("the %s of this machine", "このマシンの %s", started.Name()), Ended: started.Done(),
		Close: func() {
			started.Kill()
			os.RemoveAll(dir)
		},
	}, nil
}
