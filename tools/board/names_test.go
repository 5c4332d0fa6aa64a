package board_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/browse/browsetest"
	"example.com/session-workshop/check/redistest"
)

func TestAllSpellingsOfANameHaveOneRow(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	for _, same := range [][]string{
		{"Ada", "ada", "ADA", "a\u200bda", " Ada\u3164 ", "\u2066Ada\u2069"},
		{"Zoe\u0308 L", "zoë  l", "ZOË\u00a0\u200b\u3000L"},
		{"Σίσυφος", "ΣΊΣΥΦΟΣ"},
		{"Groß", "GROSS"},
		{"👩‍💻", "👩\ufe0f\u200d💻"},
	} {
		for i, name := range same {
			b.mustNote(name, 1, i+1, 21)
		}
	}
	p := b.visitor().WaitFor("", "5 people take part")
	for name, best := range map[string]int{"Ada": 6, "Zoë L": 3, "Σίσυφος": 2, "Groß": 2, "👩‍💻": 2} {
		want(t, p, http.StatusOK, name)
		if line := r.Client.HGet(t.Context(), roomKey, name).Val(); !strings.Contains(line, fmt.Sprintf(" 1=%d/21", best)) {
			t.Errorf("%s has %q, want %d of 21", name, line, best)
		}
	}
	// After a name is removed, the next spelling stays.
	v := b.visitor()
	b.logIn(v)
	want(t, v.Post("/teacher/remove", url.Values{"learner": {"Ada"}}), http.StatusOK, "4 people take part")
	b.mustNote("ADA", 1, 2, 21)
	b.visitor().WaitFor("", "ADA")
}

// from is a browser at another address than the test's.
func (b *classBoard) from(ip string) *browsetest.Visitor {
	v := b.visitor()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	v.Client.Transport = &http.Transport{DialContext: dialer.DialContext}
	return v
}

func TestNewNamesAreBoundedForEachAddress(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	b.mustNote("name 0", 1, 1, 21)
	line := r.Client.HGet(t.Context(), roomKey, "name 0").Val()
	for i := range 249 {
		r.Client.HSet(t.Context(), roomKey, fmt.Sprint("name ", i+1), strings.Replace(line, "name+0", fmt.Sprint("name+", i+1), 1))
	}
	wantError(t, b.send("one more", 1, 1, 21), "BOARD: 250 names have come from your address already", "The teacher can remove some")
	b.mustNote("NAME 7", 1, 2, 21)
	other := b.from("127.0.0.2")
	report := func(name string) {
		t.Helper()
		body := strings.NewReader(fmt.Sprintf(`{"name":%q,"step":1,"passed":1,"total":21}`, name))
		request, err := http.NewRequest(http.MethodPost, b.address()+"/progress", body)
		if err != nil {
			t.Fatal(err)
		}
		p, err := other.Send(request)
		if err != nil {
			t.Fatal(err)
		}
		want(t, p, http.StatusOK)
	}
	report("Grace")
	// A name keeps the address that it came from first.
	report("name 8")

	teacher := b.visitor()
	b.logIn(teacher)
	want(t, teacher.Get("/teacher"), http.StatusOK, "127.0.0.1 (250 names) 127.0.0.2 (1 name)")
	want(t, teacher.Post("/teacher/remove-from", url.Values{"from": {""}}), http.StatusOK, "251 people take part")
	want(t, teacher.Post("/teacher/remove-from", url.Values{"from": {"127.0.0.1"}}), http.StatusOK, "1 person takes part", "Grace")
	b.mustNote("one more", 1, 1, 21)
}

func TestTheTeacherRemovesTheNamesOfTheLastMinutes(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).UnixMilli() }
	r.Client.HSet(t.Context(), roomKey,
		"Before", "seen=1764076800000 last=1 1=1/21",
		"Early", fmt.Sprintf("seen=%d last=1 first=%d from=127.0.0.3 id=early 1=1/21", ago(time.Hour), ago(time.Hour)),
		"Late", fmt.Sprintf("seen=%d last=1 first=%d from=127.0.0.3 id=late 1=1/21", ago(3*time.Minute), ago(3*time.Minute)))
	for _, name := range []string{"Now", "Early", "Before"} {
		b.mustNote(name, 1, 2, 21)
	}
	v := b.visitor()
	b.logIn(v)
	for _, wrong := range []string{"", "x", "-5", "0"} {
		want(t, v.Post("/teacher/remove-new", url.Values{"minutes": {wrong}}), http.StatusOK, "4 people take part")
	}
	want(t, v.Post("/teacher/remove-new", url.Values{"minutes": {"1"}}), http.StatusOK, "2 people take part", "Early", "Late")
	want(t, v.Post("/teacher/remove-new", url.Values{"minutes": {"5"}}), http.StatusOK, "1 person takes part", "Early")
}

// An earlier version of the board may have stored names that were not normalized.
func TestEachNameCanBeRemoved(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	names := []string{"Ada  Lovelace", "  Ada", "Ada ", "a\tb", `"><b>'Ada'</b> & co`, "👨‍👩‍👧", "\u202eadA", "شيرين", "\u200b", " "}
	for _, name := range names {
		r.Client.HSet(t.Context(), roomKey, name, "seen=1764076800000 last=1 1=1/21")
	}
	v := b.visitor()
	b.logIn(v)
	for left := len(names); left > 0; left-- {
		if n := r.Client.HLen(t.Context(), roomKey).Val(); n != int64(left) {
			t.Fatalf("%d names are left, want %d: %q", n, left, r.Client.HKeys(t.Context(), roomKey).Val())
		}
		v.Get("/teacher")
		to, form := v.Fill("/teacher/remove", nil)
		want(t, v.Post(to, form), http.StatusOK)
	}
}

func TestRedisNeverSeesTheTeachersCode(t *testing.T) {
	r := redistest.StartServer(t)
	monitor, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer monitor.Close()
	fmt.Fprint(monitor, "MONITOR\r\n")
	seen := bufio.NewScanner(monitor)
	if !seen.Scan() || seen.Text() != "+OK" {
		t.Fatalf("MONITOR was answered with %q", seen.Text())
	}
	r.Client.HSet(t.Context(), settingsKey, "teacher", "ofthelasttime")
	b := start(t, r.URL)
	v := b.visitor()
	b.logIn(v)
	b.mustNote("Grace", 1, 1, 21)
	b.mustNote("Grace", 1, 2, 21)
	v.Post("/teacher", url.Values{"code": {"aaaaaaaaaa"}})
	session := v.Cookies()[0].Value
	r.Client.Set(t.Context(), "end-of-test", 1, time.Minute)
	joins := 0
	for seen.Scan() && !strings.Contains(seen.Text(), "end-of-test") {
		for _, secret := range []string{b.teacher, "aaaaaaaaaa", session} {
			if strings.Contains(seen.Text(), secret) {
				t.Errorf("Redis got a secret: %s", seen.Text())
			}
		}
		joins += strings.Count(seen.Text(), b.join)
	}
	if joins > 1 {
		t.Errorf("the join code was written %d times", joins)
	}
	if r.Client.HExists(t.Context(), settingsKey, "teacher").Val() {
		t.Error("the code of an earlier version is still there")
	}
}
