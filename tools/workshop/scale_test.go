package main_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
)

const (
	proxyLine   = `is running: (http://127\.0\.0\.1:\d+)\n`
	serverLines = `Server: (127\.0\.0\.1:\d+), process (\d+)`
)

// cluster is `workshop scale`, running.
type cluster struct {
	*process
	home string
	// pids are the servers' processes by address, as announced at the start.
	pids map[string]int
}

func startScale(t *testing.T, env []string, args ...string) *cluster {
	t.Helper()
	c := &cluster{process: start(t, repository, append([]string{"PORT=0"}, env...), append([]string{"scale"}, args...)...)}
	c.home = c.waitFor(proxyLine, 1)
	c.waitFor("Stop all: (Ctrl)", 1)
	c.pids = map[string]int{}
	for _, match := range regexp.MustCompile(serverLines).FindAllStringSubmatch(c.said(), -1) {
		c.pids[match[1]], _ = strconv.Atoi(match[2])
	}
	return c
}

// kill ends the server at addr as `kill -9` does.
func (c *cluster) kill(addr string) {
	c.t.Helper()
	server, err := os.FindProcess(c.pids[addr])
	if err != nil {
		c.t.Fatal(err)
	}
	if err := server.Signal(syscall.SIGKILL); err != nil {
		c.t.Fatalf("kill %s, process %d: %v", addr, c.pids[addr], err)
	}
}

func (c *cluster) waitForReturn(addr string) {
	c.t.Helper()
	pid, _ := strconv.Atoi(c.waitFor(regexp.QuoteMeta(addr)+` is back: process (\d+)\.`, 1))
	if pid == c.pids[addr] {
		c.t.Errorf("%s is back with the process number that was killed, %d", addr, pid)
	}
	c.pids[addr] = pid
}

// embeddedRedis is one that a test's servers share and no server hosts.
func embeddedRedis(t *testing.T) (setting string) {
	t.Helper()
	return "REDIS_URL=redis://" + start(t, ".", nil, "redis", "-port", "0").waitFor(`running on (\S+)\. `, 1)
}

// page is what one visit showed.
type page struct {
	status int
	text   string
	server string // the address that it was served by
	visits int    // 0 where it has no number
}

var (
	servedBy = regexp.MustCompile(`Served by (127\.0\.0\.1:\d+), process`)
	visits   = regexp.MustCompile(`Visits: (\d+)`)
)

func read(response *http.Response) (page, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	text := spaces.ReplaceAllString(tags.ReplaceAllString(string(body), ""), " ")
	p := page{status: response.StatusCode, text: text}
	if match := servedBy.FindStringSubmatch(text); match != nil {
		p.server = match[1]
	}
	if match := visits.FindStringSubmatch(text); match != nil {
		p.visits, _ = strconv.Atoi(match[1])
	}
	return p, err
}

// ask sends a request with further headers, in pairs of name and value.
func (b *browser) ask(method, address string, body url.Values, headers ...string) page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(body.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	p, err := read(response)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *browser) page(address string) page {
	b.t.Helper()
	return b.ask(http.MethodGet, address, nil)
}

// loginPage is the page that follows a login.
func (b *browser) loginPage(home, username string) page {
	b.t.Helper()
	return b.ask(http.MethodPost, home+"/login", url.Values{"username": {username}})
}

func TestScaleOneSessionOnTwoServers(t *testing.T) {
	redistest.One(t, func(t *testing.T, r *redistest.Redis) {
		c := startScale(t, []string{"REDIS_URL=" + r.URL}, "4")
		if len(c.pids) != 2 {
			t.Fatalf("servers %v, want two:\n%s", c.pids, c.said())
		}
		visitor := newBrowser(t)
		last := visitor.loginPage(c.home, "aaa")
		alternate(t, c, visitor, last, 6)
		key := sessionKey(visitor, c.home)
		t.Cleanup(func() { r.Client.Del(t.Context(), key) })

		victim := last.server
		load := startLoad(t, c.home, visitor.client.Jar)
		load.waitForAnswers(50)
		c.kill(victim)
		c.waitFor(victim+` is gone: process (\d+) has ended`, 1)
		load.waitForAnswers(50)
		load.stop()
		load.check(t, 6+1, count(t, r.Client, key))

		t.Log("the server that was killed is left out")
		left := visitor.page(c.home)
		for range 3 {
			next := visitor.page(c.home)
			if next.server == victim || next.server != left.server || next.visits != left.visits+1 {
				t.Errorf("after %+v came %+v, and %s is dead", left, next, victim)
			}
			left = next
		}

		c.waitForReturn(victim)
		alternate(t, c, visitor, visitor.page(c.home), 6)
		c.stop()
	})
}

