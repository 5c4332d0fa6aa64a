package hood

import (
	"net/url"
	"strings"
	"testing"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/check/browse/browsetest"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/wait"
)

const (
	atOnce = "30 visits at once"
	logout = "Log out during a visit"
	right  = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 Each number was given once. The count should be 30 and is 30."
)

// press submits the form of a button in the panel.
func press(v *browsetest.Visitor, button string) browse.Page {
	return v.Post("/under-the-hood/try", url.Values{"try": {button}})
}

// tried presses a button until the try works: on a busy machine some of the
// thirty visits are answered with 503.
func tried(t *testing.T, v *browsetest.Visitor, button string) (page browse.Page) {
	t.Helper()
	wait.For(t, button, func() bool {
		page = press(v, button)
		return !strings.Contains(page.Body, "It did not work")
	})
	return page
}

func TestTheResultOfATryOfEachStep(t *testing.T) {
	server := redistest.StartServer(t)
	for step, shown := range map[string]struct{ atOnce, logout []string }{
		"step1-no-redis": {[]string{"Nothing is counted."}, []string{"It still logs in"}},
		"step2-visits": {[]string{right}, []string{"only once", "HINCRBY workshop:user:tryout-", "visit: 1 round trip",
			"The logout deleted nothing", "visits 2 TTL: none.", "It still logs in"}},
		"step3-ttl": {[]string{right}, []string{"only once", "EXEC 1) (integer) 2 2) (integer) 1 visit: together, 1 round trip",
			"The logout deleted nothing", "visits 2 TTL: 120 s", "It still logs in"}},
		"step4-store": {[]string{right}, []string{"only once", "EVALSHA visit 1 workshop:session:", "visit: 1 round trip",
			"DEL workshop:session:", "logout: 1 round trip", "Nothing came back.", "It no longer logs in."}},
	} {
		t.Run(step, func(t *testing.T) {
			v := browsetest.New(t, start(t, step, "REDIS_URL="+server.URL).URL)
			mustShow(t, v.Get("/"), atOnce, logout)
			mustShow(t, tried(t, v, atOnce), shown.atOnce...)
			mustShow(t, tried(t, v, logout), shown.logout...)
			// The next try begins again at 1.
			mustShow(t, tried(t, v, atOnce), shown.atOnce...)
			if left := server.Client.Keys(t.Context(), "*").Val(); len(left) > 0 {
				t.Errorf("the tries left behind %q", left)
			}
			mustShow(t, v.Get("/"), "You are not logged in")
		})
	}
}

// Two servers count separately, so each number is given twice.
func TestTheVisitsOfATryReachAllServers(t *testing.T) {
	app := steptest.StartWith(t, "../workshop", []string{"scale", "memory"})
	v := browsetest.New(t, app.URL)
	for range 2 {
		page := tried(t, v, atOnce)
		mustShow(t, page, "1 1 2 2 3 3", "2 visits were given 15 The count should be 30 and is 15.")
	}
}

func TestATrySaysThatRedisDoesNotAnswer(t *testing.T) {
	for _, step := range steps.Folders[1:] {
		t.Run(step, func(t *testing.T) {
			server := redistest.StartServer(t)
			v := browsetest.New(t, start(t, step, "REDIS_URL="+server.URL).URL)
			for _, fail := range []func(){server.Pause, server.Kill} {
				fail()
				for _, button := range []string{atOnce, logout} {
					mustShow(t, press(v, button), "It did not work", "was answered with 503", "If Redis does not run, start it.")
				}
			}
			server.Restart()
			mustShow(t, tried(t, v, atOnce), right)
		})
	}
}
