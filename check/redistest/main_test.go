package redistest

import (
	"bufio"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
)

// TestMain lets a test run this binary again as another process, to kill it or to
// give it another Docker.
func TestMain(m *testing.M) {
	switch os.Getenv("REDISTEST_PROCESS") {
	case "hold":
		hold()
	case "find":
		_, err := findReal()
		fmt.Println(err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// hold starts a server, and a container if it can, prints their addresses and an
// empty line, and runs until it is killed.
func hold() {
	for _, kind := range []string{server, container} {
		if address, err := starters[kind](); err == nil {
			fmt.Println(address)
		}
	}
	fmt.Println()
	select {}
}

func again(process string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "REDISTEST_PROCESS="+process)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	return cmd
}

// A killed test process cleans nothing up. The Redis that it started must end
// nevertheless.
func TestNothingOutlivesAKilledTest(t *testing.T) {
	testall.Only(t)
	StartServer(t) // skips the test without a redis-server, and says so
	holder := again("hold")
	printed, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	var addrs []string
	for lines := bufio.NewScanner(printed); lines.Scan() && lines.Text() != ""; {
		u, err := url.Parse(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		addrs = append(addrs, u.Host)
	}
	t.Logf("started %v", addrs)
	if len(addrs) == 0 {
		t.Fatal("the other process started no Redis")
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	for _, addr := range addrs {
		wait.For(t, "the Redis on "+addr+" has ended with the test that was killed", func() bool { return !listens(addr) })
	}
}

func listens(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// Docker can accept a connection and never answer. On such a machine, without a
// redis-server, findReal must soon return an error.
func TestNoRealRedis(t *testing.T) {
	testall.Only(t)
	socket := filepath.Join(shortDir(t), "docker.sock")
	hung, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer hung.Close()
	finder := again("find", "DOCKER_HOST=unix://"+socket, "PATH="+t.TempDir(), "HOME="+t.TempDir())
	said, err := finder.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Docker does not answer", "no answer within", "docker info", "no redis-server and no valkey-server", "Install Redis"} {
		if !strings.Contains(string(said), want) {
			t.Errorf("findReal says %q, which lacks %q", said, want)
		}
	}
}

// shortDir returns a temporary folder with a short path, because the path of a
// socket may have only about 100 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
