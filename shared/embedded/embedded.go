// Package embedded is a Redis inside this process. It needs no installation, and
// loses its data when it is closed.
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
	// server is redis.Server(), which is nil as soon as Close begins, while commands
	// still run.
	server   *server.Server
	listener net.Listener
	accepted chan struct{} // closed when no more connections are accepted
	// guarded has for each client, a *server.Peer, whether a command of it runs.
	guarded sync.Map
}

// Start starts a server that listens on addr, for example "127.0.0.1:6379", or
// "127.0.0.1:0" for any free port. The error says that the address is not available.
func Start(addr string) (*Redis, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("an embedded Redis cannot listen on %s: %w", addr, err)
	}
	m := miniredis.NewMiniRedis()
	// Without this, TTLs do not run down.
	m.ClockTTL(true)
	// Dial starts the server without a listener, so the hook is set before r.accept
	// accepts the first client.
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
			// Too many files are open for now.
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// Addr is host:port, on which r listens.
func (r *Redis) Addr() string { return r.listener.Addr().String() }

// Close ends r and every connection to it. It waits at most a second for a script.
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

// guard runs a command and turns a panic of miniredis into an error of that command:
// otherwise it would end this process. It returns false for a command that is guarded
// already: the one that guard itself dispatches, and the commands of a script, whose
// client has a context when guard first sees it.
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

// refuse answers commands that miniredis would answer wrongly, with the error of a
// Redis that does not support them.
func refuse(c *server.Peer, command string, args ...string) bool {
	switch {
	// The interactive redis-cli sends this when it starts, and aborts on the answer
	// of miniredis. After an error it uses its own help texts.
	case command == "COMMAND" && len(args) > 0 && strings.EqualFold(args[0], "DOCS"):
		c.WriteError("ERR unknown subcommand 'DOCS'. Try COMMAND HELP.")
	// The answer of miniredis names an address on which no server listens.
	case command == "CLUSTER":
		c.WriteError("ERR This instance has cluster support disabled")
	// The number is the size of the answer, or of the value.
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
