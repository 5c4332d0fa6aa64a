package embedded

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/shared/system"
)

// command returns a command in RESP.
func command(words ...string) string {
	text := fmt.Sprintf("*%d\r\n", len(words))
	for _, word := range words {
		text += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	return text
}

// If some bytes end the server, the whole test process ends.
func FuzzNoBytesEndTheServer(f *testing.F) {
	for _, bytes := range []string{
		"*0\r\n", "*-1\r\n", "*\r\n", "\r\n", "PING\r\n", "*1\r\n*0\r\n",
		"*1\r\n$-1\r\n", "*1\r\n$-9223372036854775808\r\n", "*1\r\n$9223372036854775807\r\n", "*1\r\n$100000000000\r\n",
		"*9223372036854775807\r\n$4\r\nPING\r\n", "*1\r\n+PING\r\n", strings.Repeat("*", 70_000), "*1\r\n$0\r\n\r\n",
		command("SADD", "k", "1") + command("SPOP", "k") + command("SRANDMEMBER", "k"),
		command("SADD", "s"), command("SADD", "s") + command("SADD", "s", "1"),
		command("ZADD", "z", "1", "a") + command("ZSCAN", "z", "-9223372036854775808"),
		command("HSET", "h", "a", "1") + command("HRANDFIELD", "h", "-9223372036854775808"),
		command("SETRANGE", "r", "100000000000", "a"), command("SETBIT", "b", "800000000000", "1"),
		command("BITFIELD", "b", "SET", "u8", "#100000000000", "1"),
		command("HSET", "h", "a", "1") + command("HRANDFIELD", "h", "-100000000000"),
		command("EVAL", "error()", "0"), command("EVAL", "error({})", "0"), command("EVAL", "return redis.call()", "0"),
		command("MULTI") + command("EVAL", "error()", "0") + command("EXEC"),
		command("EVAL", "return redis.call('SADD', 's')", "0"), command("PSUBSCRIBE", "[", "\\", "*"),
	} {
		f.Add(bytes)
	}
	r, err := Start("127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(r.Close)
	f.Fuzz(func(t *testing.T, bytes string) {
		// exchange closes its side, so the server has read all bytes when it ends the
		// connection.
		if _, err := exchange(r.Addr(), bytes); err != nil {
			t.Errorf("%q: %v", bytes, err)
		}
		if answer, err := exchange(r.Addr(), command("SET", "still", "there")); answer != "+OK\r\n" {
			t.Fatalf("after %q the server answers %q, %v", bytes, answer, err)
		}
	})
}

// exchange sends bytes and returns all answers.
func exchange(addr, bytes string) (answer string, err error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	// Writing fails if the server has ended the connection.
	_, _ = io.WriteString(conn, bytes)
	_ = conn.(*net.TCPConn).CloseWrite()
	all, err := io.ReadAll(bufio.NewReader(conn))
	if netErr, ok := err.(net.Error); ok && netErr.Timeout() {
		return "", err
	}
	return string(all), nil
}

// start starts a server for one test. Its Close must return while clients are connected.
func start(t *testing.T) *Redis {
	t.Helper()
	r, err := Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// open opens a connection and sends bytes. It reads nothing.
func open(t *testing.T, r *Redis, bytes string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	// The server may end the connection before it has read all.
	_, _ = io.WriteString(conn, bytes)
	return conn
}

func mustAnswer(t *testing.T, r *Redis) {
	t.Helper()
	if answer, err := exchange(r.Addr(), command("PING")); answer != "+PONG\r\n" {
		t.Fatalf("the server answers %q, %v", answer, err)
	}
}

func TestAClientThatReadsNothingDelaysNoOther(t *testing.T) {
	const large = 900_000
	value := strings.Repeat("x", large)
	for name, bytes := range map[string]string{
		"answers":  strings.Repeat(command("GET", "large"), 100),
		"messages": command("SUBSCRIBE", "news"),
		"a script": command("EVAL", "for i = 1, 1e3 do redis.call('PUBLISH', 'news', ARGV[1]) end", "0", value),
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			open(t, r, command("SUBSCRIBE", "news"))
			if answer, err := exchange(r.Addr(), command("SET", "large", value)); answer != "+OK\r\n" {
				t.Fatalf("got %q, %v", answer, err)
			}
			open(t, r, bytes)
			if _, err := exchange(r.Addr(), strings.Repeat(command("PUBLISH", "news", value), 20)); err != nil {
				t.Errorf("nothing can be published: %v", err)
			}
			mustAnswer(t, r)
		})
	}
}

func TestTheNumberOfClientsIsLimited(t *testing.T) {
	r := start(t)
	var last net.Conn
	for range system.Connections() + 1 {
		last = open(t, r, "")
	}
	if answer, err := io.ReadAll(last); !strings.Contains(string(answer), "max number of clients") {
		t.Errorf("one too many gets %q, %v", answer, err)
	}
}

func TestInvalidBytesGetAProtocolError(t *testing.T) {
	r := start(t)
	for _, bytes := range []string{"PING\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "*1\r\n+PING\r\n"} {
		if answer, err := exchange(r.Addr(), bytes); !strings.HasPrefix(answer, "-ERR Protocol error: ") {
			t.Errorf("%q gets %q, %v", bytes, answer, err)
		}
	}
}

func TestAPanicOfMiniredisIsAnErrorOfTheCommand(t *testing.T) {
	r := start(t)
	answer, err := exchange(r.Addr(), command("SADD", "s", "a")+command("SSCAN", "s", "-9223372036854775808")+command("SCARD", "s"))
	if err != nil || !strings.HasPrefix(answer, ":1\r\n-ERR the embedded Redis cannot do this") || !strings.HasSuffix(answer, "\r\n:1\r\n") {
		t.Errorf("got %q, %v", answer, err)
	}
}

// This test is the last of the file, because its script goes on.
func TestCloseDoesNotWaitForClients(t *testing.T) {
	for _, bytes := range []string{
		command("EVAL", "while true do end", "0"), command("BLPOP", "none", "0"), command("SUBSCRIBE", "news"),
		command("MULTI") + command("SET", "k", "v"), "*2\r\n$3\r\nGE",
	} {
		r := start(t)
		open(t, r, bytes)
		r.Close()
	}
}
