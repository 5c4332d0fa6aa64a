// Package faults tests what users see when something goes wrong: the real apps,
// as processes, on a real Redis that is stopped, hung, slow, or loses its
// replies.
package faults

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/check/browse/browsetest"
	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/wait"
)

// eachStep runs a test on each step that uses Redis.
func eachStep(t *testing.T, run func(t *testing.T, step string)) {
	for _, step := range steps.Folders[1:] {
		t.Run(step, func(t *testing.T) { run(t, step) })
	}
}

// start runs a step on the Redis at redisURL, with a TTL that is longer than a
// test.
func start(t *testing.T, step, redisURL string, env ...string) *launch.App {
	t.Helper()
	return steptest.Start(t, "../../"+step, append(env, "REDIS_URL="+redisURL, "SESSION_TTL=2m")...)
}

// user is a visitor with a browser, logged in or not.
type user struct {
	*browsetest.Visitor
	t *testing.T
}

// patience is below the 20 s that the client library by default spends on a
// hung Redis. It is far above the one second that the app needs, because on a
// busy machine 300 pages wait for a processor much longer than for Redis.
const patience = 15 * time.Second

func visitor(t *testing.T, app *launch.App) *user {
	t.Helper()
	p := &user{browsetest.New(t, app.URL), t}
	p.Client.Timeout, p.Client.Transport = patience, &http.Transport{MaxIdleConnsPerHost: 300}
	return p
}

func loggedIn(t *testing.T, app *launch.App) *user {
	t.Helper()
	p := visitor(t, app)
	p.Login("aaa")
	return p
}

// visit loads the page, and checks that it sets no cookie.
func (p *user) visit() browse.Page {
	p.t.Helper()
	page := p.Get("/")
	if page.Status == http.StatusServiceUnavailable && page.Header.Get("Retry-After") == "" {
		p.t.Error("a 503 without Retry-After")
	}
	if len(page.Cookies) > 0 {
		p.t.Errorf("a visit set a cookie: %v", page.Cookies)
	}
	return page
}

// mustSeeOutage loads the page, which must say that Redis does not answer.
func (p *user) mustSeeOutage() {
	p.t.Helper()
	browsetest.Want(p.t, p.visit(), http.StatusServiceUnavailable, "Redis does not answer", "not logged out")
}

// untilWell loads the page until it works again.
func (p *user) untilWell() (page browse.Page, tries int) {
	p.t.Helper()
	wait.For(p.t, "the page works again", func() bool {
		page = p.visit()
		tries++
		return page.Status == http.StatusOK
	})
	return page, tries
}

// stored returns the count in Redis of the only visitor.
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
		p.Visits()
		server.Kill()
		p.mustSeeOutage()
		// A visitor without a cookie needs no Redis.
		browsetest.Want(t, visitor(t, app).visit(), http.StatusOK, "You are not logged in")
		server.Restart()
		// Redis comes back empty. The login of steps 2 and 3 is in the cookie,
		// but that of step 4 was in Redis.
		want := "Visits: "
		if step == "step4-store" {
			want = "You are not logged in"
		}
		page, _ := p.untilWell()
		browsetest.Want(t, page, http.StatusOK, want)
	})
}

func TestARefusalIsShownAndItsCauseIsLogged(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		app := start(t, step, server.URL)
		p := loggedIn(t, app)
		p.Visits()
		if err := server.Client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
			t.Fatal(err)
		}
		browsetest.Want(t, p.visit(), http.StatusServiceUnavailable, "Redis refuses", "it answered: it has no memory left.", "not logged out")
		wait.For(t, "the cause is logged", func() bool { return strings.Contains(app.Output(), "OOM command not allowed") })
		if err := server.Client.ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
			t.Fatal(err)
		}
		p.Visits()
	})
}

func TestRedisHangsUnder300Requests(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		p := loggedIn(t, start(t, step, server.URL))
		sent := p.Visits()
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
		browsetest.Want(t, page, http.StatusOK, "Logged in as aaa.")
		if n := stored(t, server.Client); n > sent {
			t.Errorf("%d visits were sent, and Redis counted %d", sent, n)
		}
	})
}

