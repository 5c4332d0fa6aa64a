package scale

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/tools/internal/netns"
	"example.com/session-workshop/tools/internal/repotest"
)

const repository = "../../.."

// cluster is a running fleet.
type cluster struct {
	*repotest.Running
	home string
	// pids are the process numbers of the servers, by address.
	pids map[string]int
}

// run runs a fleet in the background.
func run(t *testing.T, dir string, servers int) *cluster {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// Fleet.Run sets GOWORK=off for a program that is not in a workspace.
	t.Setenv("GOWORK", "")
	return &cluster{home: "http://" + listener.Addr().String(), pids: map[string]int{},
		Running: repotest.Go(t, func(ctx context.Context, r *repotest.Running) error {
			defer listener.Close()
			return (&Fleet{Dir: dir, Servers: servers, RestartAfter: 200 * time.Millisecond, Out: r}).Run(ctx, listener)
		})}
}

func start(t *testing.T, dir string, servers int) *cluster {
	t.Helper()
	c := run(t, dir, servers)
	c.WaitFor("Stop all: (Ctrl)")
	for _, match := range regexp.MustCompile(`Server: (127\.0\.0\.1:\d+), process (\d+)\. Kill it: .* (\d+)\n`).FindAllStringSubmatch(c.String(), -1) {
		c.pids[match[1]], _ = strconv.Atoi(match[2])
		if match[2] != match[3] {
			t.Errorf("the command would kill another process: %s", match[0])
		}
	}
	if len(c.pids) != servers {
		t.Fatalf("the servers are %v, want %d:\n%s", c.pids, servers, c)
	}
	return c
}

// kill kills the server at addr, as `kill -9` does.
func (c *cluster) kill(addr string) {
	c.T.Helper()
	server, err := os.FindProcess(c.pids[addr])
	if err == nil {
		err = server.Kill()
	}
	if err != nil {
		c.T.Fatalf("kill %s, process %d: %v", addr, c.pids[addr], err)
	}
	c.WaitFor(fmt.Sprintf("%s is gone: (process) %d has ended", addr, c.pids[addr]))
}

func (c *cluster) waitForReturn(addr string) {
	c.T.Helper()
	pid, _ := strconv.Atoi(c.WaitFor(regexp.QuoteMeta(addr) + ` is back: process (\d+)\.`))
	if pid == c.pids[addr] {
		c.T.Errorf("%s is back with the process number that was killed, %d", addr, pid)
	}
	c.pids[addr] = pid
}

// page is what one visit showed.
type page struct {
	text   string
	server string // the address of the server that made it
	visits int    // 0 if the page shows no number
}

var (
	servedBy = regexp.MustCompile(`Served by (127\.0\.0\.1:\d+), process`)
	visits   = regexp.MustCompile(`Visits: (\d+)`)
)

func parse(text string) page {
	p := page{text: text}
	if match := servedBy.FindStringSubmatch(text); match != nil {
		p.server = match[1]
	}
	if match := visits.FindStringSubmatch(text); match != nil {
		p.visits, _ = strconv.Atoi(match[1])
	}
	return p
}

func TestOneSessionOnTwoServers(t *testing.T) {
	redistest.One(t, func(t *testing.T, redis *redistest.Redis) {
		t.Setenv("REDIS_URL", redis.URL)
		c := start(t, filepath.Join(repository, "step4-store"), 2)
		visitor := repotest.NewVisitor(t)
		last := parse(visitor.Login(c.home, "aaa").Text)
		c.alternate(visitor, last, 6)
		// The cookie contains only a token. The panel shows the key.
		key := regexp.MustCompile(`workshop:session:[0-9a-f]{64}`).FindString(visitor.Get(c.home + "/under-the-hood").Text)
		t.Cleanup(func() { redis.Client.Del(context.Background(), key) })

		load := startLoad(t, c.home, visitor.Jar)
		load.waitForAnswers(50)
		c.kill(last.server)
		load.waitForAnswers(50)
		load.stop()
		counted, err := redis.Client.HGet(t.Context(), key, "visits").Int()
		if err != nil {
			t.Fatal(err)
		}
		load.check(counted - 7)

		c.waitForReturn(last.server)
		c.alternate(visitor, parse(visitor.Get(c.home).Text), 6)
	})
}

