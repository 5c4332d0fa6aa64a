package board_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/check/browse/browsetest"
	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/board"
)

const (
	roomKey     = "workshop:board:room"
	settingsKey = "workshop:board:settings"
)

// classBoard is the built program, running.
type classBoard struct {
	*launch.App
	t             testing.TB
	join, teacher string
}

func start(t testing.TB, redisURL string, args ...string) *classBoard {
	t.Helper()
	b := &classBoard{App: steptest.StartWith(t, "../workshop", append([]string{"board"}, args...), "REDIS_URL="+redisURL), t: t}
	b.join = b.said(`Join code: (\S+)\n`)
	b.teacher = b.said(`Teacher's code, for you alone: (\S+) on `)
	return b
}

// said is the first group of a line that the board has printed.
func (b *classBoard) said(pattern string) string {
	b.t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(b.Output())
	if match == nil {
		b.t.Fatalf("%q is missing in:\n%s", pattern, b.Output())
	}
	return match[1]
}

func (b *classBoard) address() string { return b.URL + "/" + b.join }

func (b *classBoard) send(name string, step, passed, total int) error {
	return board.Send(b.t.Context(), b.address(), lang.English, board.Progress{Name: name, Step: step, Passed: passed, Total: total})
}

func (b *classBoard) mustNote(name string, step, passed, total int) {
	b.t.Helper()
	if err := b.send(name, step, passed, total); err != nil {
		b.t.Fatal(err)
	}
}

// visitor is a browser that follows redirects. Its paths begin below the join
// code.
func (b *classBoard) visitor() *browsetest.Visitor {
	v := browsetest.New(b.t, b.address())
	v.FollowRedirects()
	return v
}

func (b *classBoard) logIn(v *browsetest.Visitor) {
	b.t.Helper()
	want(b.t, v.Post("/teacher", url.Values{"code": {b.teacher}}), http.StatusOK, "Logout")
}

// report sends a body that another program may send.
func (b *classBoard) report(body string) browse.Page {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.address()+"/progress", strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	p, err := browse.New(b.URL).Send(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

var want = browsetest.Want

func wantError(t testing.TB, err error, words ...string) {
	t.Helper()
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("got the error %v, want %q in it", err, word)
		}
	}
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is longer than a line: %q", err)
	}
}

// reads is how often the server has read from a connection. It reads commands that
// were sent together at once.
func reads(t *testing.T, client redis.UniversalClient) (n int) {
	t.Helper()
	return info(t, client, "stats", `total_reads_processed:(\d+)`)
}

func info(t *testing.T, client redis.UniversalClient, section, pattern string) (n int) {
	t.Helper()
	text, err := client.Info(t.Context(), section).Result()
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if match == nil {
		return 0
	}
	fmt.Sscan(match[1], &n)
	return n
}

func TestARoomOf200ReportsAtOnce(t *testing.T) {
	testall.Only(t)
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		if n := r.Client.Exists(t.Context(), roomKey, settingsKey).Val(); n > 0 {
			t.Fatal("this Redis holds the room of a board already")
		}
		t.Cleanup(func() { r.Client.Del(context.Background(), roomKey, settingsKey) })
		b := start(t, r.URL)
		began := time.Now()
		var reports sync.WaitGroup
		for i := range 200 {
			reports.Go(func() {
				// A learner waits 5 s at most, which can be too short on a busy machine.
				page := b.report(fmt.Sprintf(`{"name":"learner %03d","step":3,"passed":%d,"total":21}`, i, 12+i%10))
				want(t, page, http.StatusOK)
			})
		}
		reports.Wait()
		t.Logf("200 reports at once took %v", time.Since(began))
		teacher := b.visitor()
		b.logIn(teacher)
		text := teacher.WaitFor("/teacher", "200 people take part").Text()
		for i := range 200 {
			result := fmt.Sprintf("%d of 21", 12+i%10)
			if i%10 == 9 {
				result = "✓ done"
			}
			row := fmt.Sprintf(`learner %03d step 3 \d+ min –not yet –not yet %s –not yet`, i, result)
			if !regexp.MustCompile(row).MatchString(text) {
				t.Errorf("%s is missing in %s", row, text)
			}
		}
		want(t, b.visitor().Get(""), http.StatusOK, "Step 3 20 done 180 at work", "Step 4 0 done 0 at work")
	})
}

