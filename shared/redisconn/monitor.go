package redisconn

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2/server"
)

// monitor teaches the embedded server the command MONITOR, which shows every
// command that arrives (https://redis.io/docs/latest/commands/monitor/). Other
// than in Redis, a command between MULTI and EXEC is shown when it arrives,
// not when it runs; the order is the same.
type monitor struct {
	knows func(command string) bool

	mu       sync.Mutex
	arriving map[string]net.Conn // by address: not yet known to the server
	clients  map[*server.Peer]*client
	watchers []*client
	scriptDB int // of the client that ran a script last
}

// client is somebody who is connected.
type client struct {
	conn net.Conn
	db   int
	// lines are what a client that sent MONITOR is still to be told.
	lines chan string
}

// backlog is how many lines a slow reader of MONITOR may be behind. Redis, too,
// has such a limit, and hangs up on those who reach it.
const backlog = 10_000

// hello is the command by which announce begins a connection. It is of no use
// to anybody else: no address arrives twice.
const hello = "WORKSHOP.ARRIVES"

func newMonitor(knows func(command string) bool) *monitor {
	return &monitor{knows: knows, arriving: map[string]net.Conn{}, clients: map[*server.Peer]*client{}}
}

// announce returns a connection whose first command tells where it comes from,
// as the PROXY protocol does: the server itself tells its hook nothing that
// would lead from a command to a connection.
func (m *monitor) announce(conn net.Conn) net.Conn {
	addr := conn.RemoteAddr().String()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.arriving[addr] = conn
	command := fmt.Sprintf("*2\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(hello), hello, len(addr), addr)
	return announced{conn, io.MultiReader(strings.NewReader(command), conn)}
}

type announced struct {
	net.Conn
	all io.Reader
}

func (a announced) Read(p []byte) (int, error) { return a.all.Read(p) }

// hook sees every command before it runs, and tells whether it was one of its
// own. It never waits for anybody who watches.
func (m *monitor) hook(peer *server.Peer, command string, args []string) (done bool) {
	if command == "MONITOR" {
		// Written before the first line can be, and without the lock: a client
		// that does not read may keep this waiting.
		peer.WriteOK()
		m.watch(peer)
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.clients[peer]
	// Who is not known yet is new, or is a script that calls a command.
	if c == nil && command == hello {
		return m.arrive(peer, args)
	}
	if !m.knows(command) {
		return false
	}
	m.follow(c, command, args)
	if len(m.watchers) > 0 {
		m.tell(m.line(c, command, args))
	}
	return false
}

func (m *monitor) arrive(peer *server.Peer, args []string) (done bool) {
	if len(args) != 1 || m.arriving[args[0]] == nil {
		return false
	}
	m.clients[peer] = &client{conn: m.arriving[args[0]]}
	delete(m.arriving, args[0])
	peer.OnDisconnect(func() { m.leave(peer) })
	return true
}

func (m *monitor) leave(peer *server.Peer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.clients[peer]
	delete(m.clients, peer)
	if c.lines != nil {
		m.watchers = slices.DeleteFunc(m.watchers, func(w *client) bool { return w == c })
		close(c.lines)
	}
}

func (m *monitor) watch(peer *server.Peer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.clients[peer]
	if c == nil || c.lines != nil {
		return
	}
	c.lines = make(chan string, backlog)
	m.watchers = append(m.watchers, c)
	go func() {
		for line := range c.lines {
			peer.WriteInline(line)
			peer.Flush()
		}
	}()
}

// follow keeps track of the database that a client has selected, which every
// line begins with.
func (m *monitor) follow(c *client, command string, args []string) {
	if c == nil {
		return
	}
	switch command {
	case "SELECT":
		if len(args) == 1 {
			if db, err := strconv.Atoi(args[0]); err == nil && db >= 0 {
				c.db = db
			}
		}
	case "EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO":
		m.scriptDB = c.db
	}
}

func (m *monitor) tell(line string) {
	for _, w := range m.watchers {
		select {
		case w.lines <- line:
		default:
			// It is too slow. It sees the end of the connection, not a gap.
			w.conn.Close()
		}
	}
}

// line is a command in the form in which Redis shows it.
func (m *monitor) line(c *client, command string, args []string) string {
	db, from := m.scriptDB, "lua"
	if c != nil {
		db, from = c.db, c.conn.RemoteAddr().String()
	}
	now := time.Now()
	var b strings.Builder
	fmt.Fprintf(&b, "%d.%06d [%d %s] %s", now.Unix(), now.Nanosecond()/1000, db, from, Quote(strings.ToLower(command)))
	for _, arg := range withoutSecrets(command, args) {
		b.WriteString(" " + Quote(arg))
	}
	return b.String()
}

// withoutSecrets hides what Redis hides: the arguments of AUTH, which is a
// command, and an option of HELLO.
func withoutSecrets(command string, args []string) []string {
	shown := slices.Clone(args)
	switch command {
	case "AUTH":
		hide(shown)
	case "HELLO":
		for i := 0; i < len(args); i++ {
			switch strings.ToUpper(args[i]) {
			// A client may have the name AUTH.
			case "SETNAME":
				i++
			case "AUTH":
				hide(shown[i+1 : min(i+3, len(args))])
				i += 2
			}
		}
	}
	return shown
}

func hide(args []string) {
	for i := range args {
		args[i] = "(redacted)"
	}
}

// Quote puts text in quotes as Redis itself does in MONITOR, and redis-cli in
// its answers: whatever is not a printable ASCII character is escaped.
func Quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(text) {
		if short := strings.IndexByte("\\\"\n\r\t\a\b", c); short >= 0 {
			b.WriteString(`\` + `\"nrtab`[short:short+1])
		} else if c >= ' ' && c <= '~' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
