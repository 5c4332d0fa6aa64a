package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// redisServer is a Redis to ask who it is.
type redisServer struct {
	address            string
	username, password string
	tls                *tls.Config // nil without TLS
	cluster            bool        // that it is one is right
}

// serverOf reads a REDIS_URL. The error repeats no part of it, which may be a
// password.
func serverOf(text, caFile string) (redisServer, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") || u.Hostname() == "" {
		return redisServer{}, errors.New("it is set, and not of the form redis://host:port")
	}
	password, _ := u.User.Password()
	server := redisServer{
		address:  net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "6379")),
		username: u.User.Username(),
		password: password,
	}
	if u.Scheme == "rediss" {
		server.tls = &tls.Config{ServerName: u.Hostname()}
		if caFile != "" {
			certificates, err := os.ReadFile(caFile)
			if err != nil {
				return redisServer{}, fmt.Errorf("REDIS_CA_FILE cannot be read: %w", err)
			}
			server.tls.RootCAs = x509.NewCertPool()
			server.tls.RootCAs.AppendCertsFromPEM(certificates)
		}
	}
	return server, nil
}

// ask returns the server's name and version. The error says what is wrong
// with somebody that a step cannot use.
func (s redisServer) ask(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*localTimeout)
	defer cancel()
	connection, err := s.dial(ctx)
	if err != nil {
		return "", fmt.Errorf("nobody answers there: %w", err)
	}
	defer connection.Close()
	deadline, _ := ctx.Deadline()
	_ = connection.SetDeadline(deadline)
	r := bufio.NewReader(connection)
	if s.password != "" {
		if _, err := command(connection, r, "AUTH", cmp.Or(s.username, "default"), s.password); err != nil {
			return "", whyNotUsable(err)
		}
	}
	if _, err := command(connection, r, "PING"); err != nil {
		return "", whyNotUsable(err)
	}
	// HELLO needs no privilege. Who does not know it is old, and no cluster.
	about, err := command(connection, r, "HELLO")
	if err != nil {
		return "a Redis", nil
	}
	if valueOf(about, "mode") == "cluster" && !s.cluster {
		return "", errors.New("the Redis there is a cluster")
	}
	return fmt.Sprintf("a Redis %s", valueOf(about, "version")), nil
}

func (s redisServer) dial(ctx context.Context) (net.Conn, error) {
	if s.tls != nil {
		return (&tls.Dialer{Config: s.tls}).DialContext(ctx, "tcp", s.address)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
}

// whyNotUsable uses the words of a step's own first lines.
func whyNotUsable(err error) error {
	var refusal refused
	var late net.Error
	switch {
	case errors.As(err, &refusal) && (strings.HasPrefix(string(refusal), "NOAUTH") || strings.Contains(string(refusal), "AUTH <password> called without")):
		return errors.New("the Redis there asks for a password")
	case errors.As(err, &refusal) && strings.HasPrefix(string(refusal), "WRONGPASS"):
		return errors.New("the Redis there does not know that user and password")
	case errors.As(err, &refusal):
		return fmt.Errorf("the Redis there refuses: %w", refusal)
	case errors.As(err, &late) && late.Timeout():
		return errors.New("what listens there does not answer")
	default:
		return errors.New("what answers there is not a Redis that a step can use")
	}
}

// refused is an error that the server answered.
type refused string

func (r refused) Error() string { return string(r) }

// command sends one command and returns its answer, the values of a list in
// their order (https://redis.io/docs/latest/develop/reference/protocol-spec/).
func command(w io.Writer, r *bufio.Reader, words ...string) ([]string, error) {
	var text strings.Builder
	fmt.Fprintf(&text, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&text, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(w, text.String()); err != nil {
		return nil, err
	}
	return readAnswer(r, 0)
}

// What a stranger on the port sends must not use up the memory.
const (
	maxValue = 64 << 10
	maxDepth = 3
)

var errNotRedis = errors.New("this is not the answer of a Redis")

func readAnswer(r *bufio.Reader, depth int) ([]string, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	text := strings.TrimRight(string(line), "\r\n")
	if text == "" || depth > maxDepth {
		return nil, errNotRedis
	}
	kind, text := text[0], text[1:]
	switch kind {
	case '+', ':':
		return []string{text}, nil
	case '-':
		return nil, refused(text)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > maxValue || (kind != '$' && kind != '*') {
		return nil, errNotRedis
	}
	if kind == '$' {
		return readValue(r, n)
	}
	var values []string
	for range n {
		inner, err := readAnswer(r, depth+1)
		if err != nil {
			return nil, err
		}
		values = append(values, inner...)
	}
	return values, nil
}

// readValue reads n bytes and the end of their line; n is -1 for no value.
func readValue(r io.Reader, n int) ([]string, error) {
	if n < 0 {
		return []string{""}, nil
	}
	value := make([]byte, n+len("\r\n"))
	if _, err := io.ReadFull(r, value); err != nil {
		return nil, err
	}
	return []string{string(value[:n])}, nil
}

// valueOf finds a name in a list of names and values.
func valueOf(list []string, name string) string {
	for i := range len(list) - 1 {
		if list[i] == name {
			return list[i+1]
		}
	}
	return ""
}

func (d *doctor) checkRedisPrograms() {
	if path, err := exec.LookPath("redis-cli"); err == nil {
		d.fine("redis-cli", "%s", path)
	} else {
		d.note("redis-cli", "not there; make cli (go run ./tools/workshop cli) opens a small one")
	}
	for _, program := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(program); err == nil {
			d.fine("redis-server", "%s, for tests on a real Redis", path)
			return
		}
	}
	d.note("redis-server", "not there; only tests on a real Redis need it")
}

// dockerTimeout bounds the wait for a daemon that hangs.
const dockerTimeout = 5 * time.Second

// checkDocker finds nothing wrong, whatever it finds: only tests in a
// container need it.
func (d *doctor) checkDocker(ctx context.Context) {
	const about = "Docker"
	if _, err := exec.LookPath("docker"); err != nil {
		d.note(about, "not there; only tests in a container need it")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, dockerTimeout)
	defer cancel()
	if err := docker(ctx, "version", "--format", "{{.Server.Version}}"); err != nil {
		d.note(about, "it does not answer, is its daemon running? Only tests in a container need it")
		return
	}
	for _, image := range []string{"redis:8-alpine", "session-workshop-redis"} {
		if docker(ctx, "image", "inspect", image) == nil {
			d.fine(about, "it answers, and has the image %s", image)
			return
		}
	}
	d.fine(about, "it answers, and has no image of Redis yet; tests pull redis:8-alpine")
}

func docker(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.WaitDelay = time.Second
	return cmd.Run()
}