func TestAReportIsOneRoundTrip(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	// The first report opens the connection.
	b.mustNote("Grace", 1, 1, 21)
	before := reads(t, r.Client)
	for passed := range 20 {
		b.mustNote("Grace", 1, passed+1, 21)
	}
	// The last INFO is a read too.
	if n := reads(t, r.Client) - before - 1; n != 20 {
		t.Errorf("20 reports took %d round trips", n)
	}
}

// All of a class may report while Redis is slow.
func TestNoReportIsLostWhileRedisIsSlow(t *testing.T) {
	testall.Only(t)
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	if err := r.Client.Do(t.Context(), "client", "pause", 750, "write").Err(); err != nil {
		t.Fatal(err)
	}
	var reports sync.WaitGroup
	for i := range 200 {
		reports.Go(func() {
			if err := b.send(fmt.Sprint("learner ", i), 1, 1, 21); err != nil {
				t.Error(err)
			}
		})
	}
	reports.Wait()
	if n := r.Client.HLen(t.Context(), roomKey).Val(); n != 200 {
		t.Errorf("%d of 200 were noted", n)
	}
}

func TestRedisIsAskedOnceASecondForAnyNumberOfBrowsers(t *testing.T) {
	testall.Only(t)
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	b.mustNote("Grace", 1, 1, 21)
	rooms := func() int { return info(t, r.Client, "commandstats", `cmdstat_hgetall:calls=(\d+)`) }
	began, before := time.Now(), rooms()
	var looks sync.WaitGroup
	for i := range 200 {
		looks.Go(func() {
			path := []string{"", "/table"}[i%2]
			want(t, b.visitor().Get(path), http.StatusOK, "Grace")
		})
	}
	looks.Wait()
	allowed := int(time.Since(began)/time.Second) + 1
	if n := rooms() - before; n < 1 || n > allowed {
		t.Errorf("the room was read %d times, want 1 to %d", n, allowed)
	}
}

func TestAnUnchangedTableIsNotSentAgain(t *testing.T) {
	b := start(t, redistest.StartServer(t).URL)
	b.mustNote("Grace", 1, 12, 21)
	v := b.visitor()
	first := v.WaitFor("/table", "Grace")
	news := http.Header{"If-None-Match": {first.Header.Get("ETag")}}
	again := func() browse.Page { return v.Do(http.MethodGet, "/table", nil, news) }
	if p := again(); p.Status != http.StatusNotModified || p.Body != "" {
		t.Errorf("status %d, want 304: %q", p.Status, p.Body)
	}
	b.mustNote("Grace", 1, 21, 21)
	var p browse.Page
	wait.For(t, "the table has changed", func() bool { p = again(); return p.Status == http.StatusOK })
	want(t, p, http.StatusOK, "Latest: Grace, step 1: done")
}

func TestTheBoardShowsOnlyTheStepsOfTheClass(t *testing.T) {
	b := start(t, redistest.StartServer(t).URL, "-steps", "2, 3")
	b.mustNote("Grace", 3, 12, 21)
	b.mustNote("Grace", 1, 21, 21)
	v := b.visitor()
	text := v.WaitFor("", "Step 2 0 done 0 at work Step 3 0 done 0 at work").Text()
	b.logIn(v)
	want(t, v.Get("/teacher"), http.StatusOK, "min –not yet 12 of 21")
	if !strings.Contains(text, "Grace") || strings.Contains(text, "Latest") || strings.Contains(text, "Step 1 ") || strings.Contains(text, "Step 4") {
		t.Errorf("the board shows %s", text)
	}
}

