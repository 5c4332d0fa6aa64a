// Package hood tests the panel "Under the hood" on the pages of the real steps.
package hood

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/check/browse/browsetest"
	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/check/steptest"
)

func start(t *testing.T, step string, env ...string) *launch.App {
	t.Helper()
	return steptest.Start(t, "../../"+step, append([]string{"SESSION_TTL=2m"}, env...)...)
}

func loggedIn(t *testing.T, app *launch.App, name string) *browsetest.Visitor {
	t.Helper()
	v := browsetest.New(t, app.URL)
	v.Login(name)
	return v
}

func mustShow(t *testing.T, page browse.Page, words ...string) {
	t.Helper()
	browsetest.Want(t, page, http.StatusOK, words...)
}

func mustHide(t *testing.T, page browse.Page, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(page.Body, word) {
			t.Errorf("%q is in: %s", word, page.Body)
		}
	}
}

func TestEachStepShowsItsCommands(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for step, words := range map[string][]string{
			"step1-no-redis": {"This request asked Redis Nothing. 0 round trips.", "username string ada", "not secret"},
			"step2-visits":   {"HINCRBY workshop:user:ada visits 1 (integer) 2 1 round trip,", "workshop:user:ada, a hash", "visits 2", "lives for ever"},
			"step3-ttl": {"MULTI OK HINCRBY workshop:user:ada visits 1 QUEUED EXPIRE workshop:user:ada 120 QUEUED EXEC 1) (integer) 2 2) (integer) 1 together, 1 round trip,",
				"TTL 120 s"},
			"step4-store": {"EVALSHA visit 1 workshop:session:", "120000 1) \"ada\" 2) (integer) 2 The script", "redis.call('HINCRBY', KEYS[1], 'visits', 1)", "username ada", "visits 2", "random token"},
		} {
			t.Run(step, func(t *testing.T) {
				app := start(t, step, "REDIS_URL="+r.URL)
				v := loggedIn(t, app, "ada")
				if step != "step1-no-redis" {
					// Other programs may use this Redis, so leave no key
					// behind.
					defer func() {
						v.Logout()
						r.Client.Del(t.Context(), "workshop:user:ada")
					}()
				}
				v.Get("/")
				page := v.Get("/")
				mustShow(t, page, words...)
				mustHide(t, page, "in all.")
				mustShow(t, page, "Served by "+strings.TrimPrefix(app.URL, "http://")+", process")
				mustHide(t, page, "HELLO", "CLIENT", "SELECT")
				for _, cookie := range v.Cookies() {
					mustHide(t, page, cookie.Value)
				}
			})
		}
	})
}

func TestNoPasswordIsShownEvenWithAColdPool(t *testing.T) {
	server := redistest.StartServer(t, "--requirepass", "hunter2")
	app := start(t, "step2-visits", "REDIS_URL=redis://:hunter2@"+server.Addr)
	v := loggedIn(t, app, "aaa")
	server.Client.ClientKillByFilter(t.Context(), "TYPE", "normal", "SKIPME", "yes")
	page := v.Get("/")
	mustShow(t, page, "HINCRBY", "1 round trip,")
	mustHide(t, page, "hunter2", "HELLO", "AUTH")
	if strings.Contains(app.Output(), "hunter2") {
		t.Errorf("the app prints the password:\n%s", app.Output())
	}
}

func TestThePanelChangesNothingInRedis(t *testing.T) {
	server := redistest.StartServer(t)
	for _, step := range steps.Folders[2:] {
		t.Run(step, func(t *testing.T) {
			v := loggedIn(t, start(t, step, "REDIS_URL="+server.URL), "aaa"+step)
			v.Get("/")
			key := server.Client.Keys(t.Context(), "workshop:*[^:]").Val()
			for _, k := range key {
				server.Client.PExpire(t.Context(), k, time.Minute)
			}
			fragment := v.Get("/under-the-hood")
			mustShow(t, fragment, "visits 1", "60 s")
			mustHide(t, fragment, "<html")
			fragment = v.Get("/under-the-hood")
			mustShow(t, fragment, "visits 1")
			for _, k := range key {
				if ttl := server.Client.PTTL(t.Context(), k).Val(); ttl > time.Minute {
					t.Errorf("looking renewed the TTL of %s: %v", k, ttl)
				}
			}
		})
	}
}

func TestAUserDoesNotSeeTheDataOfAnother(t *testing.T) {
	server := redistest.StartServer(t)
	for _, step := range steps.Folders[1:] {
		t.Run(step, func(t *testing.T) {
			app := start(t, step, "REDIS_URL="+server.URL)
			var group sync.WaitGroup
			names := strings.Fields("ada bea cat dan eve fay gus hal ida jan kay lea max ned oda pam")
			for _, name := range names {
				group.Go(func() {
					v := loggedIn(t, app, "person-"+name)
					for range 5 {
						page := v.Get("/")
						fragment := v.Get("/under-the-hood?key=workshop:user:person-ada")
						for _, other := range names {
							if other != name && strings.Contains(page.Body+fragment.Body, "person-"+other) {
								t.Errorf("%s sees %s", name, other)
							}
						}
					}
				})
			}
			group.Wait()
			fragment := browsetest.New(t, app.URL).Get("/under-the-hood")
			mustShow(t, fragment, "you are not logged in")
			mustHide(t, fragment, "person-")
		})
	}
}

func TestWhenTheKeyIsGoneThePanelSaysWhatComesNext(t *testing.T) {
	server := redistest.StartServer(t)
	for step, next := range map[string]string{"step3-ttl": "gone: the next visit starts at 1", "step4-store": "gone: you are logged out"} {
		t.Run(step, func(t *testing.T) {
			v := loggedIn(t, start(t, step, "REDIS_URL="+server.URL), "aaa")
			v.Get("/")
			for _, key := range server.Client.Keys(t.Context(), "workshop:*").Val() {
				server.Client.Del(t.Context(), key)
			}
			fragment := v.Get("/under-the-hood")
			mustShow(t, fragment, next)
		})
	}
}

func TestAnOutagePageShowsTheCommandsThatFailed(t *testing.T) {
	server := redistest.StartServer(t)
	v := loggedIn(t, start(t, "step2-visits", "REDIS_URL="+server.URL), "aaa")
	v.Get("/")
	server.Kill()
	browsetest.Want(t, v.Get("/"), http.StatusServiceUnavailable, "Redis does not answer", "HINCRBY workshop:user:aaa visits 1 (error)")
	fragment := v.Get("/under-the-hood")
	mustShow(t, fragment, "Redis does not answer")
}

func TestThePanelCanBeSwitchedOff(t *testing.T) {
	for _, step := range steps.Folders {
		t.Run(step, func(t *testing.T) {
			server := redistest.StartServer(t)
			v := loggedIn(t, start(t, step, "REDIS_URL="+server.URL, "UNDER_THE_HOOD=off"), "aaa")
			page := v.Get("/")
			mustShow(t, page, "Logged in as aaa")
			mustHide(t, page, "Under the hood", "hood.js")
			for _, path := range []string{"/under-the-hood", "/assets/hood.js"} {
				browsetest.Want(t, v.Get(path), http.StatusNotFound)
			}
		})
	}
}