// alternate visits n pages after a first one: each from another server than
// the one before it, and with the next number.
func alternate(t *testing.T, c *cluster, visitor *browser, first page, n int) {
	t.Helper()
	last := first
	for range n {
		next := visitor.page(c.home)
		if next.server == "" || next.server == last.server || next.visits != last.visits+1 {
			t.Fatalf("visit %d from %s was followed by visit %d from %q: %s", last.visits, last.server, next.visits, next.server, next.text)
		}
		if c.pids[next.server] == 0 {
			t.Errorf("%s is none of the servers %v", next.server, c.pids)
		}
		wantText(t, next.text, "Logged in as aaa.", fmt.Sprint("process ", c.pids[next.server]))
		last = next
	}
}

// sessionKey asks the panel, since the cookie holds only a token.
func sessionKey(visitor *browser, home string) string {
	visitor.t.Helper()
	looked := visitor.ask(http.MethodGet, home+"/under-the-hood", nil, "Sec-Fetch-Mode", "cors")
	key := regexp.MustCompile(`workshop:session:[0-9a-f]{64}`).FindString(looked.text)
	if key == "" {
		visitor.t.Fatalf("no key in %s", looked.text)
	}
	return key
}

func count(t *testing.T, client redis.UniversalClient, key string) int {
	t.Helper()
	n, err := client.HGet(t.Context(), key, "visits").Int()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	loadWorkers = 8
	// loadLimit bounds the whole load. It is never reached in a good run.
	loadLimit = 5000
)

// load is one visitor with many tabs that reload without end.
type load struct {
	t        *testing.T
	answered atomic.Int64
	sent     atomic.Int64
	ended    atomic.Bool
	workers  sync.WaitGroup

	mu      sync.Mutex
	numbers []int
	broken  []string
}

// startLoad shares nothing but the cookies with the visitor, whose jar the
// proxy's cookie must not confuse.
func startLoad(t *testing.T, home string, jar http.CookieJar) *load {
	l := &load{t: t}
	for range loadWorkers {
		l.workers.Go(func() {
			client := http.Client{Jar: jar, Timeout: 5 * time.Minute}
			for !l.ended.Load() && l.sent.Add(1) <= loadLimit {
				l.visit(&client, home)
			}
		})
	}
	t.Cleanup(l.stop)
	return l
}

func (l *load) visit(client *http.Client, home string) {
	response, err := client.Get(home)
	var p page
	if err == nil {
		p, err = read(response)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.broken = append(l.broken, err.Error())
	case p.status != http.StatusOK || p.visits == 0:
		l.broken = append(l.broken, fmt.Sprint(p.status, " ", p.text))
	default:
		l.numbers = append(l.numbers, p.visits)
		l.answered.Add(1)
	}
}

// waitForAnswers waits for n more answers.
func (l *load) waitForAnswers(n int64) {
	l.t.Helper()
	enough := l.answered.Load() + n
	eventually(l.t, func() error {
		if now := l.answered.Load(); now < enough {
			return fmt.Errorf("%d answers under load, want %d", now, enough)
		}
		return nil
	})
}

func (l *load) stop() {
	l.ended.Store(true)
	l.workers.Wait()
}

// check compares the pages with what Redis counted; before is the count from
// before the load.
func (l *load) check(t *testing.T, before, counted int) {
	t.Helper()
	answered, broken := len(l.numbers), len(l.broken)
	t.Logf("%d pages answered, %d broken, %d counted", answered, broken, counted-before)
	slices.Sort(l.numbers)
	if unique := len(slices.Compact(slices.Clone(l.numbers))); unique != answered {
		t.Errorf("%d pages show %d different numbers", answered, unique)
	}
	if l.sent.Load() > loadLimit {
		t.Errorf("more than %d requests were needed", loadLimit)
	}
	// A worker has one request under way, and one server was killed once.
	if broken > loadWorkers {
		t.Errorf("%d requests were broken, of at most %d in flight: %q", broken, loadWorkers, l.broken)
	}
	for _, what := range l.broken {
		if !strings.HasPrefix(what, "502 ") && !strings.Contains(what, "EOF") {
			t.Errorf("a request got neither an answer nor an honest end: %s", what)
		}
	}
	if n := counted - before; n < answered || n > answered+broken {
		t.Errorf("Redis counted %d visits for %d pages and %d broken requests", n, answered, broken)
	}
}

