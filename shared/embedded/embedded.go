// Package embedded is a Redis inside this process: it needs nothing installed,
// and it forgets everything when it is closed.
package embedded

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"example.com/session-workshop/shared/system"
)

// Redis is one embedded server.
type Redis struct {
	redis *miniredis.Miniredis
	// server is that of redis, which forgets it on Close while commands still run.
	server   *server.Server
	listener net.Listener
	accepted chan struct{} // closed when no connection is accepted any more
	// guarded tells of each client, a *server.Peer, whether its command runs.
	guarded sync.Map
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
	r := &Redis{redis: m, server: m.Server(), listener: listener, accepted: make(chan struct{})}
	r.server.SetPreHook(r.guard)
	go r.accept()
	return r, nil
}

func (r *Redis) accept() {
	defer close(r.accepted)
	for {
		conn, err := r.listener.Accept()
		switch {
		case err == nil && r.server.ClientsLen() >= system.Connections():
			_, _ = io.WriteString(conn, "-ERR max number of clients reached\r\n")
			conn.Close()
		case err == nil:
			r.server.ServeConn(&door{Conn: conn, in: bufio.NewReader(conn)})
		case errors.Is(err, net.ErrClosed):
			return
		default:
			// Too many files are open. Some will be closed.
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// Addr is where it listens, host:port.
func (r *Redis) Addr() string { return r.listener.Addr().String() }

// Close ends it and every connection to it. It does not wait for a script that
// has no end.
func (r *Redis) Close() {
	r.listener.Close()
	<-r.accepted
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.redis.Close()
	}()
	select {
	case <-ended:
	case <-time.After(time.Second):
	}
}

// guard runs a command so that a mistake in miniredis is an error of that command
// alone, and not the end of this process. It returns false for a command that is
// guarded already: this very one, and those of a script, whose client is not new
// when it is first seen.
func (r *Redis) guard(c *server.Peer, command string, args ...string) (done bool) {
	running, seen := r.guarded.Load(c)
	switch {
	case refuse(c, command, args...):
		return true
	case running == true, !seen && c.Ctx != nil:
		return false
	case !seen:
		c.OnDisconnect(func() { r.guarded.Delete(c) })
	}
	r.guarded.Store(c, true)
	defer func() {
		r.guarded.Store(c, false)
		if problem := recover(); problem != nil {
			done = true
			// This function of miniredis holds its lock, and does not defer the unlock.
			if strings.Contains(string(debug.Stack()), "miniredis/v2.withTx(") {
				r.redis.Unlock()
			}
			c.WriteError(fmt.Sprintf("ERR the embedded Redis cannot do this: %v", problem))
		}
	}()
	r.server.Dispatch(c, append([]string{command}, args...))
	return true
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
	// Their answer, or their value, is as large as the number says.
	case sized[command] && slices.ContainsFunc(args, isHuge):
		c.WriteError("ERR value is out of range")
	default:
		return false
	}
	return true
}

var sized = map[string]bool{"BITFIELD": true, "HRANDFIELD": true, "SETBIT": true, "SETRANGE": true, "SRANDMEMBER": true, "ZRANDMEMBER": true}

func isHuge(arg string) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(arg, "#"))
	return errors.Is(err, strconv.ErrRange) || n > maxCommand || n < -maxCommand
}
