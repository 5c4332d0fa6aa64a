package main_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/browse/browsetest"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/wait"
)

// The example does all that the lesson of step 4 asks for, and more.
func TestLesson(t *testing.T) { steptest.Lesson(t, 4) }

// visitors are so many people at the example, which no session ends in by itself
// while a test runs.
func visitors(t *testing.T, n int) (all []*browsetest.Visitor) {
	t.Helper()
	app := steptest.Start(t, ".", "SESSION_TTL=1h")
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
	// A name that is wrong unchecks nothing.
	p := visitors(t, 1)[0].Post("/login", url.Values{"username": {""}, "keep": {"on"}})
	if browsetest.Want(t, p, http.StatusBadRequest, "Type a name."); !strings.Contains(p.Body, "checked") {
		t.Errorf("the box is empty: %s", p.Body)
	}
}

func TestAskingHowLongIsLeftIsNoVisit(t *testing.T) {
	v := visitors(t, 1)[0]
	if p := v.Get("/left"); p.Body != `{"left":0,"longer":false}`+"\n" {
		t.Errorf("without a session, it is %d %s", p.Status, p.Body)
	}
	browsetest.Want(t, v.Login("ada"), http.StatusOK, "Visits: 1")
	left := func() (ms int) {
		p := v.Get("/left")
		if _, err := fmt.Sscanf(p.Body, `{"left":%d,"longer":true}`, &ms); err != nil {
			t.Fatalf("it is %d %s", p.Status, p.Body)
		}
		return ms
	}
	first := left()
	wait.For(t, "the time runs down while it is asked for", func() bool { return left() < first-100 })
	browsetest.Want(t, v.Get("/"), http.StatusOK, "Visits: 2")
}

var handle = regexp.MustCompile(`name="handle" value="([^"]+)"`)

func TestAHandleOfAnotherUserEndsNothing(t *testing.T) {
	people := visitors(t, 3)
	here, there, other := people[0], people[1], people[2]
	here.Login("ada")
	there.Login("ada")
	other.Login("eve")
	found := handle.FindStringSubmatch(here.Get("/devices").Body)
	if found == nil {
		t.Fatal("there is no button for the other device")
	}
	end := url.Values{"handle": {found[1]}}
	browsetest.Want(t, other.Post("/device/logout", end), http.StatusOK, "You are not logged in on that device any more.")
	browsetest.Want(t, there.Get("/"), http.StatusOK, "Logged in as ada.")
	browsetest.Want(t, here.Post("/device/logout", end), http.StatusOK, "The device is logged out.")
	browsetest.Want(t, there.Get("/"), http.StatusOK, "You are not logged in", "Your session has ended")
}

func TestADeviceIsWhatItSaysOfItself(t *testing.T) {
	v := visitors(t, 1)[0]
	// The 64th byte is within a letter.
	said := strings.Repeat("é", 31) + "e" + strings.Repeat("é", 10)
	v.Do(http.MethodPost, "/login", url.Values{"username": {"ada"}}, http.Header{"User-Agent": {said}})
	p := v.Get("/devices")
	browsetest.Want(t, p, http.StatusOK, strings.Repeat("é", 31)+"e (this one) Login: ", "Last seen: ", "Ends at the latest in 8 hours.")
	if strings.Contains(p.Body, "�") {
		t.Errorf("half a letter is shown: %s", p.Text())
	}
}

// Who is not logged in has no devices, and ends none.
func TestDevicesAreForUsers(t *testing.T) {
	v := visitors(t, 1)[0]
	browsetest.Want(t, v.Get("/devices"), http.StatusOK, "You are not logged in")
	for _, path := range []string{"/device/logout", "/others/logout", "/all/logout"} {
		browsetest.Want(t, v.Post(path, nil), http.StatusOK, "You are not logged in")
	}
}