func TestScaleSendsWhatAPageLoadsToItsServer(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	c := startScale(t, []string{embeddedRedis(t)}, "-n", "3")
	visitor, other := newBrowser(t), newBrowser(t)
	visitor.loginPage(c.home, "aaa")
	seen := map[string]bool{}
	for range 3 {
		shown := visitor.ask(http.MethodGet, c.home, nil, "Sec-Fetch-Mode", "navigate")
		seen[shown.server] = true
		// Somebody else has the next turn: the last one is not always ours.
		other.page(c.home)
		for _, mode := range []string{"cors", "no-cors", "same-origin", "cors"} {
			if loaded := visitor.ask(http.MethodGet, c.home, nil, "Sec-Fetch-Mode", mode); loaded.server != shown.server {
				t.Errorf("%s served the page, and %s what it loaded (Sec-Fetch-Mode: %s)", shown.server, loaded.server, mode)
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("three pages came from %v, want three servers: what a page loads must take no turn", seen)
	}

	t.Log("when the server of the page is dead, another one answers")
	shown := visitor.page(c.home)
	c.kill(shown.server)
	c.waitFor(shown.server+" is gone: (process)", 1)
	if loaded := visitor.ask(http.MethodGet, c.home, nil, "Sec-Fetch-Mode", "cors"); loaded.status != 200 || loaded.server == shown.server {
		t.Errorf("got %+v", loaded)
	}
	c.stop()
}

func TestScaleCookieOfTheProxy(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	c := startScale(t, nil, "1")
	response, err := http.Get(c.home)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	for _, cookie := range response.Cookies() {
		if !strings.HasPrefix(cookie.Name, "workshop_") || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" {
			t.Errorf("the cookie is %s", cookie)
		}
	}
	if response.StatusCode != http.StatusOK || len(response.Cookies()) != 1 {
		t.Errorf("got %s with the cookies %v, want 200 and one cookie", response.Status, response.Cookies())
	}
	c.stop()
}

func TestScaleKeepsTheHostHeader(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	c := startScale(t, []string{embeddedRedis(t)})
	aaa := url.Values{"username": {"aaa"}}
	for _, other := range [][]string{
		{"Origin", "http://evil.example"},
		{"Origin", "http://127.0.0.1:1"},
		{"Origin", c.home, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"},
	} {
		visitor := newBrowser(t)
		if got := visitor.ask(http.MethodPost, c.home+"/login", aaa, other...); got.status != http.StatusForbidden {
			t.Errorf("a form from another site (%v) got %d: %s", other, got.status, got.text)
		}
		wantText(t, visitor.page(c.home).text, "You are not logged in")
	}
	// Without Sec-Fetch-Site the servers can only compare Origin with Host.
	for _, own := range [][]string{
		{"Origin", c.home},
		{"Origin", c.home, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate"},
	} {
		got := newBrowser(t).ask(http.MethodPost, c.home+"/login", aaa, own...)
		if got.status != http.StatusOK || got.visits != 1 {
			t.Errorf("our own form (%v) got %d: %s", own, got.status, got.text)
		}
	}
	c.stop()
}

// The failure comes first: what the workshop is against.
func TestScaleMemoryForgets(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	c := startScale(t, nil, "memory")
	wantText(t, c.said(), "wrong on purpose", "Redis: not used")
	visitor := newBrowser(t)
	pages := []page{visitor.loginPage(c.home, "aaa")}
	for range 3 {
		pages = append(pages, visitor.page(c.home))
	}
	for i, want := range []int{1, 1, 2, 2} {
		if pages[i].visits != want {
			t.Errorf("visit %d shows Visits: %d, want %d: %s", i+1, pages[i].visits, want, pages[i].text)
		}
	}

	victim := pages[3].server
	c.kill(victim)
	c.waitForReturn(victim)
	var again page
	for range 2 {
		if p := visitor.page(c.home); p.server == victim {
			again = p
		}
	}
	wantText(t, again.text, "Logged in as aaa.")
	if again.visits != 1 {
		t.Errorf("the server that was killed shows Visits: %d, want 1: %s", again.visits, again.text)
	}
	c.stop()
}

func TestScaleStep1KeepsTheLogin(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	c := startScale(t, nil, "1")
	visitor := newBrowser(t)
	seen := map[string]bool{visitor.loginPage(c.home, "aaa").server: true}
	for range 4 {
		p := visitor.page(c.home)
		seen[p.server] = true
		wantText(t, p.text, "Logged in as aaa")
	}
	if len(seen) != 2 {
		t.Errorf("pages came from %v, want two servers", seen)
	}
	c.stop()
}

// Without REDIS_URL the Redis is in the process of the proxy, or was there
// before: it is in none of the servers, and so outlives them all.
func TestScaleWithoutSettings(t *testing.T) {
	testall.Only(t)
	if !alone(t) {
		return
	}
	c := startScale(t, nil)
	wantText(t, c.said(), "step4-store on 2 servers", "Redis: ", "SESSION_TTL is 10m")
	name := "scale" + port(strings.TrimPrefix(c.home, "http://"))
	visitor := newBrowser(t)
	first := visitor.loginPage(c.home, name)
	for addr := range c.pids {
		c.kill(addr)
	}
	for addr := range c.pids {
		c.waitFor(addr+" is gone: (process)", 1)
	}
	if got := visitor.page(c.home); got.status != http.StatusServiceUnavailable {
		t.Errorf("with all servers dead the page is %d: %s", got.status, got.text)
	}
	for addr := range c.pids {
		c.waitForReturn(addr)
	}
	if again := visitor.page(c.home); again.visits != first.visits+1 {
		t.Errorf("after %+v came %+v", first, again)
	}
	c.stop()
}

func TestScaleLeavesNoProcess(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	for name, end := range map[string]func(c *cluster){
		"interrupt": (*cluster).endByInterrupt,
		"while a server is down": func(c *cluster) {
			for addr := range c.pids {
				c.kill(addr)
				c.waitFor(addr+" is gone: (process)", 1)
				break
			}
			c.endByInterrupt()
		},
		"Ctrl+C on a terminal, which reaches all": func(c *cluster) {
			for _, pid := range c.pids {
				if server, err := os.FindProcess(pid); err == nil {
					_ = server.Signal(syscall.SIGINT)
				}
			}
			c.endByInterrupt()
		},
		"killed": func(c *cluster) {
			_ = c.cmd.Process.Kill()
			<-c.done
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// What the whole family of processes has in its environment.
			mark := "WORKSHOP_SCALE_TEST=" + strings.ReplaceAll(t.Name(), " ", "-")
			tmp := t.TempDir()
			c := startScale(t, []string{mark, "TMPDIR=" + tmp, embeddedRedis(t)}, "-n", "3")
			if len(marked(t, mark)) < 4 {
				t.Fatal("the proxy and three servers run, and the test does not find them")
			}
			end(c)
			eventually(t, func() error {
				if left := marked(t, mark); len(left) > 0 {
					return fmt.Errorf("still running: %q", left)
				}
				for addr := range c.pids {
					if isTaken(addr) {
						return fmt.Errorf("somebody answers on %s", addr)
					}
				}
				return nil
			})
			if left, _ := filepath.Glob(filepath.Join(tmp, "*")); name != "killed" && len(left) > 0 {
				t.Errorf("files are left: %q", left)
			}
		})
	}
}

func (c *cluster) endByInterrupt() {
	c.t.Helper()
	c.stop()
	wantText(c.t, c.said(), "All servers have stopped.")
	if strings.Contains(c.said(), "ended badly") || strings.Contains(c.said(), "is back") {
		c.t.Errorf("the output is:\n%s", c.said())
	}
}

// marked lists the processes that have a line in their environment. Where the
// system does not tell, the servers' ports have to do.
func marked(t *testing.T, line string) []string {
	t.Helper()
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	if len(files) == 0 {
		t.Skip("NOT tested: that no process is left. This system has no /proc")
	}
	var found []string
	for _, file := range files {
		environment, err := os.ReadFile(file)
		if err != nil || !slices.Contains(strings.Split(string(environment), "\x00"), line) {
			continue
		}
		command, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		found = append(found, strings.ReplaceAll(string(command), "\x00", " "))
	}
	return found
}

func TestScaleRefuses(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	broken := checkout(t, "step4-store")
	change(t, filepath.Join(broken, "step4-store", "main.go"), "func run() error {", "func run() error {\n\tundefinedName()")
	for _, c := range []struct {
		name, dir, env, args string
		want                 []string
	}{
		{"no such step", repository, "PORT=0", "7", []string{"there is no step 7", "1 to 4, memory"}},
		{"no such folder", repository, "PORT=0", "nowhere", []string{"there is no step nowhere"}},
		{"no server", repository, "PORT=0", "-n 0 1", []string{"0 servers", "1 to 9"}},
		{"too many servers", repository, "PORT=0", "-n 10 1", []string{"10 servers", "1 to 9"}},
		{"too much", repository, "PORT=0", "1 2", []string{`"2" is one setting too many`}},
		{"outside", os.TempDir(), "PORT=0", "4", []string{"run this inside the workshop's folder"}},
		{"port taken", repository, "PORT=" + port(taken.Addr().String()), "1", []string{"PORT: " + port(taken.Addr().String()), "answers there already", "choose another"}},
		{"no port", repository, "PORT=seven", "1", []string{"PORT:", `"seven" is not a port`}},
		{"no Redis there", repository, "REDIS_URL=redis://127.0.0.1:1", "2", []string{"the server on 127.0.0.1:", "REDIS_URL:", "connection refused"}},
		{"does not compile", broken, "PORT=0", "4", []string{"does not compile", "undefined: undefinedName"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := []string{"PORT=0", c.env}
			output, status := run(t, c.dir, env, append([]string{"scale"}, strings.Fields(c.args)...)...)
			if status != 1 {
				t.Errorf("status %d, want 1", status)
			}
			wantText(t, output, c.want...)
			if strings.Contains(output, "running: http") && c.name != "no Redis there" {
				t.Errorf("something was started:\n%s", output)
			}
		})
	}
}
