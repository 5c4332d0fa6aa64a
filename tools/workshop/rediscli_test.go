//go:build !windows

package main_test

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestInteractiveRedisCLI walks through the embedded Redis as a learner does,
// on a terminal: redis-cli asks more of a server there than in a single
// command, and aborts on an answer it does not understand.
func TestInteractiveRedisCLI(t *testing.T) {
	if _, err := exec.LookPath("redis-cli"); err != nil {
		t.Skip("NOT tested: the interactive redis-cli, which is not on the PATH. Debian: apt-get install redis-tools; macOS: brew install redis")
	}
	redis := start(t, ".", nil, "redis", "-port", "0").waitFor(`running on (\S+)\. `, 1)
	visitor := newBrowser(t)
	app := startStep3(t, redis)
	wantText(t, visitor.login(app.URL, "aaa"), "Visits: 1")
	wantText(t, visitor.visit(app.URL), "Visits: 2")

	cli := startRedisCLI(t, port(redis))
	cli.ask("keys *", `1\) "(workshop:user:aaa)"`)
	cli.ask("type workshop:user:aaa", `\n(hash)\n`)
	cli.ask("hkeys workshop:user:aaa", `1\) "(visits)"`)
	cli.ask("hget workshop:user:aaa visits", `\n"(2)"\n`)
	first := cli.ask("ttl workshop:user:aaa", `\n\(integer\) (1[01][0-9]|120)\n`)
	eventually(t, func() error {
		if now := cli.ask("ttl workshop:user:aaa", `\n\(integer\) (\d+)\n`); now == first {
			return fmt.Errorf("the TTL stays at %s", now)
		}
		return nil
	})
	cli.send("quit")
	if err := cli.cmd.Wait(); err != nil {
		t.Errorf("redis-cli ended with %v:\n%s", err, cli.text())
	}
}

// redisCLI is a redis-cli on a terminal of its own.
type redisCLI struct {
	*process
	terminal io.ReadWriteCloser
	read     int // how much of the output belongs to earlier questions
}

func startRedisCLI(t *testing.T, port string) *redisCLI {
	t.Helper()
	return startOnTerminal(t, port, []string{"HOME=" + t.TempDir()}, "redis-cli", "-p", port)
}

// startOnTerminal waits for the prompt of a redis-cli on that port; env is its
// whole environment.
func startOnTerminal(t *testing.T, port string, env []string, program string, args ...string) *redisCLI {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...)}
	p.cmd.Env = append(env, "TERM=xterm")
	terminal, err := pty.StartWithSize(p.cmd, &pty.Winsize{Rows: 50, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		terminal.Close()
	})
	cli := &redisCLI{process: p, terminal: terminal}
	go io.Copy(cli, terminal)
	cli.waitForText(`:(` + port + `)(\[\d+\])?> $`)
	return cli
}

// Write takes what the program prints. Like every terminal, it tells where the
// cursor is when it is asked: redis-cli learns the width so where nobody has
// told it yet, which in a container can be late.
func (c *redisCLI) Write(output []byte) (int, error) {
	for range bytes.Count(output, []byte("\x1b[6n")) {
		if _, err := io.WriteString(c.terminal, "\x1b[1;200R"); err != nil {
			return 0, err
		}
	}
	return c.process.Write(output)
}

// ask types a command and waits for the answer; it returns the first group.
func (c *redisCLI) ask(command, answer string) string {
	c.t.Helper()
	c.read = len(c.text())
	c.send(command)
	return c.waitForText(answer)
}

func (c *redisCLI) send(line string) {
	c.t.Helper()
	// A terminal's Enter key is a carriage return.
	if _, err := io.WriteString(c.terminal, line+"\r"); err != nil {
		c.t.Fatalf("redis-cli is gone: %v\n%s", err, c.text())
	}
}

func (c *redisCLI) waitForText(pattern string) (group string) {
	c.t.Helper()
	expression := regexp.MustCompile(pattern)
	eventually(c.t, func() error {
		match := expression.FindStringSubmatch(c.text()[c.read:])
		if match == nil {
			return fmt.Errorf("no %q in\n%s", pattern, c.text())
		}
		group = match[1]
		return nil
	})
	return group
}

// escapes are what a terminal is told about cursor and colours.
var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

func (c *redisCLI) text() string {
	return strings.ReplaceAll(escapes.ReplaceAllString(c.said(), ""), "\r", "")
}