func TestTheBestResultStays(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	v := b.visitor()
	b.logIn(v)
	for _, report := range []struct {
		step, passed, total int
		shown               string
	}{
		{1, 0, 21, "min 0 of 21 –not yet –not yet –not yet"},
		{1, 12, 21, "min 12 of 21 –not yet –not yet –not yet"},
		{1, 5, 21, "min 12 of 21 –not yet –not yet –not yet"},
		{1, 21, 21, "min ✓ done –not yet –not yet –not yet"},
		{1, 21, 21, "min ✓ done –not yet –not yet –not yet"},
		{1, 20, 22, "min ✓ done –not yet –not yet –not yet"},
		{4, 3, 30, "min ✓ done –not yet –not yet 3 of 30"},
	} {
		seen := r.Client.HGet(t.Context(), roomKey, "Grace").Val()
		time.Sleep(2 * time.Millisecond) // the time of a report is in milliseconds
		b.mustNote("Grace", report.step, report.passed, report.total)
		if now := r.Client.HGet(t.Context(), roomKey, "Grace").Val(); now == seen {
			t.Errorf("a report did not change the time at which Grace was seen: %s", now)
		}
		v.WaitFor("/teacher", report.shown)
	}
	want(t, v.Get(""), http.StatusOK, "Latest: Grace, step 1: done", "Step 1 1 done 0 at work", "Step 4 0 done 1 at work")
}

func TestNamesAreTextAndBounded(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	b.mustNote(`  <script>alert("1")</script> `, 1, 1, 21)
	b.mustNote("花子", 1, 1, 21)
	b.mustNote(strings.Repeat("W", 64), 1, 1, 21)
	p := b.visitor().WaitFor("", "花子", strings.Repeat("W", 64))
	if !strings.Contains(p.Body, `<span class="name">&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;</span>`) || strings.Contains(p.Body, "<script>") {
		t.Errorf("a name is not escaped: %s", p.Body)
	}
	for name, problem := range map[string]string{
		"": "Type a name.", "  ": "Type a name.", strings.Repeat("W", 65): "too long", "a\nb": "cannot be seen", "\u200b\u202e": "Type a name.",
	} {
		wantError(t, b.send(name, 1, 1, 21), "NAME: ", problem)
		// Another program can send anything.
		raw := fmt.Sprintf(`{"name":%q,"step":1,"passed":1,"total":21}`, name)
		raw = strings.ReplaceAll(raw, `\x`, `\u00`)
		want(t, b.report(raw), http.StatusBadRequest, problem)
	}
	for _, wrong := range []board.Progress{
		{Name: "Grace", Step: 0, Passed: 1, Total: 21}, {Name: "Grace", Step: 5, Passed: 1, Total: 21}, {Name: "Grace", Step: 1, Passed: -1, Total: 21},
		{Name: "Grace", Step: 1, Passed: 22, Total: 21}, {Name: "Grace", Step: 1}, {Name: "Grace", Step: 1, Passed: 1, Total: 1000},
	} {
		if err := board.Send(t.Context(), b.address(), lang.English, wrong); err == nil {
			t.Errorf("%v was sent", wrong)
		}
		raw := fmt.Sprintf(`{"name":"Grace","step":%d,"passed":%d,"total":%d}`, wrong.Step, wrong.Passed, wrong.Total)
		want(t, b.report(raw), http.StatusBadRequest)
	}
	for what, body := range map[string]string{
		"nothing": "", "no JSON": "Grace", "too much": `{"x":"` + strings.Repeat("x", 1<<10) + `","name":"Grace","step":1,"passed":1,"total":21}`,
		"far too much": `{"x":"` + strings.Repeat("x", 200<<10) + `"}`,
	} {
		p := b.report(body)
		if p.Status != http.StatusBadRequest && p.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: status %d", what, p.Status)
		}
	}
	if n := r.Client.HLen(t.Context(), roomKey).Val(); n != 3 {
		t.Errorf("the room has %d names, want 3", n)
	}
}

