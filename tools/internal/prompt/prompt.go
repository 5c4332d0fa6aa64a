// Package prompt is a small redis-cli for machines that have none. It does just
// enough to look into the Redis of the workshop.
package prompt

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/alicebob/miniredis/v2/proto"
	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/lang"
)

// Prompt talks to one Redis over one connection.
type Prompt struct {
	// Lang is the language of its own messages.
	Lang lang.Lang

	addr   string
	client *proto.Client
	out    io.Writer
	// terminal is true if a user reads the output, and not a program: then
	// replies are printed with their types, as redis-cli does.
	terminal bool
}

// Open connects, logs in and selects the database, as o says. The connection
// closes when ctx ends. The error is a network error or an error reply of
// Redis.
func Open(ctx context.Context, o *redis.Options, out io.Writer, terminal bool) (*Prompt, error) {
	conn, err := dial(ctx, o)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	p := &Prompt{addr: o.Addr, client: proto.NewClient(conn), out: out, terminal: terminal}
	for _, words := range setUp(o) {
		reply, err := p.ask(words)
		if failed, ok := reply.(error); ok {
			err = failed
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", words[0], err), p.Close())
		}
	}
	return p, nil
}

func dial(ctx context.Context, o *redis.Options) (net.Conn, error) {
	if o.TLSConfig != nil {
		return (&tls.Dialer{Config: o.TLSConfig}).DialContext(ctx, "tcp", o.Addr)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", o.Addr)
}

func setUp(o *redis.Options) (commands [][]string) {
	switch {
	case o.Username != "":
		commands = append(commands, []string{"AUTH", o.Username, o.Password})
	case o.Password != "":
		commands = append(commands, []string{"AUTH", o.Password})
	}
	if o.DB != 0 {
		commands = append(commands, []string{"SELECT", strconv.Itoa(o.DB)})
	}
	return commands
}

// Close closes the connection.
func (p *Prompt) Close() error { return p.client.Close() }

// ask sends one command and returns its reply: a string, an inspect.Status, an
// int64, a list of these, nil, or an error reply of Redis.
func (p *Prompt) ask(words []string) (reply any, err error) {
	raw, err := p.client.Do(words...)
	if err != nil {
		return nil, lang.Errorf("Redis on %s is gone: %w", "%s の Redis との接続が切れました: %w", p.addr, err)
	}
	return parse(raw)
}

func parse(raw string) (any, error) {
	if raw == proto.Nil || raw == proto.NilList {
		return nil, nil
	}
	if raw[0] == '*' {
		elements, err := proto.ReadArray(raw)
		list := make([]any, len(elements))
		for i, element := range elements {
			if err == nil {
				list[i], err = parse(element)
			}
		}
		return list, err
	}
	value, err := proto.Parse(raw)
	switch v := value.(type) {
	case int:
		return int64(v), err
	case string:
		if raw[0] == '+' {
			return inspect.Status(v), err
		}
	}
	return value, err
}

// waiting are the commands whose replies arrive later, one by one.
var waiting = []string{"MONITOR", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "SYNC", "PSYNC"}

// Do sends one command and prints its reply. An error reply of Redis is printed
// too; the returned error is one of the connection.
func (p *Prompt) Do(words []string) error {
	if slices.Contains(waiting, strings.ToUpper(words[0])) {
		_, err := fmt.Fprintln(p.out, lang.T("%s waits for messages, which this small prompt cannot do: install redis-cli.",
			"%s はメッセージを待つコマンドなので、この簡易版では使えません。redis-cli をインストールしてください。", strings.ToUpper(words[0])).In(p.Lang))
		return err
	}
	reply, err := p.ask(words)
	if err != nil {
		return err
	}
	if p.terminal {
		_, err = fmt.Fprintln(p.out, inspect.Command{Reply: reply}.Answer())
		return err
	}
	_, err = fmt.Fprintln(p.out, plain(reply))
	return err
}

// plain formats a reply for a program: one line for each value, without quotes.
func plain(reply any) string {
	switch v := reply.(type) {
	case nil:
		return ""
	case []any:
		lines := make([]string, len(v))
		for i, element := range v {
			lines[i] = plain(element)
		}
		return strings.Join(lines, "\n")
	}
	return fmt.Sprint(reply)
}

var help = lang.T("Type a command of Redis: KEYS workshop:*, TYPE key, HGETALL key, TTL key.\nWords with spaces go in double quotes. QUIT, EXIT or Ctrl+D leaves.",
	"Redis のコマンドを入力します: KEYS workshop:*、TYPE key、HGETALL key、TTL key。\n空白を含む語は二重引用符で囲みます。終わるには QUIT、EXIT、または Ctrl+D。")

// Follow runs the commands in in, one on each line, until the end or QUIT. On a
// terminal it prints a prompt before each.
func (p *Prompt) Follow(in io.Reader) error {
	lines := bufio.NewScanner(in)
	for p.show(p.addr+"> ") && lines.Scan() {
		words, err := split(lines.Text())
		switch {
		case err != nil:
			fmt.Fprintln(p.out, lang.T(`The quotes do not match: SET key "two words"`, `引用符が対になっていません: SET key "two words"`).In(p.Lang))
			continue
		case len(words) == 0:
			continue
		}
		switch strings.ToUpper(words[0]) {
		case "QUIT", "EXIT":
			return nil
		case "HELP":
			fmt.Fprintln(p.out, help.In(p.Lang))
			continue
		}
		if err := p.Do(words); err != nil {
			return err
		}
	}
	p.show("\n")
	return lines.Err()
}

// show prints a text if the output is a terminal. It returns true.
func (p *Prompt) show(text string) bool {
	if p.terminal {
		fmt.Fprint(p.out, text)
	}
	return true
}

// split splits a line at its spaces, except inside double quotes.
func split(line string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimSpace(line)))
	r.Comma, r.TrimLeadingSpace = ' ', true
	words, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	return words, err
}
