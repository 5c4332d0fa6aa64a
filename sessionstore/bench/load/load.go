// Package load sends requests to a web server over connections that stay open,
// as fast as the answers come, and measures how long each takes. It does little
// else: generator, app and Redis share one machine.
package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Result is what a run has measured.
type Result struct {
	Requests int
	Elapsed  time.Duration
	// P50 and P99 are the times that half, and 99 of 100, requests took at most.
	P50, P99 time.Duration
}

// PerSecond is the throughput.
func (r Result) PerSecond() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

// Plan says what Run sends.
type Plan struct {
	// Addr is host:port of the app.
	Addr string
	// Connections is how many requests are under way at any time.
	Connections int
	// Cookie gives the Cookie header of a request: the n-th on a connection.
	Cookie func(connection, n int) string
	// Each connection stops after PerConnection requests or, where that is 0,
	// after the Duration.
	PerConnection int
	Duration      time.Duration
}

// Run sends GET / as the plan says. An answer other than 200 with a count of
// visits in it is an error, which ends the run.
func Run(p Plan) (Result, error) {
	workers := make([]*worker, p.Connections)
	for i := range workers {
		w, err := connect(p.Addr)
		if err != nil {
			return Result{}, err
		}
		defer w.conn.Close()
		workers[i] = w
	}
	start := time.Now()
	var wait sync.WaitGroup
	errs := make([]error, len(workers))
	for i, w := range workers {
		wait.Go(func() { errs[i] = w.run(p, i, start) })
	}
	wait.Wait()
	elapsed := time.Since(start)
	var all []time.Duration
	for _, w := range workers {
		all = append(all, w.took...)
	}
	if err := errors.Join(errs...); err != nil || len(all) == 0 {
		return Result{}, fmt.Errorf("no measurement of http://%s: %w", p.Addr, err)
	}
	slices.Sort(all)
	return Result{len(all), elapsed, quantile(all, 0.5), quantile(all, 0.99)}, nil
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// worker is one connection.
type worker struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	body []byte
	took []time.Duration
}

func connect(addr string) (*worker, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &worker{addr: addr, conn: conn, in: bufio.NewReaderSize(conn, 8<<10)}, nil
}

func (w *worker) run(p Plan, connection int, start time.Time) error {
	before := time.Now()
	for n := 0; p.more(n, before.Sub(start)); n++ {
		if err := w.visit(p.Cookie(connection, n)); err != nil {
			return err
		}
		now := time.Now()
		w.took = append(w.took, now.Sub(before))
		before = now
	}
	return nil
}

func (p Plan) more(done int, elapsed time.Duration) bool {
	if p.PerConnection > 0 {
		return done < p.PerConnection
	}
	return elapsed < p.Duration
}

func (w *worker) visit(cookie string) error {
	status, err := w.exchange("GET", "/", "Cookie: "+cookie+"\r\n", "", nil)
	if err != nil {
		return err
	}
	if status != 200 || !bytes.Contains(w.body, []byte("Visits: ")) {
		return fmt.Errorf("GET / answered %d and no count of visits: %.300q", status, w.body)
	}
	return nil
}

// exchange sends a request and reads its answer into w.body; header gets each
// header of the answer, where it is not nil.
func (w *worker) exchange(method, path, headers, body string, header func(name, value string)) (status int, err error) {
	w.out = w.out[:0]
	for _, part := range []string{method, " ", path, " HTTP/1.1\r\nHost: ", w.addr, "\r\n", headers, "\r\n", body} {
		w.out = append(w.out, part...)
	}
	if _, err := w.conn.Write(w.out); err != nil {
		return 0, err
	}
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("no status in %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, fmt.Errorf("no status in %q", line)
	}
	length, chunked, err := w.headers(header)
	if err != nil {
		return 0, err
	}
	w.body = w.body[:0]
	if chunked {
		return status, w.chunks()
	}
	return status, w.read(length)
}

func (w *worker) headers(each func(name, value string)) (length int, chunked bool, err error) {
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return 0, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, chunked, nil
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, false, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
		if each != nil {
			each(string(name), string(value))
		}
	}
}

func (w *worker) read(length int) error {
	begin := len(w.body)
	w.body = slices.Grow(w.body, length)[:begin+length]
	_, err := io.ReadFull(w.in, w.body[begin:])
	return err
}

func (w *worker) chunks() error {
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return fmt.Errorf("no size of a chunk in %q", line)
		}
		if err := w.read(int(size)); err != nil {
			return err
		}
		if _, err := w.in.Discard(len("\r\n")); err != nil || size == 0 {
			return err
		}
	}
}

// Browser is one browser: one connection, one cookie.
type Browser struct {
	w *worker
	// Cookie is the header that it sends, empty before a login.
	Cookie string
}

// Open connects a browser to the app at addr, host:port.
func Open(addr string) (*Browser, error) {
	w, err := connect(addr)
	return &Browser{w: w}, err
}

// Close ends the connection. The session lives on.
func (b *Browser) Close() { b.w.conn.Close() }

// Login logs in and keeps the cookie.
func (b *Browser) Login(username string) error {
	return b.post("/login", "username="+username)
}

// Logout logs out.
func (b *Browser) Logout() error { return b.post("/logout", "") }

func (b *Browser) post(path, form string) error {
	headers := fmt.Sprintf("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(form))
	if b.Cookie != "" {
		headers += "Cookie: " + b.Cookie + "\r\n"
	}
	status, err := b.w.exchange("POST", path, headers, form, func(name, value string) {
		if strings.EqualFold(name, "Set-Cookie") {
			b.Cookie, _, _ = strings.Cut(value, ";")
		}
	})
	if err == nil && status != 303 {
		err = fmt.Errorf("POST %s answered %d: %.300q", path, status, b.w.body)
	}
	return err
}

// Visit loads the page and returns the count of visits that it shows.
func (b *Browser) Visit() (visits int, err error) {
	if err := b.w.visit(b.Cookie); err != nil {
		return 0, err
	}
	_, after, _ := bytes.Cut(b.w.body, []byte("Visits: "))
	end := bytes.IndexFunc(after, func(r rune) bool { return r < '0' || r > '9' })
	return strconv.Atoi(string(after[:max(end, 0)]))
}
