// Package hood holds the tests of the panel "Under the hood", on the pages of
// the real steps.
package hood

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steptest"
)

func start(t *testing.T, step string, env ...string) *launch.App {
	t.Helper()
	return steptest.Start(t, "../../"+step, append([]string{"SESSION_TTL=2m"}, env...)...)
}

// browser is one person's, logged in under a name.
type browser struct {
	t      *testing.T
	app    *launch.App
	client *http.Client
}

func loggedIn(t *testing.T, app *launch.App, name string) *browser {
	t.Helper()
	b := open(t, app)
	response, err := b.client.PostForm(app.URL+"/login", url.Values{"username": {name}})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return b
}

func open(t *testing.T, app *launch.App) *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{t, app, &http.Client{Jar: jar, Timeout: 5 * time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

func (b *browser) get(path string) (status int, page string) {
	b.t.Helper()
	response, err := b.client.Get(b.app.URL + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

var (
	tag   = regexp.MustCompile(`<[^>]*>`)
	space = regexp.MustCompile(`\s+`)
)

// text is a page as a person reads it.
func text(page string) string {
	return space.ReplaceAllString(html.UnescapeString(tag.ReplaceAllString(page, " ")), " ")
}

func mustShow(t *testing.T, page string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text(page), word) {
			t.Errorf("%q is missing in: %s", word, text(page))
		}
	}
}

func mustHide(t *testing.T, page string, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(page, word) {
			t.Errorf("%q is in: %s", word, page)
		}
	}
}

func TestEachStepShowsWhatItAsked(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for step, words := range map[string][]string{
			"step1-no-redis": {"This request asked Redis Nothing. 0 round trips.", "username string ada", "not secret"},
			"step2-visits":   {"HINCRBY workshop:user:ada visits 1 (integer) 2 1 round trip,", "1 round trip in all.", "workshop:user:ada , a hash", "visits 2", "lives for ever"},
			"step3-ttl": {"MULTI OK HINCRBY workshop:user:ada visits 1 QUEUED EXPIRE workshop:user:ada 120 QUEUED EXEC 1) (integer) 2 2) (integer) 1 together, 1 round trip,",
				"1 round trip in all.", "TTL 120 s"},
			"step4-store": {"EVALSHA visit 1 workshop:session:", "120000 1) \"ada\" 2) (integer) 2", "1 round trip in all.", "redis.call('HINCRBY', KEYS[1], 'visits', 1)", "username ada", "visits 2", "random token"},
		} {
			t.Run(step, func(t *testing.T) {
				app := start(t, step, "REDIS_URL="+r.URL)
				b := loggedIn(t, app, "ada")
				if step != "step1-no-redis" {
					defer b.logoutAndForget(r)
				}
				b.get("/")
				_, page := b.get("/")
				mustShow(t, page, words...)
				mustShow(t, page, "Served by "+strings.TrimPrefix(app.URL, "http://")+", process")
				mustHide(t, page, "HELLO", "CLIENT", "SELECT")
				u, _ := url.Parse(app.URL)
				for _, cookie := range b.client.Jar.Cookies(u) {
					mustHide(t, page, cookie.Value)
				}
			})
		}
	})
}

// logoutAndForget leaves nothing behind in a Redis that others use too.
func (b *browser) logoutAndForget(r *redistest.Redis) {
	response, err := b.client.PostForm(b.app.URL+"/logout", nil)
	if err == nil {
		response.Body.Close()
	}
	r.Client.Del(b.t.Context(), "workshop:user:ada")
}

func TestAPasswordIsNowhereEvenWithAColdPool(t *testing.T) {
	server := redistest.StartServer(t, "--requirepass", "hunter2")
	app := start(t, "step2-visits", "REDIS_URL=redis://:hunter2@"+server.Addr)
	b := loggedIn(t, app, "aaa")
	server.Client.ClientKillByFilter(t.Context(), "TYPE", "normal", "SKIPME", "yes")
	_, page := b.get("/")
	mustShow(t, page, "HINCRBY", "1 round trip in all.")
	mustHide(t, page, "hunter2", "HELLO", "AUTH")
	mustHide(t, app.Output(), "hunter2")
}

