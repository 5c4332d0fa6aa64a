package redistest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/launch"
)

// process is a running redis-server child. It ends with this process.
type process struct {
	cmd    *exec.Cmd
	output *bytes.Buffer // read it after done only
	done   chan struct{}
}

// startSharedServer starts the server that the tests of this process share,
// and gives its URL.
func startSharedServer() (string, error) {
	_, address, err := startOnFreePort(os.TempDir())
	return address, err
}

// startOnFreePort starts a server on a port that was free a moment ago. When
// another process took it in between, another port is tried.
func startOnFreePort(dir string, args ...string) (p *process, address string, err error) {
	for range 3 {
		var port int
		if port, err = freePort(); err != nil {
			return nil, "", err
		}
		address = addressOf(port, args)
		if p, err = startProcess(dir, address, args...); err == nil || errors.Is(err, errNoServer) {
			break
		}
	}
	return p, address, err
}

// A node of a cluster also listens on its port + 10000, so its own port must
// leave room for that.
const highestPort = 65535 - 10000

// freePort is a loopback port on which nobody listens.
func freePort() (int, error) {
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		// Held until the end, a port that is too high is not offered again.
		defer listener.Close()
		if port := listener.Addr().(*net.TCPAddr).Port; port <= highestPort {
			return port, nil
		}
	}
}

// addressOf is the URL of a server on a port, with the password that args set.
func addressOf(port int, args []string) string {
	u := url.URL{Scheme: "redis", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	if i := slices.Index(args, "--requirepass"); i >= 0 && i+1 < len(args) {
		u.User = url.UserPassword("", args[i+1])
	}
	return u.String()
}

var errNoServer = errors.New("no redis-server and no valkey-server on the PATH. Install Redis: `apt-get install redis-server` (Debian, Ubuntu), `brew install redis` (macOS)")

func findServer() (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoServer
}

// startProcess starts a server at an address, with its files in dir, and waits
// until it answers. It keeps nothing on disk unless args ask for it.
func startProcess(dir, address string, args ...string) (*process, error) {
	binary, err := findServer()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	own := []string{"--port", u.Port(), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no"}
	p := &process{output: new(bytes.Buffer), done: make(chan struct{})}
	p.cmd = exec.Command(binary, append(own, args...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	release, err := launch.Lifeline("kill", "-KILL", strconv.Itoa(p.cmd.Process.Pid))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("a redis-server of the tests would outlive them: %w", err), p.cmd.Process.Kill(), p.cmd.Wait())
	}
	go p.wait(release)
	if err := p.ready(address); err != nil {
		p.kill()
		return nil, fmt.Errorf("%s: %w. Its output:\n%s", binary, err, p.output)
	}
	return p, nil
}

func (p *process) wait(release func()) {
	// The exit status is of no use: a test ends the server by a signal.
	_ = p.cmd.Wait()
	release()
	close(p.done)
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// ready waits until this very process answers at the address. That somebody
// answers is not enough: another test may have got the port first.
func (p *process) ready(address string) error {
	options, err := parseURL(address)
	if err != nil {
		return err
	}
	client := redis.NewClient(options)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		if p.answersItself(ctx, client) {
			return nil
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-p.done:
			return errors.New("ended before it answered")
		case <-ctx.Done():
			return fmt.Errorf("did not answer at %s within 10 s", options.Addr)
		}
	}
}

func (p *process) answersItself(ctx context.Context, client *redis.Client) bool {
	// go-redis logs each failed attempt, so it is asked only when it will not
	// fail.
	if !answers(client.Options().Addr, time.Second) {
		return false
	}
	info, err := client.Info(ctx, "server").Result()
	return err == nil && strings.Contains(info, fmt.Sprintf("process_id:%d\r\n", p.cmd.Process.Pid))
}
