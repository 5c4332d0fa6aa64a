package browsetest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/check/browse/browsetest"
)

// app serves an app that counts all visits, and keeps the name in a cookie.
func app(t *testing.T) (home string) {
	var visits atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch cookie, err := r.Cookie("name"); {
		case r.URL.Path == "/login":
			http.SetCookie(w, &http.Cookie{Name: "name", Value: r.FormValue("username"), Path: "/"})
			http.Redirect(w, r, "/", http.StatusSeeOther)
		case err != nil:
			fmt.Fprint(w, "You are not logged in")
		default:
			fmt.Fprintf(w, "<p>Logged in as <b>%s</b>.<p>Visits: %d", cookie.Value, visits.Add(1))
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAVisitorKeepsCookiesAndFollowsNoRedirects(t *testing.T) {
	v := browsetest.New(t, app(t))
	browsetest.Want(t, v.Get("/"), http.StatusOK, "You are not logged in")
	p := v.Login("aaa")
	if p.Status != http.StatusSeeOther || len(p.Cookies) != 1 || p.Request != "POST /login" {
		t.Errorf("the login is %+v", p)
	}
	// Following the redirect would have been the first visit.
	if n := v.Visits(); n != 1 {
		t.Errorf("Visits: %d, want 1", n)
	}
	browsetest.Want(t, v.Get("/"), http.StatusOK, "Logged in as aaa. Visits: 2")
	v.WaitFor("/", "Visits: 4")

	v.FollowRedirects()
	if p = v.Login("bbb"); p.URL != v.Address("/") {
		t.Errorf("the login led to %s", p.URL)
	}
	browsetest.Want(t, p, http.StatusOK, "Logged in as bbb. Visits: 5")
}

func TestACookieCanBePlanted(t *testing.T) {
	b := browse.New(app(t))
	if err := b.Plant("name", "ccc"); err != nil {
		t.Fatal(err)
	}
	if cookies := b.Cookies(); len(cookies) != 1 || cookies[0].Value != "ccc" {
		t.Errorf("it has the cookies %v", cookies)
	}
	p, err := b.Do(t.Context(), http.MethodGet, "/", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	browsetest.Want(t, p, http.StatusOK, "Logged in as ccc.")
}

func TestLoadSeesEveryAnswer(t *testing.T) {
	home := app(t)
	one, two := browsetest.New(t, home), browsetest.New(t, home)
	one.Login("aaa")
	two.Login("bbb")
	load := browsetest.StartLoad(t, one.Browser, two.Browser)
	load.WaitForEach(5)
	seen := map[int]bool{}
	for i, answers := range load.Stop() {
		if len(answers) < 5 {
			t.Errorf("browser %d has %d answers", i, len(answers))
		}
		for _, a := range answers {
			n, _ := a.Visits()
			if !a.Good() || seen[n] {
				t.Errorf("browser %d: %v, Visits: %d, which was seen before: %v", i, a.Err, n, seen[n])
			}
			seen[n] = true
		}
	}
}

// record is a test that only records its failures.
type record struct {
	testing.TB
	failures []string
}

func (r *record) Helper() {}

func (r *record) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// A test that uses a helper without failures could not fail either.
func TestTheHelpersFailTheTest(t *testing.T) {
	home := app(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	for want, act := range map[string]func(r *record){
		"status 200, want 404":     func(r *record) { browsetest.Want(r, browsetest.New(t, home).Get("/"), http.StatusNotFound) },
		`"Visits:" is missing`:     func(r *record) { browsetest.Want(r, browsetest.New(t, home).Get("/"), 200, "Visits:") },
		"no visits on the page":    func(r *record) { browsetest.New(r, home).Visits() },
		"GET /: Get \"" + gone.URL: func(r *record) { browsetest.New(r, gone.URL).Get("/") },
	} {
		r := &record{TB: t}
		act(r)
		if len(r.failures) != 1 || !strings.Contains(r.failures[0], want) {
			t.Errorf("the failures are %q, want one with %q", r.failures, want)
		}
	}
}
