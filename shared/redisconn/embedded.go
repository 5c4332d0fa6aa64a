package redisconn

import (
	"fmt"
	"net"
	"strings"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// Embedded is a Redis inside this process: it needs nothing installed, and it
// forgets everything when it is closed.
type Embedded struct {
	server   *miniredis.Miniredis
	listener net.Listener
	accepted chan struct{} // closed when nobody is accepted any more
}

// StartEmbedded starts one that listens on addr, "127.0.0.1:6379" or, on any
// free port, "127.0.0.1:0". The error says that the address cannot be had.
func StartEmbedded(addr string) (*Embedded, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("an embedded Redis cannot listen on %s: %w", addr, err)
	}
	m, err := newMiniredis()
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("an embedded Redis cannot be started: %w", err)
	}
	e := &Embedded{server: m, listener: listener, accepted: make(chan struct{})}
	monitor := newMonitor(m.Server().IsRegisteredCommand)
	m.Server().SetPreHook(func(c *server.Peer, command string, args ...string) bool {
		return monitor.hook(c, command, args) || refuse(c, command, args)
	})
	go e.accept(m.Server(), monitor)
	return e, nil
}

// newMiniredis starts a server that listens nowhere: only whoever accepts the
// connections knows from where they come, which MONITOR shows.
func newMiniredis() (*miniredis.Miniredis, error) {
	m := miniredis.NewMiniRedis()
	// Without this, its keys would keep their TTL for ever.
	m.ClockTTL(true)
	// The first connection starts it, and nothing else does without a port.
	first, err := m.Dial()
	if err != nil {
		return nil, err
	}
	return m, first.Close()
}

func (e *Embedded) accept(s *server.Server, monitor *monitor) {
	defer close(e.accepted)
	for {
		conn, err := e.listener.Accept()
		if err != nil {
			return
		}
		s.ServeConn(monitor.announce(conn))
	}
}

// Addr is where it listens, host:port.
func (e *Embedded) Addr() string { return e.listener.Addr().String() }

// Close ends it and every connection to it.
func (e *Embedded) Close() {
	e.listener.Close()
	<-e.accepted
	e.server.Close()
}

// refuse answers for commands that miniredis would answer wrongly, with what a
// Redis says that does not know them.
func refuse(c *server.Peer, command string, args []string) bool {
	switch {
	// The interactive redis-cli asks this when it starts, and aborts on the
	// answer that miniredis has for every form of COMMAND. On an error it uses
	// the help texts that it carries with it.
	case command == "COMMAND" && len(args) > 0 && strings.EqualFold(args[0], "DOCS"):
		c.WriteError("ERR unknown subcommand 'DOCS'. Try COMMAND HELP.")
	// The answer would name an address on which nobody listens.
	case command == "CLUSTER":
		c.WriteError("ERR This instance has cluster support disabled")
	default:
		return false
	}
	return true
}