func TestTheNumberOfNamesIsBounded(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	for i := range 500 {
		r.Client.HSet(t.Context(), roomKey, fmt.Sprint("name ", i), "seen=1764076800000 last=1 1=1/21")
	}
	wantError(t, b.send("one more", 1, 1, 21), "the board is full", "The teacher can remove names")
	b.mustNote("name 7", 1, 2, 21)
	v := b.visitor()
	b.logIn(v)
	want(t, v.Post("/teacher/remove", url.Values{"learner": {"name 8"}}), http.StatusOK)
	b.mustNote("one more", 1, 1, 21)
}

func TestTheJoinCode(t *testing.T) {
	b := start(t, redistest.StartServer(t).URL)
	b.mustNote("Grace", 1, 1, 21)
	v := b.visitor()
	for _, path := range []string{"/wrong2", "/wrong2/table", "/wrong2/teacher", "/?code=wrong2"} {
		p := v.Get(b.URL + path)
		want(t, p, http.StatusForbidden, "The join code is wrong.")
		if strings.Contains(p.Body, "Grace") {
			t.Errorf("%s shows a name: %s", path, p.Body)
		}
	}
	want(t, v.Get(b.URL), http.StatusOK, "The join code of your class")
	want(t, v.Get(b.URL+"/favicon.ico"), http.StatusNotFound)
	err := board.Send(t.Context(), b.URL+"/wrong2", lang.English, board.Progress{Name: "Bob", Step: 1, Passed: 1, Total: 21})
	wantError(t, err, "BOARD: the join code is wrong")
	// A learner who hears the code may type it so.
	spoken := strings.ToUpper(b.join[:3]) + " " + b.join[3:]
	p := v.Get(b.URL + "/?code=" + url.QueryEscape(spoken))
	want(t, p, http.StatusOK, "make check3 BOARD=")
	if p.URL != b.address() {
		t.Errorf("the code led to %s", p.URL)
	}
	if !regexp.MustCompile(`^[abcdefghjkmnpqrstwxyz2-9]{6}$`).MatchString(b.join) || !regexp.MustCompile(`^[abcdefghjkmnpqrstwxyz2-9]{10}$`).MatchString(b.teacher) {
		t.Errorf("the codes %s and %s are not as they should be", b.join, b.teacher)
	}
}

func TestTheRightCodeIsAcceptedAfterManyWrongOnes(t *testing.T) {
	b := start(t, redistest.StartServer(t).URL)
	v := b.visitor()
	for i := range 60 {
		address := fmt.Sprintf("%s/guess%d", b.URL, i)
		if i%2 == 0 {
			address += "/table"
		}
		want(t, v.Get(address), http.StatusForbidden, "The join code is wrong.")
	}
	want(t, v.Get(b.URL+"/guess60"), http.StatusTooManyRequests, "Too many wrong codes have come from this address. Wait a minute.")
	want(t, v.Post("/teacher", url.Values{"code": {b.join}}), http.StatusTooManyRequests)
	want(t, v.Get(""), http.StatusOK, "No learner has reported yet.")
	b.mustNote("Grace", 1, 1, 21)
	b.logIn(v)
}

