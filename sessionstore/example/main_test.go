package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/browse/browsetest"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/shared/embedded"
)

// The example keeps the contract of step 4.
func TestLesson(t *testing.T) { steptest.Lesson(t, 4) }

// visitors returns n visitors of one app, whose sessions outlast the test. The app has
// its own Redis: on the usual port another app may have sessions of the same users.
func visitors(t *testing.T, n int) (all []*browsetest.Visitor) {
	t.Helper()
	server, err := embedded.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	app := steptest.Start(t, ".", "SESSION_TTL=1h", "REDIS_URL=redis://"+server.Addr())
	for range n {
		v := browsetest.New(t, app.URL)
		v.FollowRedirects()
		all = append(all, v)
	}
	return all
}

func TestKeepMeLoggedIn(t *testing.T) {
	for keep, days := range map[string]int{"": 0, "on": 30} {
		v := visitors(t, 1)[0]
		v.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		p := v.Post("/login", url.Values{"username": {"ada"}, "keep": {keep}})
		if len(p.Cookies) != 1 || time.Duration(p.Cookies[0].MaxAge)*time.Second != time.Duration(days)*24*time.Hour {
			t.Errorf("keep %q: the cookies are %v, want one for %d days", keep, p.Cookies, days)
		}
		browsetest.Want(t, v.Get("/"), http.StatusOK, "Visits: 1")
	}
	// An invalid name keeps the box checked.
	p := visitors(t, 1)[0].Post("/login", url.Values{"username": {""}, "keep": {"on"}})
	if browsetest.Want(t, p, http.StatusBadRequest, "Type a name."); !strings.Contains(p.Body, "checked") {
		t.Errorf("the box is not checked: %s", p.Body)
	}
}

func TestLeftIsNotAVisit(t *testing.T) {
	v := visitors(t, 1)[0]
	if p := v.Get("/left"); p.Body != `{"left":0,"longer":false}`+"\n" {
		t.Errorf("/left without a session: %d %s", p.Status, p.Body)
	}
	browsetest.Want(t, v.Login("ada"), http.StatusOK, "Visits: 1")
	left := func() (ms int) {
		p := v.Get("/left")
		if _, err := fmt.Sscanf(p.Body, `{"left":%d,"longer":true}`, &ms); err != nil {
			t.Fatalf("/left: %d %s", p.Status, p.Body)
		}
		return ms
	}
	first := left()
	wait.For(t, "the time left falls with each request", func() bool { return left() < first-100 })
	browsetest.Want(t, v.Get("/"), http.StatusOK, "Visits: 2")
}

var handle = regexp.MustCompile(`name="handle" value="([^"]+)"`)

func TestAHandleOfAnotherUserEndsNothing(t *testing.T) {
	all := visitors(t, 3)
	here, there, other := all[0], all[1], all[2]
	here.Login("ada")
	there.Login("ada")
	other.Login("eve")
	found := handle.FindStringSubmatch(here.Get("/devices").Body)
	if found == nil {
		t.Fatal("the page has no button for the other device")
	}
	end := url.Values{"handle": {found[1]}}
	browsetest.Want(t, other.Post("/device/logout", end), http.StatusOK, "You are no longer logged in on that device.")
	browsetest.Want(t, there.Get("/"), http.StatusOK, "Logged in as ada.")
	browsetest.Want(t, here.Post("/device/logout", end), http.StatusOK, "The device is logged out.")
	browsetest.Want(t, there.Get("/"), http.StatusOK, "You are not logged in", "Your session has ended")
}

func TestDevicesAreShownByBrowserAndSystem(t *testing.T) {
	v := visitors(t, 1)[0]
	for userAgent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0": "Firefox on Windows (this one) Login: ",
		"<b>é": "An unknown device (this one) Login: ",
	} {
		v.Do(http.MethodPost, "/login", url.Values{"username": {"ada"}}, http.Header{"User-Agent": {userAgent}})
		browsetest.Want(t, v.Get("/devices"), http.StatusOK, want, "Last seen: ", "Ends at the latest in 8 hours.")
	}
}

// HEAD also has the status and the type of GET.
func TestHEADAndPrefetchChangeNothing(t *testing.T) {
	redistest.One(t, func(t *testing.T, r *redistest.Redis) {
		app := steptest.Start(t, ".", "SESSION_TTL=1h", "REDIS_URL="+r.URL)
		v := browsetest.New(t, app.URL)
		v.Login("ada")
		v.Post("/others/logout", nil)
		before := held(t, r.Client, v)
		if !strings.Contains(before, "notice") {
			t.Fatalf("the session has no notice: %s", before)
		}
		// A visit now would move the expiry, which is in milliseconds.
		time.Sleep(2 * time.Millisecond)
		for _, path := range []string{"/", "/login", "/logout", "/left", "/devices", "/under-the-hood"} {
			prefetch := v.Do(http.MethodGet, path, nil, http.Header{"Sec-Purpose": {"prefetch"}})
			browsetest.Want(t, prefetch, http.StatusServiceUnavailable)
			head := v.Do(http.MethodHead, path, nil, nil)
			if after := held(t, r.Client, v); after != before || len(prefetch.Cookies)+len(head.Cookies) > 0 {
				t.Errorf("%s changed Redis from %s to %s; cookies: %v and %v", path, before, after, prefetch.Cookies, head.Cookies)
			}
			if path == "/logout" {
				continue
			}
			get := browsetest.New(t, app.URL)
			get.Login("ada")
			if p := get.Get(path); head.Status != p.Status || head.Header.Get("Content-Type") != p.Header.Get("Content-Type") {
				t.Errorf("%s: HEAD is answered with %d %s, GET with %d %s", path, head.Status, head.Header.Get("Content-Type"), p.Status, p.Header.Get("Content-Type"))
			}
		}
		browsetest.Want(t, v.Get("/devices"), http.StatusOK, "All your other devices are logged out.")
	})
}

// held returns what Redis holds of a visitor's session, and when it expires.
func held(t *testing.T, client redis.UniversalClient, v *browsetest.Visitor) string {
	t.Helper()
	cookies := v.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("the cookies are %v, want one", cookies)
	}
	sum := sha256.Sum256([]byte(cookies[0].Value))
	key := "workshop:session:" + hex.EncodeToString(sum[:16])
	fields, err := client.HGetAll(t.Context(), key).Result()
	if err != nil || len(fields) == 0 {
		t.Fatalf("%s holds %v, %v", key, fields, err)
	}
	return fmt.Sprint(fields, client.PExpireTime(t.Context(), key).Val())
}

func TestAnEndedSessionNamesBothIdleTimeouts(t *testing.T) {
	all := visitors(t, 2)
	here, there := all[0], all[1]
	here.Login("ada")
	there.Post("/login", url.Values{"username": {"ada"}, "keep": {"on"}})
	here.Post("/others/logout", nil)
	browsetest.Want(t, there.Get("/"), http.StatusOK, "it was idle for 1 hour (7 days with “Keep me logged in”), reached its end, or was logged out")
}

func TestDevicesNeedALogin(t *testing.T) {
	v := visitors(t, 1)[0]
	browsetest.Want(t, v.Get("/devices"), http.StatusOK, "You are not logged in")
	for _, path := range []string{"/device/logout", "/others/logout", "/all/logout"} {
		browsetest.Want(t, v.Post(path, nil), http.StatusOK, "You are not logged in")
	}
}
