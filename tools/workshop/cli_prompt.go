package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

const promptHelp = `Type a command of Redis: KEYS workshop:*, TYPE key, HGETALL key, TTL key. Words with spaces go in quotes: SET k "two words".
The arrow keys edit the line and bring back earlier ones. QUIT, EXIT or Ctrl+D leaves.
This small prompt belongs to the workshop; it cannot wait for messages (SUBSCRIBE; for MONITOR there is make monitor). The real one: install redis-cli.
`

// prompt is a small redis-cli.
type prompt struct {
	target
	ctx  context.Context
	wire *wire // nil while there is no connection
	// addr is the server that is asked: in a cluster it changes.
	addr string
	db   int
	// inMulti is between MULTI and EXEC.
	inMulti bool
	// people reads the output, and not a program.
	people bool
}

// runPrompt runs the command that the words are, else those that somebody
// types, else those of standard input.
func runPrompt(ctx context.Context, t target, words []string) error {
	p := &prompt{target: t, ctx: ctx, addr: t.Addr, db: t.DB, people: term.IsTerminal(int(os.Stdout.Fd()))}
	defer p.hangUp()
	switch {
	case len(words) > 0:
		return p.do(words)
	case onTerminal():
		fmt.Println("There is no redis-cli on this machine: this is a small one of the workshop. HELP says what it can do.")
		return p.converse()
	default:
		return p.follow(os.Stdin)
	}
}

// follow runs the commands of a script, one a line.
func (p *prompt) follow(script io.Reader) error {
	lines := bufio.NewReader(script)
	for {
		line, err := lines.ReadString('\n')
		if leaves(line) || p.ctx.Err() != nil {
			return nil
		}
		if err := p.line(line); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cli: the input cannot be read: %w", err)
		}
	}
}

// converse runs what a person types.
func (p *prompt) converse() error {
	editor := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{os.Stdin, os.Stdout}, "")
	for {
		editor.SetPrompt(p.text())
		line, err := p.readLine(editor)
		switch {
		// Ctrl+D, Ctrl+C, or the end of this program.
		case errors.Is(err, io.EOF):
			fmt.Println()
			return nil
		case err != nil:
			return fmt.Errorf("cli: the terminal cannot be read: %w", err)
		case leaves(line):
			return nil
		}
		// Without a connection the next command tries again.
		if err := p.line(line); err != nil {
			fmt.Println(err)
		}
		if p.ctx.Err() != nil {
			return nil
		}
	}
}

// readLine has the terminal in raw mode only while somebody types, so that
// Ctrl+C reaches us as a signal while a command waits.
func (p *prompt) readLine(editor *term.Terminal) (string, error) {
	in := int(os.Stdin.Fd())
	before, err := term.MakeRaw(in)
	if err != nil {
		return "", err
	}
	defer term.Restore(in, before)
	if width, height, err := term.GetSize(int(os.Stdout.Fd())); err == nil && width > 0 {
		_ = editor.SetSize(width, height)
	}
	type result struct {
		line string
		err  error
	}
	typed := make(chan result, 1)
	go func() {
		line, err := editor.ReadLine()
		typed <- result{line, err}
	}()
	select {
	case r := <-typed:
		return r.line, r.err
	case <-p.ctx.Done():
		return "", io.EOF
	}
}

// text is what stands before the line that is typed.
func (p *prompt) text() string {
	text := p.addr
	if p.db != 0 {
		text += "[" + strconv.Itoa(p.db) + "]"
	}
	if p.inMulti {
		text += "(TX)"
	}
	return text + "> "
}

func leaves(line string) bool {
	words, err := splitWords(line)
	return err == nil && len(words) > 0 && (strings.EqualFold(words[0], "quit") || strings.EqualFold(words[0], "exit"))
}

// line runs a typed line. The error is one of the connection.
func (p *prompt) line(line string) error {
	words, err := splitWords(line)
	switch {
	case err != nil:
		// redis-cli says no more than this.
		fmt.Println("Invalid argument(s)")
		return nil
	case len(words) == 0:
		return nil
	}
	return p.do(words)
}

// do runs a command and prints the reply.
func (p *prompt) do(words []string) error {
	switch strings.ToLower(words[0]) {
	case "help", "?":
		fmt.Print(promptHelp)
		return nil
	case "subscribe", "psubscribe", "ssubscribe", "monitor", "sync", "psync":
		fmt.Println("(error) this small prompt cannot wait for messages. HELP says more.")
		return nil
	}
	reply, err := p.ask(words)
	if err != nil {
		p.hangUp()
		if p.ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("(error) no answer from %s, and nobody knows whether the command ran: %w", p.addr, err)
	}
	p.remember(words, reply)
	p.print(words, reply)
	return nil
}

// redirects bounds how often a cluster may send a command on.
const redirects = 5

// ask follows a cluster to the server that has the key.
func (p *prompt) ask(words []string) (reply any, err error) {
	var asking bool
	for range redirects {
		if err := p.connect(); err != nil {
			return nil, err
		}
		if asking {
			if _, err := p.wire.ask("ASKING"); err != nil {
				return nil, err
			}
		}
		if reply, err = p.wire.ask(words...); err != nil || !p.cluster {
			return reply, err
		}
		var slot, addr string
		if asking, slot, addr = redirected(reply); addr == "" {
			break
		}
		p.moveTo(slot, addr)
	}
	return reply, nil
}

// redirected reads "MOVED 3999 127.0.0.1:6381"; ASK is for this one command
// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
func redirected(reply any) (asking bool, slot, addr string) {
	refused, _ := reply.(failure)
	words := strings.Fields(string(refused))
	if len(words) != 3 || (words[0] != "MOVED" && words[0] != "ASK") {
		return false, "", ""
	}
	return words[0] == "ASK", words[1], words[2]
}

func (p *prompt) moveTo(slot, addr string) {
	// Without a host it is the one that has answered.
	if host, port, _ := net.SplitHostPort(addr); host == "" {
		same, _, _ := net.SplitHostPort(p.addr)
		addr = net.JoinHostPort(same, port)
	}
	fmt.Printf("-> Redirected to slot [%s] located at %s\n", slot, addr)
	p.hangUp()
	p.addr = addr
}

func (p *prompt) connect() (err error) {
	if p.wire == nil {
		p.wire, err = p.dial(p.ctx, p.addr, p.db)
	}
	return err
}

func (p *prompt) hangUp() {
	if p.wire != nil {
		p.wire.Close()
	}
	p.wire, p.inMulti = nil, false
}

// remember keeps what the prompt shows.
func (p *prompt) remember(words []string, reply any) {
	if _, refused := reply.(failure); refused && !strings.EqualFold(words[0], "exec") {
		return
	}
	switch strings.ToLower(words[0]) {
	case "multi":
		p.inMulti = true
	case "exec", "discard":
		p.inMulti = false
	case "reset":
		p.inMulti, p.db = false, 0
	case "select":
		if db, err := strconv.Atoi(words[1]); err == nil && !p.inMulti {
			p.db = db
		}
	}
}

func (p *prompt) print(words []string, reply any) {
	switch {
	case isText(words):
		fmt.Print(forPrograms(reply))
	case p.people:
		fmt.Print(forPeople(reply, ""))
	default:
		fmt.Println(forPrograms(reply))
	}
}