// alternate loads n pages after a first one. Each must come from another server
// than the page before it, with the next number.
func (c *cluster) alternate(visitor *repotest.Visitor, last page, n int) {
	c.T.Helper()
	for range n {
		next := parse(visitor.Get(c.home).Text)
		if next.server == last.server || next.visits != last.visits+1 || !strings.Contains(next.text, "Logged in as aaa.") ||
			!strings.Contains(next.text, fmt.Sprintf("process %d", c.pids[next.server])) {
			c.T.Fatalf("visit %d from %s was followed by visit %d from %q: %s", last.visits, last.server, next.visits, next.server, next.text)
		}
		last = next
	}
}

const (
	loadWorkers = 8
	// loadLimit limits the time of the whole load. A good run never reaches it.
	loadLimit = 5000
)

// load is one visitor with many tabs that reload continuously.
type load struct {
	t       *testing.T
	ended   atomic.Bool
	workers sync.WaitGroup

	mu      sync.Mutex
	numbers map[string]bool
	broken  []string
}

func startLoad(t *testing.T, home string, jar http.CookieJar) *load {
	l := &load{t: t, numbers: map[string]bool{}}
	for range loadWorkers {
		l.workers.Go(func() {
			client := http.Client{Jar: jar, Timeout: 5 * time.Minute}
			for range loadLimit / loadWorkers {
				if !l.ended.Load() {
					l.visit(client.Get(home))
				}
			}
		})
	}
	t.Cleanup(l.stop)
	return l
}

func (l *load) visit(response *http.Response, err error) {
	var text []byte
	if err == nil {
		text, err = io.ReadAll(response.Body)
		response.Body.Close()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	match := visits.FindSubmatch(text)
	switch {
	case err != nil:
		l.broken = append(l.broken, err.Error())
	case response.StatusCode != http.StatusOK || match == nil:
		l.broken = append(l.broken, fmt.Sprintf("%d %s", response.StatusCode, text))
	case l.numbers[string(match[1])]:
		l.t.Errorf("two pages show visit %s", match[1])
	default:
		l.numbers[string(match[1])] = true
	}
}

// waitForAnswers waits for n more answers.
func (l *load) waitForAnswers(n int) {
	l.t.Helper()
	answered := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.numbers)
	}
	enough := answered() + n
	wait.ForSuccess(l.t, func() error {
		if now := answered(); now < enough {
			return fmt.Errorf("%d answers under load, want %d", now, enough)
		}
		return nil
	})
}

func (l *load) stop() {
	l.ended.Store(true)
	l.workers.Wait()
}

// check compares the pages with the visits that Redis has counted in the
// meantime.
func (l *load) check(counted int) {
	l.t.Helper()
	// Each worker has one request in flight, and one server was killed once.
	if len(l.broken) > loadWorkers {
		l.t.Errorf("%d requests were broken, of at most %d in flight: %q", len(l.broken), loadWorkers, l.broken)
	}
	for _, what := range l.broken {
		if !strings.HasPrefix(what, "502 ") && !strings.Contains(what, "EOF") {
			l.t.Errorf("a request got neither an answer nor a 502: %s", what)
		}
	}
	if answered := len(l.numbers); counted < answered || counted > answered+len(l.broken) {
		l.t.Errorf("Redis counted %d visits for %d pages and %d broken requests", counted, answered, len(l.broken))
	}
}

