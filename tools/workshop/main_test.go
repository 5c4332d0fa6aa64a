package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/shared/config"
)

// repository is the root of the checkout that is tested.
const repository = "../.."

// workshop and step3 are the built programs.
var workshop, step3 string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	var err error
	for program, source := range map[*string]string{&workshop: ".", &step3: repository + "/step3-ttl"} {
		if *program, err = steptest.Program(source); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	// The machine's own settings must not decide what a test sees.
	for _, name := range config.Variables() {
		os.Unsetenv(name)
	}
	return m.Run()
}

// process is a running command whose output can be waited for.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{}

	mu     sync.Mutex
	output strings.Builder
}

func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// start runs the workshop command in dir, with env added to the environment.
func start(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	return startTyping(t, nil, dir, env, args...)
}

// startTyping is start for a command that somebody types something to.
func startTyping(t *testing.T, typed io.Reader, dir string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(workshop, args...), done: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = typed, p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

// run is start for a command that ends by itself.
func run(t *testing.T, dir string, env []string, args ...string) (output string, status int) {
	t.Helper()
	p := start(t, dir, env, args...)
	p.waitForEnd()
	return p.said(), p.cmd.ProcessState.ExitCode()
}

// waitFor waits until the output matches, and returns the first group of the
// last match.
func (p *process) waitFor(pattern string, times int) string {
	p.t.Helper()
	expression := regexp.MustCompile(pattern)
	var last string
	eventually(p.t, func() error {
		ended := p.hasEnded()
		matches := expression.FindAllStringSubmatch(p.said(), -1)
		if len(matches) < times {
			err := fmt.Errorf("%d times %q in the output, want %d:\n%s", len(matches), pattern, times, p.said())
			if ended {
				p.t.Fatalf("it has ended: %v", err)
			}
			return err
		}
		last = matches[times-1][len(matches[times-1])-1]
		return nil
	})
	return last
}

func (p *process) hasEnded() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop is Ctrl+C. The process must end with status 0.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
	p.waitForEnd()
	if status := p.cmd.ProcessState.ExitCode(); status != 0 {
		p.t.Errorf("status %d after an interrupt, want 0:\n%s", status, p.said())
	}
}

func (p *process) waitForEnd() {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(30 * time.Minute):
		p.t.Fatalf("still running after half an hour:\n%s", p.said())
	}
}

// eventually repeats a check until it holds, for at most ten minutes.
func eventually(t *testing.T, holds func() error) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Minute)
	for {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within ten minutes: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// browser is a visitor with cookies. They ignore ports, so that one browser
// can visit one app on several.
type browser struct {
	t      *testing.T
	client http.Client
}

func newBrowser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, client: http.Client{Jar: jar, Timeout: 5 * time.Minute}}
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

func (b *browser) text(response *http.Response, err error) string {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return spaces.ReplaceAllString(tags.ReplaceAllString(string(page), ""), " ")
}

// visit returns the text of the page.
func (b *browser) visit(address string) string {
	b.t.Helper()
	return b.text(b.client.Get(address))
}

// login returns the text of the page that follows, which counts as a visit.
func (b *browser) login(address, username string) string {
	b.t.Helper()
	return b.text(b.client.PostForm(address+"/login", url.Values{"username": {username}}))
}

func wantText(t *testing.T, got string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener := httptest.NewServer(nil)
	defer listener.Close()
	return listener.Listener.Addr().String()
}
