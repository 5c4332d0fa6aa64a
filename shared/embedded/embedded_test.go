package embedded

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// command is RESP for words.
func command(words ...string) string {
	text := fmt.Sprintf("*%d\r\n", len(words))
	for _, word := range words {
		text += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	return text
}

// FuzzNoBytesEndTheServer fails with the whole process if some bytes end it.
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
		// After the bytes nothing more comes, so the server has read all of them
		// when it ends the connection.
		if _, err := exchange(r.Addr(), bytes); err != nil {
			t.Errorf("%q: %v", bytes, err)
		}
		if answer, err := exchange(r.Addr(), command("SET", "still", "there")); answer != "+OK\r\n" {
			t.Fatalf("after %q the server answers %q, %v", bytes, answer, err)
		}
	})
}

// exchange sends bytes and returns all that comes back.
func exchange(addr, bytes string) (answer string, err error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	// A connection that the server has ended takes no more bytes.
	_, _ = io.WriteString(conn, bytes)
	_ = conn.(*net.TCPConn).CloseWrite()
	all, err := io.ReadAll(bufio.NewReader(conn))
	if netErr, ok := err.(net.Error); ok && netErr.Timeout() {
		return "", err
	}
	return string(all), nil
}

func TestACommandThatFailsInsideIsAnErrorOfItsOwn(t *testing.T) {
	r, err := Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	answer, err := exchange(r.Addr(), command("SADD", "s", "a")+command("SSCAN", "s", "-9223372036854775808")+command("SCARD", "s"))
	if err != nil || !strings.HasPrefix(answer, ":1\r\n-ERR the embedded Redis cannot do this") || !strings.HasSuffix(answer, "\r\n:1\r\n") {
		t.Errorf("got %q, %v", answer, err)
	}
}
