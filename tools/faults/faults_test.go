// Package faults holds the tests of what people see when things go wrong: the
// real apps, as processes, on a real Redis that is stopped, hung, slow, or
// loses its replies.
package faults

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steptest"
)

// steps are the apps that use Redis.
var steps = []string{"step2-visits", "step3-ttl", "step4-store"}

func eachStep(t *testing.T, run func(t *testing.T, step string)) {
	for _, step := range steps {
		t.Run(step, func(t *testing.T) { run(t, step) })
	}
}

// start runs a step on the Redis at redisURL, with time enough for a test.
func start(t *testing.T, step, redisURL string, env ...string) *launch.App {
	t.Helper()
	return steptest.Start(t, "../../"+step, append(env, "REDIS_URL="+redisURL, "SESSION_TTL=2m")...)
}

// person is somebody with a browser, logged in or not.
type person struct {
	t      *testing.T
	url    string
	client *http.Client
}

// patience is well above the second that the app may take, and well below
// what the client library would take by itself.
const patience = 2500 * time.Millisecond

func visitor(t *testing.T, app *launch.App) *person {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	return &person{t, app.URL, &http.Client{
		Jar: jar, Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 300},
		// A redirect after login would count a visit.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func loggedIn(t *testing.T, app *launch.App) *person {
	t.Helper()
	p := visitor(t, app)
	p.login("aaa")
	return p
}

func (p *person) login(name string) {
	p.t.Helper()
	response, err := p.client.PostForm(p.url+"/login", url.Values{"username": {name}})
	if err != nil {
		p.t.Fatal(err)
	}
	response.Body.Close()
}

func (p *person) visit() (status int, page string) {
	p.t.Helper()
	response, err := p.client.Get(p.url + "/")
	if err != nil {
		p.t.Errorf("a visit: %v", err)
		return 0, ""
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
		p.t.Error("a 503 without Retry-After")
	}
	if cookies := response.Header.Values("Set-Cookie"); len(cookies) > 0 {
		p.t.Errorf("a visit set a cookie: %q", cookies)
	}
	return response.StatusCode, string(body)
}

var count = regexp.MustCompile(`Visits: (\d+)`)

// visits loads the page and returns its count, which must be there.
func (p *person) visits() int {
	p.t.Helper()
	status, page := p.visit()
	match := count.FindStringSubmatch(page)
	if status != http.StatusOK || match == nil {
		p.t.Fatalf("no visits on the page: %d %s", status, page)
	}
	n, _ := strconv.Atoi(match[1])
	return n
}

// mustSeeOutage loads the page, which must say that Redis is away.
func (p *person) mustSeeOutage() {
	p.t.Helper()
	status, page := p.visit()
	if status != http.StatusServiceUnavailable || !strings.Contains(page, "Redis does not answer") || !strings.Contains(page, "not logged out") {
		p.t.Errorf("while Redis is away: %d %s", status, page)
	}
}

// untilWell loads the page until it works again.
func (p *person) untilWell() (page string, tries int) {
	p.t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); tries++ {
		var status int
		if status, page = p.visit(); status == http.StatusOK {
			return page, tries + 1
		}
	}
	p.t.Fatalf("it does not recover: %s", page)
	return "", tries
}

// stored is the count that Redis holds for the only visitor.
func stored(t *testing.T, rdb redis.UniversalClient) int {
	t.Helper()
	keys := rdb.Keys(context.Background(), "workshop:*").Val()
	for _, key := range keys {
		if n, err := rdb.HGet(context.Background(), key, "visits").Int(); err == nil {
			return n
		}
	}
	t.Fatalf("no count in Redis: %q", keys)
	return 0
}

func TestRedisStopsAndComesBack(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		app := start(t, step, server.URL)
		p := loggedIn(t, app)
		p.visits()
		server.Kill()
		p.mustSeeOutage()
		if status := visitorStatus(t, app); status != http.StatusOK {
			t.Errorf("a visitor without a cookie needs no Redis, and got %d", status)
		}
		server.Restart()
		// It comes back empty: the login of steps 2 and 3 is in the cookie,
		// that of step 4 was in Redis.
		want := "Visits: "
		if step == "step4-store" {
			want = "You are not logged in"
		}
		if page, _ := p.untilWell(); !strings.Contains(page, want) {
			t.Errorf("after Redis came back: %s", page)
		}
	})
}

func visitorStatus(t *testing.T, app *launch.App) int {
	t.Helper()
	status, _ := visitor(t, app).visit()
	return status
}

func TestRedisHangsUnder300Requests(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		p := loggedIn(t, start(t, step, server.URL))
		sent := p.visits()
		server.Pause()
		var group sync.WaitGroup
		for range 300 {
			group.Go(p.mustSeeOutage)
		}
		group.Wait()
		sent += 300
		server.Resume()
		page, tries := p.untilWell()
		sent += tries
		if !strings.Contains(page, "Logged in as aaa.") {
			t.Errorf("the login is lost: %s", page)
		}
		if n := stored(t, server.Client); n > sent {
			t.Errorf("%d visits were sent, and %d are counted", sent, n)
		}
	})
}