func TestABrowserThatLeavesIsNotReportedAsAnOutage(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		app := start(t, step, server.URL)
		p := loggedIn(t, app)
		p.Visits()
		server.Pause()
		p.leave(http.MethodGet, "/")
		server.Resume()
		p.Visits()
		if err := app.Stop(); err != nil {
			t.Error(err)
		}
		if out := app.Output(); strings.Contains(out, "request failed") {
			t.Errorf("the app reports: %s", out)
		}
	})
}

func TestALogoutCompletesAfterTheBrowserLeft(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		t.Run(method, func(t *testing.T) { logoutIsDone(t, method) })
	}
}

func logoutIsDone(t *testing.T, method string) {
	server := redistest.StartServer(t)
	p := loggedIn(t, start(t, "step4-store", server.URL))
	p.Visits()
	// The app must open a new connection first, so the browser has left before
	// the command can be sent.
	server.Client.ClientKillByFilter(t.Context(), "TYPE", "normal", "SKIPME", "yes")
	server.Pause()
	p.leave(method, "/logout")
	server.Resume()
	p.WaitFor("/", "You are not logged in")
}

// leave sends a request and disconnects as soon as it is sent. An http.Client whose
// context ends may disconnect before it has sent the request.
func (p *user) leave(method, path string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.Address(path), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, cookie := range p.Cookies() {
		r.AddCookie(cookie)
	}
	conn, err := net.Dial("tcp", r.URL.Host)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := errors.Join(r.Write(conn), conn.Close()); err != nil {
		p.t.Fatal(err)
	}
}

func TestARequestInFlightIsAnsweredBeforeTheAppStops(t *testing.T) {
	eachStep(t, func(t *testing.T, step string) {
		server := redistest.StartServer(t)
		wire := redistest.OpenWire(t, server.Addr)
		app := start(t, step, "redis://"+wire.Addr)
		p := loggedIn(t, app)
		p.Visits()
		held := wire.Hold(1)
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			p.mustSeeOutage()
		}()
		// Once the app has asked Redis, the request is certainly in flight.
		<-held.Arrived()
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
		p.Visits()
		if err := first.Stop(); err != nil {
			t.Fatal(err)
		}
		// Cookies ignore ports, so the restarted app may use another one.
		p.Home = start(t, step, server.URL).URL
		if n := p.Visits(); n != 2 {
			t.Errorf("after the restart: Visits: %d", n)
		}
	})
}

func TestStepsSideBySideDoNotDisturbEachOther(t *testing.T) {
	server := redistest.StartServer(t)
	one := start(t, "step1-no-redis", server.URL)
	p := loggedIn(t, one)
	p.Home = start(t, "step2-visits", server.URL).URL
	if n := p.Visits(); n != 1 {
		t.Errorf("the login of step 1 goes on in step 2, with Visits: %d", n)
	}
	step2 := p.Home
	p.Home = start(t, "step4-store", server.URL).URL
	// Step 4 has a separate login.
	browsetest.Want(t, p.visit(), http.StatusOK, "You are not logged in")
	p.Login("bbb")
	if n := p.Visits(); n != 1 {
		t.Errorf("step 4 begins with Visits: %d", n)
	}
	p.Home = step2
	browsetest.Want(t, p.visit(), http.StatusOK, "Logged in as aaa.")
}

func TestARefusedStartIsOneLine(t *testing.T) {
	server := redistest.StartServer(t)
	binary, err := steptest.Program("../../step3-ttl")
	if err != nil {
		t.Fatal(err)
	}
	other := start(t, "step1-no-redis", server.URL)
	taken := other.URL[strings.LastIndex(other.URL, ":")+1:]
	for _, c := range []struct {
		name string
		env  []string
		want string
	}{
		{"no server at REDIS_URL", []string{"REDIS_URL=redis://:hunter2@127.0.0.1:1"}, "REDIS_URL: redis://127.0.0.1:1: no server answers there"},
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