// Without REDIS_URL, Redis is in the process of the proxy, or ran before. It is
// not in a server, and so outlives all of them.
func TestASessionOutlivesAllServers(t *testing.T) {
	testall.Only(t)
	if !netns.Alone(t) {
		return
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	c := start(t, filepath.Join(repository, "step4-store"), 2)
	repotest.WantText(t, c.String(), "step4-store on 2 servers", "Redis: ", "SESSION_TTL is 10m")
	if strings.Contains(c.String(), "Step 4 is running") {
		t.Errorf("it prints the start line of a server, which its own line replaces:\n%s", c)
	}
	visitor := repotest.NewVisitor(t)
	visitor.Login(c.home, "aaa").Wants("Visits: 1")
	for addr := range c.pids {
		c.kill(addr)
	}
	for addr := range c.pids {
		c.waitForReturn(addr)
	}
	visitor.Get(c.home).Wants("Visits: 2")

	// One server is down when all of them stop.
	for addr := range c.pids {
		c.kill(addr)
		break
	}
	c.Stop()
	if c.Err != nil || !strings.HasSuffix(c.String(), "All servers have stopped.\n") || strings.Contains(c.String(), "ended with an error") {
		t.Errorf("it ended with %v:\n%s", c.Err, c)
	}
	for addr := range c.pids {
		if netns.Taken(addr) {
			t.Errorf("a program still answers on %s", addr)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) > 0 {
		t.Errorf("files are left: %q", left)
	}
}

func TestAServerThatCannotStart(t *testing.T) {
	for mistake, want := range map[string][]string{
		"\tundefinedName()\n":         {"this does not compile:", "my-step1/main.go:", "undefined: undefinedName"},
		"\tpanic(\"at the start\")\n": {"the server on 127.0.0.1:", "ended before it was ready", "panic: at the start"},
	} {
		dir := repotest.App(t)
		repotest.Change(t, filepath.Join(dir, "main.go"), "func main() {\n", "func main() {\n"+mistake)
		c := run(t, dir, 2)
		<-c.Ended
		repotest.WantText(t, fmt.Sprint(c.Err), want...)
	}
}

func TestEachLineOfAServerBeginsWithItsAddress(t *testing.T) {
	var out strings.Builder
	p := &process{server: server{addr: "127.0.0.1:5001"}, out: &out}
	fmt.Fprint(p, "Step 3 is running: http://127.0.0.1:5001\nabout")
	p.up.Store(true)
	fmt.Fprint(p, " itself\nlater\n")
	if got := out.String(); got != "127.0.0.1:5001: about itself\n127.0.0.1:5001: later\n" {
		t.Errorf("it prints %q", got)
	}
}

// behind starts n processes of a program behind a proxy.
func behind(t *testing.T, n int, program string) (home string) {
	t.Helper()
	var addrs []string
	for range n {
		app := steptest.Start(t, filepath.Join(repository, program), "PORT=0", "UNDER_THE_HOOD=on")
		addrs = append(addrs, strings.TrimPrefix(app.URL, "http://"))
	}
	return behindProxy(t, addrs...)
}

// This is the failure that the workshop cures.
func TestMemoryIsNotShared(t *testing.T) {
	testall.Only(t)
	home, visitor := behind(t, 2, "step1-no-redis/memory"), repotest.NewVisitor(t)
	got := []int{parse(visitor.Login(home, "aaa").Text).visits}
	for range 3 {
		got = append(got, parse(visitor.Get(home).Text).visits)
	}
	if !slices.Equal(got, []int{1, 1, 2, 2}) {
		t.Errorf("the pages show %v, want 1, 1, 2, 2", got)
	}
}

func TestASignedCookieIsKnownToEachServer(t *testing.T) {
	testall.Only(t)
	home, visitor := behind(t, 2, "step1-no-redis"), repotest.NewVisitor(t)
	from := map[string]bool{}
	for p := parse(visitor.Login(home, "aaa").Text); len(from) < 2; p = parse(visitor.Get(home).Text) {
		if from[p.server] || !strings.Contains(p.text, "Logged in as aaa") {
			t.Fatalf("after pages from %v came %s: %s", from, p.server, p.text)
		}
		from[p.server] = true
	}
}