// While the limit of wrong codes wait, every other code is refused, the right one
// too. Only known browsers are served.
func TestKnownBrowsersAreServedDuringAFloodOfWrongCodes(t *testing.T) {
	testall.Only(t)
	b := start(t, redistest.StartServer(t).URL)
	learner, teacher := b.visitor(), b.visitor()
	want(t, learner.Get(""), http.StatusOK)
	b.logIn(teacher)
	ctx, stop := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	defer flood.Wait()
	defer stop()
	for range 150 {
		flood.Go(func() {
			for wrong := browse.New(b.URL); ctx.Err() == nil; {
				wrong.Do(ctx, http.MethodGet, "/wrong2", nil, nil)
			}
		})
	}
	wait.For(t, "an unknown browser is refused", func() bool { return b.visitor().Get("").Status == http.StatusTooManyRequests })
	want(t, learner.Get("/table"), http.StatusOK, "No learner has reported yet.")
	want(t, teacher.Post("/teacher/hide", nil), http.StatusOK, "The names are hidden")
	b.logIn(learner)
	forged := b.visitor()
	if err := forged.Plant("workshop_board_pass", b.join); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "a forged pass is refused", func() bool { return forged.Get("/table").Status == http.StatusTooManyRequests })
}

// The names have capitals, which a join code never has: three small letters can be
// part of a random code.
func TestOnlyTheTeacherCanChangeTheBoard(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	for _, name := range []string{"Grace", "Bob", "Dorothy"} {
		b.mustNote(name, 2, 21, 21)
	}
	const desk = "/teacher"
	stranger, teacher, looker := b.visitor(), b.visitor(), b.visitor()
	looker.WaitFor("", "Dorothy", "3 people take part")

	want(t, stranger.Get(desk), http.StatusOK, "The teacher's code")
	for _, path := range []string{"/remove", "/start-over", "/hide", "/show", "/logout"} {
		want(t, stranger.Post(desk+path, url.Values{"learner": {"Grace"}}), http.StatusForbidden, "You are not logged in, so nothing was changed.")
	}
	want(t, stranger.Post(desk, url.Values{"code": {""}}), http.StatusForbidden)
	want(t, looker.Get(""), http.StatusOK, "3 people take part")

	b.logIn(teacher)
	want(t, teacher.Post(desk+"/remove", url.Values{"learner": {"Bob"}}), http.StatusOK, "2 people take part")
	if p := looker.Get(""); strings.Contains(p.Body, "Bob") {
		t.Errorf("Bob is still there: %s", p.Text())
	}
	want(t, teacher.Post(desk+"/hide", nil), http.StatusOK, "The names are hidden", "Grace")
	for _, path := range []string{"", "/table"} {
		p := looker.Get(path)
		want(t, p, http.StatusOK, "2 people take part. The teacher has hidden the names.", "Step 2 2 done", "Latest: step 2: done")
		if strings.Contains(p.Body, "Grace") || strings.Contains(p.Body, "Dorothy") {
			t.Errorf("a name is shown: %s", p.Body)
		}
	}
	want(t, teacher.Post(desk+"/show", nil), http.StatusOK)
	want(t, looker.Get(""), http.StatusOK, "Grace", "Dorothy")
	want(t, teacher.Post(desk+"/start-over", nil), http.StatusOK, "No learner has reported yet.")
	want(t, looker.Get(""), http.StatusOK, "No learner has reported yet.")

	crossSite := http.Header{"Sec-Fetch-Site": {"cross-site"}}
	want(t, teacher.Do(http.MethodPost, desk+"/hide", nil, crossSite), http.StatusForbidden, "The form was sent from another site.")
	want(t, looker.Get(""), http.StatusOK, "No learner has reported yet.")

	for _, key := range r.Client.Keys(t.Context(), "*").Val() {
		if !strings.HasPrefix(key, "workshop:board:") {
			t.Errorf("the key %s is not the board's", key)
		}
		if r.Client.TTL(t.Context(), key).Val() <= 0 && key != settingsKey {
			t.Errorf("the key %s lives for ever", key)
		}
	}

	// A copy of the cookie is worth nothing after a logout.
	thief := b.visitor()
	cookies := teacher.Cookies()
	if len(cookies) != 1 || cookies[0].Name != "workshop_board" {
		t.Fatalf("the teacher's cookies: %v", cookies)
	}
	if err := thief.Plant(cookies[0].Name, cookies[0].Value); err != nil {
		t.Fatal(err)
	}
	want(t, thief.Get(desk), http.StatusOK, "Logout")
	want(t, teacher.Post(desk+"/logout", nil), http.StatusOK, "The teacher's code")
	want(t, thief.Get(desk), http.StatusOK, "The teacher's code")
}

