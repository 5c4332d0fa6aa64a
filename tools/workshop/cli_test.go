//go:build !windows

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/tools/internal/machine"
	"example.com/session-workshop/tools/internal/repotest"
)

// A learner gets the real redis-cli, or our own if there is no other. realCLI
// and ownCLI return the environment for each.
func realCLI(t *testing.T, redisURL string) []string {
	t.Helper()
	program, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Skip("NOT tested: the real redis-cli, which is not on the PATH. Debian: apt-get install redis-tools; macOS: brew install redis")
	}
	return []string{"PATH=" + onlyProgram(t, program), "REDIS_URL=" + redisURL, "HOME=" + t.TempDir()}
}

func ownCLI(t *testing.T, redisURL string) []string {
	return []string{"PATH=" + t.TempDir(), "REDIS_URL=" + redisURL, "HOME=" + t.TempDir()}
}

// onlyProgram returns a folder for the PATH that contains only this program.
func onlyProgram(t *testing.T, program string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(program, filepath.Join(dir, filepath.Base(program))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// terminal is a program that runs on its own terminal.
type terminal struct {
	*process
	pty  io.ReadWriteCloser
	read int // how much of the output belongs to earlier questions
}

// startCLI starts a command and waits for the prompt of a redis-cli for this
// port. env is its whole environment.
func startCLI(t *testing.T, port string, env []string) *terminal {
	t.Helper()
	cmd := exec.Command(program(t, "."), "cli")
	cmd.Env = append(env, "TERM=xterm")
	c := &terminal{}
	c.process = begin(t, cmd, func(io.Writer) error {
		on, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 200})
		c.pty = on
		return err
	})
	t.Cleanup(func() { c.pty.Close() })
	go io.Copy(c, c.pty)
	c.waitForText(`:(` + port + `)(\[\d+\])?> $`)
	return c
}

// Write receives the output. Like every terminal, it reports the position of
// the cursor if asked: redis-cli measures the width in this way if it does not
// know it yet, which in a container can take a while.
func (c *terminal) Write(output []byte) (int, error) {
	for range bytes.Count(output, []byte("\x1b[6n")) {
		if _, err := io.WriteString(c.pty, "\x1b[1;200R"); err != nil {
			return 0, err
		}
	}
	return c.process.Write(output)
}

// answer types a line and returns the output up to the next prompt.
func (c *terminal) answer(line string) string {
	c.T.Helper()
	c.read = len(c.text())
	// On a terminal the Enter key sends a carriage return.
	c.types(line + "\r")
	return c.waitForText(`(?s)^[^\n]*\n(.*\n)?[^\n]*:\d+(?:\[\d+\])?> $`)
}

func (c *terminal) types(keys string) {
	c.T.Helper()
	if _, err := io.WriteString(c.pty, keys); err != nil {
		c.T.Fatalf("redis-cli is gone: %v\n%s", err, c.text())
	}
}

func (c *terminal) waitForText(pattern string) (group string) {
	c.T.Helper()
	expression := regexp.MustCompile(pattern)
	wait.ForSuccess(c.T, func() error {
		match := expression.FindStringSubmatch(c.text()[c.read:])
		if match == nil {
			return fmt.Errorf("no %q in\n%s", pattern, c.text())
		}
		group = match[1]
		return nil
	})
	return group
}

// escapes are the control sequences for cursor and colours.
var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

func (c *terminal) text() string {
	return strings.ReplaceAll(escapes.ReplaceAllString(c.String(), ""), "\r", "")
}

// reply returns what the command prints for a script.
func reply(t *testing.T, env []string, words ...string) string {
	t.Helper()
	cmd := exec.Command(program(t, "."), append([]string{"cli"}, words...)...)
	cmd.Env = env
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("cli %q: %v\n%s", words, err, text)
	}
	return string(text)
}

// TestCLIKeepsThePasswordToItself also shows that redis-cli gets the user and
// the database.
func TestCLIKeepsThePasswordToItself(t *testing.T) {
	const password = "correct-horse-battery"
	server := redistest.StartServer(t)
	if err := server.Client.Do(t.Context(), "ACL", "SETUSER", "learner", "on", ">"+password, "~*", "+@all").Err(); err != nil {
		t.Fatal(err)
	}
	env := realCLI(t, "redis://learner:"+password+"@"+server.Addr+"/2")
	cli := startCLI(t, port(server.Addr), env)
	repotest.WantText(t, cli.answer("client info"), " db=2 ", " user=learner ")
	processes := repotest.Run(t, ".", "ps", "-eo", "args")
	repotest.WantText(t, processes, "redis-cli -h 127.0.0.1 -p "+port(server.Addr))
	cli.answer("nosuch")
	if strings.Contains(processes, password) || strings.Contains(cli.text(), password) {
		t.Errorf("the password is in the arguments of a process or on the screen:\n%s", cli.text())
	}
	if got := reply(t, env, "echo", "two words"); got != "two words\n" {
		t.Errorf("for a script it prints %q", got)
	}
}

