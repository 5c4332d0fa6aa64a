//go:build !windows

package main_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
)

// The two that a learner may get: the real one, and the workshop's own where
// there is no other.
const (
	realCLI = "real"
	ownCLI  = "own"
)

// cliKinds gives the environment for each of the two.
func cliKinds(t *testing.T, redisURL string) map[string][]string {
	t.Helper()
	common := []string{"REDIS_URL=" + redisURL, "HOME=" + t.TempDir()}
	kinds := map[string][]string{ownCLI: append([]string{"PATH=" + t.TempDir()}, common...)}
	program, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Log("NOT tested: the real redis-cli, which is not on the PATH. Debian: apt-get install redis-tools; macOS: brew install redis")
		return kinds
	}
	kinds[realCLI] = append([]string{"PATH=" + onlyProgram(t, program)}, common...)
	return kinds
}

// onlyProgram is a folder for the PATH that has nothing but the program.
func onlyProgram(t *testing.T, program string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(program, filepath.Join(dir, filepath.Base(program))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// wantEnd waits until it has ended, which must be with status 0.
func (c *redisCLI) wantEnd() {
	c.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- c.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			c.t.Errorf("cli ended with %v:\n%s", err, c.text())
		}
	case <-time.After(5 * time.Minute):
		c.t.Fatalf("cli does not end:\n%s", c.text())
	}
}

// slow is what redis-cli adds to an answer that took long.
var slow = regexp.MustCompile(`\(\d+\.\d\ds\)\n`)

// answer types a line, and returns what is printed up to the next prompt, and
// what that says of the database and of MULTI.
func (c *redisCLI) answer(line string) string {
	c.t.Helper()
	answer := c.ask(line, `(?s)^[^\n]*\n((?:.*\n)?[^\n]*:\d+(?:\[\d+\])?(?:\(TX\))?> )$`)
	return slow.ReplaceAllString(answer, "")
}

// pipe runs the command with an input and returns its output.
func pipe(t *testing.T, env []string, input string, words ...string) string {
	t.Helper()
	cmd := exec.Command(workshop, append([]string{"cli"}, words...)...)
	cmd.Env, cmd.Stdin = env, strings.NewReader(input)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		t.Errorf("cli %q: %v\n%s", words, err, output.String())
	}
	return output.String()
}

// TestCLIKeepsThePasswordToItself also shows that user and database arrive.
func TestCLIKeepsThePasswordToItself(t *testing.T) {
	const password = "correct-horse-battery"
	server := redistest.StartServer(t)
	if err := server.Client.Do(t.Context(), "ACL", "SETUSER", "learner", "on", ">"+password, "~*", "+@all").Err(); err != nil {
		t.Fatal(err)
	}
	for kind, env := range cliKinds(t, "redis://learner:"+password+"@"+server.Addr+"/2") {
		t.Run(kind, func(t *testing.T) {
			cli := startOnTerminal(t, port(server.Addr), env, workshop, "cli")
			wantText(t, cli.answer("client info"), " db=2 ", " user=learner ")
			processes, err := exec.Command("ps", "-eo", "args").Output()
			if err != nil {
				t.Fatalf("ps, which lists the processes: %v", err)
			}
			if kind == realCLI {
				wantText(t, string(processes), "redis-cli -h 127.0.0.1 -p "+port(server.Addr))
			}
			cli.answer("nosuch")
			for where, text := range map[string]string{"the arguments of the processes": string(processes), "the screen": cli.text()} {
				if strings.Contains(text, password) {
					t.Errorf("the password is in %s", where)
				}
			}
		})
	}
}