func TestStep4AndTheBoardKeepTheirLoginsApart(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	app := steptest.Start(t, "../../step4-store", "REDIS_URL="+r.URL, "SESSION_TTL=2m")
	v := b.visitor()
	want(t, v.Post(app.URL+"/login", url.Values{"username": {"Grace"}}), http.StatusOK, "Logged in as Grace.")
	b.logIn(v)
	want(t, v.Get(app.URL), http.StatusOK, "Logged in as Grace.")
	want(t, v.Post(app.URL+"/logout", nil), http.StatusOK, "You are not logged in")
	want(t, v.Get("/teacher"), http.StatusOK, "Logout")
}

func TestARestartKeepsTheRoom(t *testing.T) {
	testall.Only(t)
	r := redistest.StartServer(t)
	first := start(t, r.URL)
	first.mustNote("Grace", 3, 12, 21)
	teacher := first.visitor()
	first.logIn(teacher)
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	second := start(t, r.URL)
	if first.join != second.join || first.teacher == second.teacher {
		t.Errorf("the codes were %s %s and are %s %s", first.join, first.teacher, second.join, second.teacher)
	}
	for _, code := range []string{first.teacher, second.teacher} {
		want(t, second.visitor().Post("/teacher", url.Values{"code": {code}}), http.StatusOK, "Logout")
	}
	want(t, teacher.Get(second.address()+"/teacher"), http.StatusOK, "Logout", "Grace", "12 of 21")
	want(t, second.visitor().Get(""), http.StatusOK, "Grace")
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	third := start(t, r.URL, "-code", "Redis-Room 7")
	if third.join != "redisroom7" {
		t.Errorf("the join code is %s", third.join)
	}
	want(t, third.visitor().Get(""), http.StatusOK, "Grace", "/redisroom7 NAME=your-name")
	want(t, third.visitor().Get(third.URL+"/"+first.join), http.StatusForbidden)
}

func TestRedisGoesAwayAndComesBack(t *testing.T) {
	testall.Only(t)
	r := redistest.StartServer(t, "--appendonly", "yes", "--appendfsync", "always")
	b := start(t, r.URL)
	b.mustNote("Grace", 3, 12, 21)
	v := b.visitor()
	b.logIn(v)
	v.WaitFor("", "Grace")
	away := func() {
		t.Helper()
		wantError(t, b.send("Grace", 3, 12, 21), "BOARD: the board's Redis does not answer")
		want(t, v.Get("/teacher"), http.StatusServiceUnavailable, "Redis does not answer")
		var lookers sync.WaitGroup
		for range 50 {
			lookers.Go(func() {
				p := b.visitor().WaitFor("", "Redis does not answer")
				want(t, p, http.StatusServiceUnavailable)
			})
		}
		lookers.Wait()
	}
	back := func() {
		t.Helper()
		v.WaitFor("", "Grace")
		want(t, v.Get("/teacher"), http.StatusOK, "Logout", "12 of 21")
		b.mustNote("Grace", 3, 12, 21)
	}
	r.Kill()
	away()
	r.Restart()
	back()
	r.Pause()
	away()
	r.Resume()
	back()
}

func TestTheBoardWritesTheCodesAgainIfRedisLosesThem(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	r.Restart()
	b.mustNote("Grace", 3, 12, 21)
	if join := r.Client.HGet(t.Context(), settingsKey, "join").Val(); join != b.join {
		t.Errorf("Redis has the join code %q, the board %q", join, b.join)
	}
	b.logIn(b.visitor())
}

func TestCancelEndsAReport(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := board.Send(ctx, "http://127.0.0.1:1/abcdef", lang.English, board.Progress{Name: "Grace", Step: 1, Passed: 1, Total: 2})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