// On a terminal redis-cli asks the server more than for a single command, and
// aborts if it does not understand an answer.
func TestTheRealRedisCLIOnTheEmbeddedRedis(t *testing.T) {
	redisURL := "redis://" + embeddedRedis(t)
	env := realCLI(t, redisURL)
	repotest.NewVisitor(t).Login(startStep3(t, "REDIS_URL="+redisURL).URL, "aaa").Wants("Visits: 1")
	cli := startCLI(t, port(redisURL[len("redis://"):]), env)
	for command, want := range map[string]string{
		"keys *": "1) \"workshop:user:aaa\"\n", "type workshop:user:aaa": "hash\n",
		"hkeys workshop:user:aaa": "1) \"visits\"\n", "hget workshop:user:aaa visits": "\"1\"\n",
	} {
		if got := cli.answer(command); got != want {
			t.Errorf("%s: got %q, want %q", command, got, want)
		}
	}
	first := cli.answer("ttl workshop:user:aaa")
	wait.ForSuccess(t, func() error {
		if now := cli.answer("ttl workshop:user:aaa"); now == first {
			return fmt.Errorf("the TTL stays at %s", now)
		}
		return nil
	})
}

func TestTheSmallPrompt(t *testing.T) {
	server := redistest.StartServer(t)
	env := ownCLI(t, server.URL)
	if got := reply(t, env, "echo", "two words"); got != "two words\n" {
		t.Errorf("for a script it prints %q", got)
	}
	cli := startCLI(t, port(server.Addr), env)
	repotest.WantText(t, cli.text(), "has no redis-cli")
	// Ctrl+D, without Enter.
	cli.types("\x04")
	cli.wantEnd(0)

	t.Log("Ctrl+C while Redis has not answered yet")
	cli = startCLI(t, port(server.Addr), env)
	cli.types("blpop workshop:test:nothing 0\r")
	wait.ForSuccess(t, func() error {
		if info := server.Client.Info(t.Context(), "clients").Val(); !strings.Contains(info, "blocked_clients:1") {
			return fmt.Errorf("no client waits: %s", info)
		}
		return nil
	})
	cli.types("\x03")
	cli.wantEnd(0)
}

func TestMonitorShowsTheCommandsOfARealRedis(t *testing.T) {
	server := redistest.StartServer(t)
	monitor := start(t, ".", realCLI(t, server.URL), "monitor")
	monitor.WaitFor(`(OK)\n`)
	if err := server.Client.HIncrBy(t.Context(), "workshop:test", "visits", 1).Err(); err != nil {
		t.Fatal(err)
	}
	monitor.WaitFor(`"(hincrby)" "workshop:test" "visits" "1"\n`)
	// On a terminal Ctrl+C also reaches redis-cli. A signal to this program
	// alone must end redis-cli as well.
	if err := monitor.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-monitor.Ended
}

// TestCLIInTheContainer uses the redis-cli in the container of the Redis in
// REDIS_URL, on a machine that has none.
func TestCLIInTheContainer(t *testing.T) {
	testall.Only(t)
	if err := machine.AskDocker(t.Context()); err != nil {
		t.Skipf("NOT tested: redis-cli in a container (%v)", err)
	}
	image, err := machine.RedisImage(t.Context())
	if err != nil {
		t.Skipf("NOT tested: redis-cli in a container (%v)", err)
	}
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Fatal(err)
	}
	const password = "correct-horse-battery"
	id := strings.TrimSpace(repotest.Run(t, ".", docker, "run", "--detach", "--publish", "127.0.0.1::6379", image,
		"redis-server", "--requirepass", password, "--save", ""))
	release, err := launch.Lifeline(docker, "rm", "--force", "--volumes", id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		repotest.Run(t, ".", docker, "rm", "--force", "--volumes", id)
		release()
	})
	provideCLI(t, docker, id)
	addr := strings.TrimSpace(strings.Split(repotest.Run(t, ".", docker, "port", id, "6379/tcp"), "\n")[0])
	env := []string{"PATH=" + onlyProgram(t, docker), "HOME=" + t.TempDir(), "REDIS_URL=redis://:" + password + "@" + addr}
	wait.ForSuccess(t, func() error {
		_, err := exec.Command(docker, "exec", "--env", "REDISCLI_AUTH="+password, id, "redis-cli", "ping").Output()
		return err
	})

	if got := reply(t, env, "echo", "two  words"); got != "two  words\n" {
		t.Errorf("got %q", got)
	}
	// Inside the container, Redis uses its own port.
	cli := startCLI(t, "6379", env)
	repotest.WantText(t, cli.answer("ping"), "PONG")
	processes := repotest.Run(t, ".", "ps", "-eo", "args")
	repotest.WantText(t, processes, "exec --interactive --tty --env REDISCLI_AUTH "+id[:12])
	// The test itself passes the password to the server as an argument.
	for line := range strings.Lines(processes) {
		if strings.Contains(line, password) && !strings.Contains(line, "requirepass") {
			t.Errorf("the password is in the arguments: %s", line)
		}
	}
	if strings.Contains(cli.text(), password) {
		t.Errorf("the password is on the screen:\n%s", cli.text())
	}
}

// provideCLI copies this machine's redis-cli and its libraries into a container
// that has none.
func provideCLI(t *testing.T, docker, id string) {
	t.Helper()
	if exec.Command(docker, "exec", id, "redis-cli", "--version").Run() == nil {
		return
	}
	program, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Skip("NOT tested: redis-cli in a container, because neither the image nor this machine has one")
	}
	for _, match := range regexp.MustCompile(`(/\S+) \(0x`).FindAllStringSubmatch(repotest.Run(t, ".", "ldd", program), -1) {
		repotest.Run(t, ".", docker, "cp", "--follow-link", match[1], id+":"+match[1])
	}
	repotest.Run(t, ".", docker, "cp", "--follow-link", program, id+":/usr/local/bin/redis-cli")
}