func TestABrowserThatLeavesDuringAVisitIsNoOutage(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		app := start(t, step, server.URL)
		p := loggedIn(t, app)
		p.visits()
		server.Pause()
		p.leave(http.MethodGet, "/")
		server.Resume()
		p.visits()
		if err := app.Stop(); err != nil {
			t.Error(err)
		}
		if out := app.Output(); strings.Contains(out, "request failed") {
			t.Errorf("the app reports: %s", out)
		}
	})
}

func TestALogoutIsDoneThoughTheBrowserLeft(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		t.Run(method, func(t *testing.T) { logoutIsDone(t, method) })
	}
}

func logoutIsDone(t *testing.T, method string) {
	server := redistest.StartServer(t)
	p := loggedIn(t, start(t, "step4-store", server.URL))
	p.visits()
	// Without its connection the app has to make one first, and the browser
	// is gone before the command can be sent.
	server.Client.ClientKillByFilter(t.Context(), "TYPE", "normal", "SKIPME", "yes")
	server.Pause()
	p.leave(method, "/logout")
	server.Resume()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); {
		if _, page := p.visit(); strings.Contains(page, "You are not logged in") {
			return
		}
	}
	t.Error("the session lives on")
}

// leave sends a request and goes away as soon as it is sent.
func (p *person) leave(method, path string) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	defer cancel()
	sent := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { cancel() }}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, sent), method, p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if response, err := p.client.Do(r); err == nil {
		response.Body.Close()
		p.t.Error("the answer was there before the browser could leave")
	}
}

func TestARequestInFlightIsAnsweredBeforeTheAppStops(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		wire := countTrips(t, server.Addr)
		app := start(t, step, wire.url)
		p := loggedIn(t, app)
		p.visits()
		server.Pause()
		asked := wire.trips.Load()
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			p.mustSeeOutage()
		}()
		// When the app has asked Redis, the request is in flight for certain.
		for wire.trips.Load() == asked {
			time.Sleep(time.Millisecond)
		}
		if err := app.Stop(); err != nil {
			t.Errorf("not a clean exit: %v", err)
		}
		<-answered
	})
}

func TestLoginAndVisitsSurviveARestartOfTheApp(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		first := start(t, step, server.URL)
		p := loggedIn(t, first)
		p.visits()
		if err := first.Stop(); err != nil {
			t.Fatal(err)
		}
		// Cookies ignore ports, so the next one may be on another.
		p.url = start(t, step, server.URL).URL
		if n := p.visits(); n != 2 {
			t.Errorf("after the restart: Visits: %d", n)
		}
	})
}

func TestStepsSideBySideDoNotDisturbEachOther(t *testing.T) {
	server := redistest.StartServer(t)
	one := start(t, "step1-no-redis", server.URL)
	p := loggedIn(t, one)
	p.url = start(t, "step2-visits", server.URL).URL
	if n := p.visits(); n != 1 {
		t.Errorf("the login of step 1 goes on in step 2, with Visits: %d", n)
	}
	step2 := p.url
	p.url = start(t, "step4-store", server.URL).URL
	if _, page := p.visit(); !strings.Contains(page, "You are not logged in") {
		t.Errorf("step 4 has a login of its own, and shows %s", page)
	}
	p.login("bbb")
	if n := p.visits(); n != 1 {
		t.Errorf("step 4 begins with Visits: %d", n)
	}
	p.url = step2
	if _, page := p.visit(); !strings.Contains(page, "Logged in as aaa.") {
		t.Errorf("the login of step 4 disturbed step 2: %s", page)
	}
}

func TestARefusedStartIsOneLine(t *testing.T) {
	server := redistest.StartServer(t)
	binary := filepath.Join(t.TempDir(), "step3.exe")
	if err := launch.Build(t.Context(), "../../step3-ttl", binary); err != nil {
		t.Fatal(err)
	}
	other := start(t, "step1-no-redis", server.URL)
	taken := other.URL[strings.LastIndex(other.URL, ":")+1:]
	for _, c := range []struct {
		name string
		env  []string
		want string
	}{
		{"nobody at REDIS_URL", []string{"REDIS_URL=redis://:hunter2@127.0.0.1:1"}, "REDIS_URL: redis://:xxxxx@127.0.0.1:1: nobody answers there"},
		{"REDIS_URL without a scheme", []string{"REDIS_URL=localhost:6379"}, "REDIS_URL: it must begin with redis:// or rediss://"},
		{"a taken port", []string{"REDIS_URL=" + server.URL, "PORT=" + taken}, "PORT: " + taken + " is taken"},
		{"a public app without a key", []string{"REDIS_URL=" + server.URL, "HOST=0.0.0.0"}, "openssl rand -hex 32"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			var out strings.Builder
			app, err := launch.Start(ctx, launch.Options{
				Binary: binary, Env: append([]string{"PORT=0"}, c.env...), Output: &out,
			})
			if err == nil {
				app.Kill()
				t.Fatal("it started")
			}
			if said := strings.TrimSpace(out.String()); !strings.Contains(said, c.want) || strings.Contains(said, "\n") || strings.Contains(said, "hunter2") {
				t.Errorf("it says:\n%s", said)
			}
		})
	}
}
