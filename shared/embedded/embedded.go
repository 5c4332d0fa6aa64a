// Package embedded is a Redis inside this process: it needs nothing installed,
// and it forgets everything when it is closed.
package embedded

import (
	"fmt"
	"net"
	"strings"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// Redis is one embedded server.
type Redis struct {
	server   *miniredis.Miniredis
	listener net.Listener
	accepted chan struct{} // closed when no connection is accepted any more
}

// Start starts a server that listens on addr, "127.0.0.1:6379" or, on any free
// port, "127.0.0.1:0". The error says that the address is not available.
func Start(addr string) (*Redis, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("an embedded Redis cannot listen on %s: %w", addr, err)
	}
	m := miniredis.NewMiniRedis()
	// Without this, its keys would keep their TTL for ever.
	m.ClockTTL(true)
	// The first connection starts the server. It gets its hook before any other
	// connection, because we accept them.
	first, err := m.Dial()
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("an embedded Redis cannot be started: %w", err)
	}
	first.Close()
	m.Server().SetPreHook(refuse)
	r := &Redis{server: m, listener: listener, accepted: make(chan struct{})}
	go r.accept()
	return r, nil
}

func (r *Redis) accept() {
	defer close(r.accepted)
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.server.Server().ServeConn(conn)
	}
}

// Addr is where it listens, host:port.
func (r *Redis) Addr() string { return r.listener.Addr().String() }

// Close ends it and every connection to it.
func (r *Redis) Close() {
	r.listener.Close()
	<-r.accepted
	r.server.Close()
}

// refuse answers for commands that miniredis would answer wrongly, with what a
// Redis says that does not know them.
func refuse(c *server.Peer, command string, args ...string) bool {
	switch {
	// The interactive redis-cli asks this when it starts, and aborts on the
	// answer that miniredis has for every form of COMMAND. On an error it uses
	// the help texts that it carries with it.
	case command == "COMMAND" && len(args) > 0 && strings.EqualFold(args[0], "DOCS"):
		c.WriteError("ERR unknown subcommand 'DOCS'. Try COMMAND HELP.")
	// The answer would name an address on which no server listens.
	case command == "CLUSTER":
		c.WriteError("ERR This instance has cluster support disabled")
	default:
		return false
	}
	return true
}
