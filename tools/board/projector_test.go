package board_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"example.com/session-workshop/check/redistest"
)

func TestTheProjectorShowsTheAddressAndACountdown(t *testing.T) {
	b := start(t, redistest.StartServer(t).URL)
	b.mustNote("鈴木", 1, 1, 21)
	b.mustNote("Grace", 1, 1, 21)
	v := b.visitor()
	p := v.WaitFor("", "make hello BOARD=", "go run ./tools/workshop check -board http://", "鈴木", "Grace")
	for _, part := range []string{`<span class="name" lang="ja">鈴木</span>`, `<span class="name">Grace</span>`, `<svg class="qr" role="img"`} {
		if !strings.Contains(p.Body, part) {
			t.Errorf("%q is missing in %s", part, p.Body)
		}
	}
	const timer = `<p id="countdown" role="timer" data-for="build" data-until="\d+">build: until \d\d:\d\d:\d\d</p>`
	shown := func() bool { return regexp.MustCompile(timer).MatchString(v.Get("").Body) }
	want(t, v.Post("/teacher/countdown", url.Values{"minutes": {"10"}}), http.StatusForbidden)
	if shown() {
		t.Error("a learner has started the countdown")
	}
	b.logIn(v)
	want(t, v.Post("/teacher/countdown", url.Values{"minutes": {"10"}}), http.StatusOK)
	if !shown() {
		t.Error("the board shows no countdown")
	}
	// An input method that was left on types digits of double width.
	v.Post("/teacher/countdown", url.Values{"minutes": {"0"}})
	v.Post("/teacher/countdown", url.Values{"minutes": {"１０"}})
	if !shown() {
		t.Error("the board shows no countdown after digits of double width")
	}
	for _, stop := range []string{"0", "-1", "x", "121"} {
		v.Post("/teacher/countdown", url.Values{"minutes": {"10"}})
		v.Post("/teacher/countdown", url.Values{"minutes": {stop}})
		if shown() {
			t.Errorf("the countdown goes on after %q", stop)
		}
	}
	v.Post("/teacher/countdown", url.Values{"minutes": {"10"}})
	v.Post("/teacher/start-over", nil)
	if shown() {
		t.Error("the countdown of the class before goes on")
	}
}