func TestCLISpeaksTLS(t *testing.T) {
	// Only its certificate is wanted, which is for 127.0.0.1.
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	key, err := x509.MarshalPKCS8PrivateKey(web.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, certFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})))
	write(t, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	tlsPort := port(freeAddress(t))
	redistest.StartServer(t, "--tls-port", tlsPort, "--tls-cert-file", certFile, "--tls-key-file", keyFile,
		"--tls-ca-cert-file", certFile, "--tls-auth-clients", "no")
	for kind, env := range cliKinds(t, "rediss://127.0.0.1:"+tlsPort+"?skip_verify=true") {
		t.Run(kind, func(t *testing.T) {
			if got := pipe(t, env, "", "ping"); got != "PONG\n" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestCLIFollowsACluster(t *testing.T) {
	testall.Only(t)
	cluster := redistest.StartCluster(t, 3, 0)
	env, found := cliKinds(t, "redis://"+cluster.Addrs[0])[realCLI]
	if !found {
		t.Skip("NOT tested: a cluster, which the small prompt does not follow")
	}
	// Three keys of the three thirds of a cluster's slots.
	got := pipe(t, append(env, "REDIS_CLUSTER=true"), "set workshop:test:a 1\nset workshop:test:b 2\nset workshop:test:e 3\n"+
		"get workshop:test:a\nget workshop:test:b\nget workshop:test:e\n")
	got = regexp.MustCompile(`-> Redirected to slot \[\d+\] located at 127\.0\.0\.1:\d+\n`).ReplaceAllString(got, "-> ")
	if got != "-> OK\n-> OK\n-> OK\n1\n-> 2\n-> 3\n" {
		t.Errorf("got %q", got)
	}
}

func TestTheSmallPrompt(t *testing.T) {
	server := redistest.StartServer(t)
	env := cliKinds(t, server.URL)[ownCLI]
	if got := pipe(t, env, "", "echo", "two words"); got != "two words\n" {
		t.Errorf("got %q", got)
	}
	cli := startOnTerminal(t, port(server.Addr), env, workshop, "cli")
	wantText(t, cli.text(), "has no redis-cli")
	wantText(t, cli.answer("echo two"), `"two"`)
	// Ctrl+D, without Enter.
	if _, err := cli.terminal.Write([]byte{4}); err != nil {
		t.Fatal(err)
	}
	cli.wantEnd()
}

// TestCLIEndsWhenACommandWaits types Ctrl+C while Redis has not answered yet.
func TestCLIEndsWhenACommandWaits(t *testing.T) {
	server := redistest.StartServer(t)
	cli := startOnTerminal(t, port(server.Addr), cliKinds(t, server.URL)[ownCLI], workshop, "cli")
	cli.send("blpop workshop:test:nothing 0")
	eventually(t, func() error {
		if info := server.Client.Info(t.Context(), "clients").Val(); !strings.Contains(info, "blocked_clients:1") {
			return fmt.Errorf("nobody waits: %s", info)
		}
		return nil
	})
	if _, err := cli.terminal.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	cli.wantEnd()
}

func TestCLIWithoutARedisSaysWhatToDo(t *testing.T) {
	addr := freeAddress(t)
	for _, command := range []string{"cli", "monitor"} {
		output, status := run(t, ".", []string{"REDIS_URL=redis://:geheim@" + addr}, command)
		wantText(t, output, "REDIS_URL", addr, "connection refused", "make redis")
		if status != 1 || strings.Contains(output, "geheim") {
			t.Errorf("%s: status %d, output %q", command, status, output)
		}
	}
}

func TestCLIWithoutSettingsAndWithoutARedisSaysWhatToDo(t *testing.T) {
	if !alone(t) {
		return
	}
	for _, command := range []string{"cli", "monitor"} {
		output, status := run(t, ".", nil, command)
		wantText(t, output, "no Redis answers on 127.0.0.1:6379", "make redis", "REDIS_URL=redis://127.0.0.1:PORT make cli")
		if status != 1 {
			t.Errorf("%s: status %d", command, status)
		}
	}
}

// TestCLIInTheContainer finds the redis-cli in the container of the Redis that
// REDIS_URL names, where the machine itself has none.
func TestCLIInTheContainer(t *testing.T) {
	testall.Only(t)
	docker, image := findImage(t)
	const password = "correct-horse-battery"
	id := strings.TrimSpace(output(t, docker, "run", "--detach", "--publish", "127.0.0.1::6379", image,
		"redis-server", "--requirepass", password, "--save", ""))
	release, err := launch.Lifeline(docker, "rm", "--force", "--volumes", id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		output(t, docker, "rm", "--force", "--volumes", id)
		release()
	})
	provideCLI(t, docker, id)
	addr := strings.TrimSpace(strings.Split(output(t, docker, "port", id, "6379/tcp"), "\n")[0])
	env := []string{"PATH=" + onlyProgram(t, docker), "HOME=" + t.TempDir(), "REDIS_URL=redis://:" + password + "@" + addr}
	eventually(t, func() error {
		_, err := exec.Command(docker, "exec", "--env", "REDISCLI_AUTH="+password, id, "redis-cli", "ping").Output()
		return err
	})

	if got := pipe(t, env, "", "echo", "two  words"); got != "two  words\n" {
		t.Errorf("got %q", got)
	}
	if got := pipe(t, env, "echo \"from a script\"\n"); got != "from a script\n" {
		t.Errorf("got %q", got)
	}
	// Inside, Redis is on its own port.
	cli := startOnTerminal(t, "6379", env, workshop, "cli")
	wantText(t, cli.answer("ping"), "PONG")
	processes := output(t, "ps", "-eo", "args")
	wantText(t, processes, "exec --interactive --tty --env REDISCLI_AUTH "+id[:12])
	// The test itself gives the server its password as an argument.
	for line := range strings.Lines(processes) {
		if strings.Contains(line, password) && !strings.Contains(line, "requirepass") {
			t.Errorf("the password is in the arguments: %s", line)
		}
	}
	if strings.Contains(cli.text(), password) {
		t.Errorf("the password is on the screen:\n%s", cli.text())
	}
}

func findImage(t *testing.T) (docker, image string) {
	t.Helper()
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Skip("NOT tested: redis-cli in a container, because docker was not found")
	}
	images := []string{"redis:8-alpine", "session-workshop-redis"}
	if named := os.Getenv("REDIS_IMAGE"); named != "" {
		images = []string{named}
	}
	for _, image := range images {
		if exec.Command(docker, "image", "inspect", image).Run() == nil {
			return docker, image
		}
	}
	t.Skipf("NOT tested: redis-cli in a container, because Docker does not answer, or has none of the images %v", images)
	return "", ""
}

// provideCLI puts this machine's redis-cli, and the libraries it needs, into a
// container that has none.
func provideCLI(t *testing.T, docker, id string) {
	t.Helper()
	if exec.Command(docker, "exec", id, "redis-cli", "--version").Run() == nil {
		return
	}
	program, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Skip("NOT tested: redis-cli in a container, because neither the image nor this machine has one")
	}
	for _, match := range regexp.MustCompile(`(/\S+) \(0x`).FindAllStringSubmatch(output(t, "ldd", program), -1) {
		output(t, docker, "cp", "--follow-link", match[1], id+":"+match[1])
	}
	output(t, docker, "cp", "--follow-link", program, id+":/usr/local/bin/redis-cli")
}

func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	text, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, text)
	}
	return string(text)
}