func TestLookingTouchesNothing(t *testing.T) {
	server := redistest.StartServer(t)
	for _, step := range []string{"step3-ttl", "step4-store"} {
		t.Run(step, func(t *testing.T) {
			b := loggedIn(t, start(t, step, "REDIS_URL="+server.URL), "aaa"+step)
			b.get("/")
			key := server.Client.Keys(t.Context(), "workshop:*[^:]").Val()
			for _, k := range key {
				server.Client.PExpire(t.Context(), k, time.Minute)
			}
			_, fragment := b.get("/under-the-hood")
			mustShow(t, fragment, "visits 1", "60 s")
			mustHide(t, fragment, "<html")
			_, fragment = b.get("/under-the-hood")
			mustShow(t, fragment, "visits 1")
			for _, k := range key {
				if ttl := server.Client.PTTL(t.Context(), k).Val(); ttl > time.Minute {
					t.Errorf("looking renewed the TTL of %s: %v", k, ttl)
				}
			}
		})
	}
}

func TestNobodySeesWhatIsAnothers(t *testing.T) {
	server := redistest.StartServer(t)
	for _, step := range []string{"step2-visits", "step3-ttl", "step4-store"} {
		t.Run(step, func(t *testing.T) {
			app := start(t, step, "REDIS_URL="+server.URL)
			var group sync.WaitGroup
			names := strings.Fields("ada bea cat dan eve fay gus hal ida jan kay lea max ned oda pam")
			for _, name := range names {
				group.Go(func() {
					b := loggedIn(t, app, "person-"+name)
					for range 5 {
						_, page := b.get("/")
						_, fragment := b.get("/under-the-hood?key=workshop:user:person-ada")
						for _, other := range names {
							if other != name && strings.Contains(page+fragment, "person-"+other) {
								t.Errorf("%s sees %s", name, other)
							}
						}
					}
				})
			}
			group.Wait()
			_, fragment := open(t, app).get("/under-the-hood")
			mustShow(t, fragment, "you are not logged in")
			mustHide(t, fragment, "person-")
		})
	}
}

func TestWhenTheKeyIsGoneThePanelSaysWhatComesNext(t *testing.T) {
	server := redistest.StartServer(t)
	for step, next := range map[string]string{"step3-ttl": "gone: the next visit starts at 1", "step4-store": "gone: you are logged out"} {
		t.Run(step, func(t *testing.T) {
			b := loggedIn(t, start(t, step, "REDIS_URL="+server.URL), "aaa")
			b.get("/")
			for _, key := range server.Client.Keys(t.Context(), "workshop:*").Val() {
				server.Client.Del(t.Context(), key)
			}
			_, fragment := b.get("/under-the-hood")
			mustShow(t, fragment, next)
		})
	}
}

func TestAPageThatSaysRedisIsAwayShowsWhatWasAsked(t *testing.T) {
	server := redistest.StartServer(t)
	b := loggedIn(t, start(t, "step2-visits", "REDIS_URL="+server.URL), "aaa")
	b.get("/")
	server.Kill()
	status, page := b.get("/")
	if status != http.StatusServiceUnavailable {
		t.Errorf("status %d", status)
	}
	mustShow(t, page, "Redis does not answer", "HINCRBY workshop:user:aaa visits 1 (error)")
	_, fragment := b.get("/under-the-hood")
	mustShow(t, fragment, "Redis does not answer")
}

func TestSwitchedOffThereIsNoPanel(t *testing.T) {
	for _, step := range []string{"step1-no-redis", "step2-visits", "step3-ttl", "step4-store"} {
		t.Run(step, func(t *testing.T) {
			server := redistest.StartServer(t)
			b := loggedIn(t, start(t, step, "REDIS_URL="+server.URL, "UNDER_THE_HOOD=off"), "aaa")
			_, page := b.get("/")
			mustShow(t, page, "Logged in as aaa")
			mustHide(t, page, "Under the hood", "hood.js")
			for _, path := range []string{"/under-the-hood", "/assets/hood.js"} {
				if status, _ := b.get(path); status != http.StatusNotFound {
					t.Errorf("%s answers %d", path, status)
				}
			}
		})
	}
}
