package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"

	"github.com/valyala/fasthttp"
)

// browser has one connection and one cookie. It uses fasthttp only to write requests
// and read answers. A client of fasthttp would open another connection if this one
// broke, and could send a visit twice.
type browser struct {
	cookie string // name=value, empty before a login

	addr     string
	conn     net.Conn
	in       *bufio.Reader
	out      *bufio.Writer
	request  fasthttp.Request
	response fasthttp.Response
}

// openBrowser connects to the app at addr, host:port.
func openBrowser(addr string) (*browser, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &browser{addr: addr, conn: conn, in: bufio.NewReader(conn), out: bufio.NewWriter(conn)}, nil
}

// close closes the connection. The session stays alive.
func (b *browser) close() { b.conn.Close() }

// login forgets the cookie and begins a new session.
func (b *browser) login(username string) error {
	b.cookie = ""
	return b.post("/login", "username="+username)
}

func (b *browser) logout() error { return b.post("/logout", "") }

func (b *browser) post(path, form string) error {
	if err := b.exchange("POST", path, form); err != nil {
		return err
	}
	if status := b.response.StatusCode(); status != fasthttp.StatusSeeOther {
		return fmt.Errorf("POST %s answered %d: %.300q", path, status, b.response.Body())
	}
	for _, header := range b.response.Header.Cookies() {
		cookie, _, _ := bytes.Cut(header, []byte(";"))
		b.cookie = string(cookie)
	}
	return nil
}

// visit loads the page and returns the count of visits that it shows.
func (b *browser) visit() (visits int, err error) {
	if err := b.exchange("GET", "/", ""); err != nil {
		return 0, err
	}
	status, body := b.response.StatusCode(), b.response.Body()
	_, after, found := bytes.Cut(body, []byte("Visits: "))
	if status != fasthttp.StatusOK || !found {
		return 0, fmt.Errorf("GET / answered %d without a count of visits: %.300q", status, body)
	}
	end := bytes.IndexFunc(after, func(r rune) bool { return r < '0' || r > '9' })
	return strconv.Atoi(string(after[:max(end, 0)]))
}

// exchange sends a request and reads its answer.
func (b *browser) exchange(method, path, form string) error {
	b.request.Reset()
	b.request.Header.SetMethod(method)
	b.request.SetRequestURI(path)
	b.request.Header.SetHost(b.addr)
	if b.cookie != "" {
		b.request.Header.Set("Cookie", b.cookie)
	}
	if method == "POST" {
		b.request.Header.SetContentType("application/x-www-form-urlencoded")
		b.request.SetBodyString(form)
	}
	if err := b.request.Write(b.out); err != nil {
		return err
	}
	if err := b.out.Flush(); err != nil {
		return err
	}
	return b.response.Read(b.in)
}
