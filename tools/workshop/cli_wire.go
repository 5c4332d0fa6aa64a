package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// wire is one connection to Redis that keeps apart what Redis keeps apart. The
// client library has one type for OK and for "OK", and an end of MONITOR that
// nobody is told of.
// Protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/
type wire struct {
	net.Conn
	reader *bufio.Reader
}

// A reply is nil, an int64, a string, a status, a failure, or a []any of these.
type (
	status  string
	failure string
)

// dial connects to a server of the target, logs in and selects the database.
// The connection ends with ctx.
func (t target) dial(ctx context.Context, addr string, db int) (*wire, error) {
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	connect := dialer.DialContext
	if t.TLSConfig != nil {
		connect = (&tls.Dialer{NetDialer: dialer, Config: t.TLSConfig}).DialContext
	}
	conn, err := connect(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	w := &wire{conn, bufio.NewReader(conn)}
	if err := w.setUp(t, db); err != nil {
		conn.Close()
		return nil, err
	}
	return w, nil
}

func (w *wire) setUp(t target, db int) error {
	var commands [][]string
	switch {
	case t.Username != "" && t.Password != "":
		commands = append(commands, []string{"AUTH", t.Username, t.Password})
	case t.Password != "":
		commands = append(commands, []string{"AUTH", t.Password})
	}
	if db != 0 {
		commands = append(commands, []string{"SELECT", strconv.Itoa(db)})
	}
	for _, words := range commands {
		reply, err := w.ask(words...)
		if err != nil {
			return err
		}
		if refused, ok := reply.(failure); ok {
			return errors.New(string(refused))
		}
	}
	return nil
}

// ask sends a command and waits for its reply. An error is one of the
// connection; Redis' own are replies.
func (w *wire) ask(words ...string) (any, error) {
	var command strings.Builder
	fmt.Fprintf(&command, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&command, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(w, command.String()); err != nil {
		return nil, err
	}
	return w.read()
}

// read waits for a reply.
func (w *wire) read() (any, error) {
	line, err := w.reader.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return nil, errors.New("this is not the protocol of Redis")
	}
	switch text := line[1:]; line[0] {
	case '+':
		return status(text), nil
	case '-':
		return failure(text), nil
	case ':':
		return strconv.ParseInt(text, 10, 64)
	case '$':
		return w.readString(text)
	case '*':
		return w.readList(text)
	}
	return nil, fmt.Errorf("a reply begins with %q, which is not of version 2 of the protocol", line[0])
}

func (w *wire) readString(length string) (any, error) {
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 {
		return nil, err
	}
	text := make([]byte, n+len("\r\n"))
	_, err = io.ReadFull(w.reader, text)
	return string(text[:n]), err
}

func (w *wire) readList(length string) (any, error) {
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 {
		return nil, err
	}
	list := make([]any, n)
	for i := range list {
		if list[i], err = w.read(); err != nil {
			return nil, err
		}
	}
	return list, nil
}
