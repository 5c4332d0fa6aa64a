package browser

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
)

// classBoard is a board with an open tab.
type classBoard struct {
	*tab
	redis         *redistest.Server
	room, teacher string // the path of the room and the code of the teacher
}

func openBoard(t *testing.T) *classBoard {
	t.Helper()
	redis := redistest.StartServer(t)
	app := steptest.StartWith(t, "../workshop", []string{"board"}, "REDIS_URL="+redis.URL)
	codes := regexp.MustCompile(`Join code: (\S+)\nTeacher's code, for you alone: (\S+) `).FindStringSubmatch(app.Output())
	if codes == nil {
		t.Fatalf("no codes in:\n%s", app.Output())
	}
	return &classBoard{tab: openTab(t, app), redis: redis, room: "/" + codes[1], teacher: codes[2]}
}

// report sends what the check of a learner sends.
func (b *classBoard) report(name string, step, passed int) {
	b.t.Helper()
	body := fmt.Sprintf(`{"name":%q,"step":%d,"passed":%d,"total":21}`, name, step, passed)
	response, err := http.Post(b.home+b.room+"/progress", "application/json", strings.NewReader(body))
	b.must(err)
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		b.t.Fatalf("the report of %s was answered with %s", name, response.Status)
	}
}

// aClass reports for a whole class: some learners have finished a step, some
// are working on one, some have not begun.
func (b *classBoard) aClass() {
	b.t.Helper()
	for i, name := range []string{"Grace", "Barbara", "ken", "花子", "<i>dennis</i>", longestName} {
		for step := 1; step <= 1+i%4; step++ {
			b.report(name, step, 21)
		}
		b.report(name, 1+i%4, 12)
		if i%2 == 0 && i%4 < 3 {
			b.report(name, 2+i%4, 12)
		}
	}
}

func (b *classBoard) logInAsTeacher() {
	b.t.Helper()
	b.visit(b.room + "/teacher")
	b.waitForFocus("#code")
	b.press(b.teacher + kb.Enter)
	b.mustShow("Start over", "Logout")
}

func TestTheBoardIsLive(t *testing.T) {
	testall.Only(t)
	b := openBoard(t)
	b.visit(b.room)
	b.mustShow("make check3 BOARD=http://", b.room+" NAME=your-name", "No learner has reported yet.")
	loadedAgain := b.loadedAgain()
	eval[bool](b.tab, listen)
	b.report("Grace", 3, 12)
	b.waitForText("1 person takes part")
	b.mustHide("12 of 21")
	b.report("Grace", 3, 21)
	b.waitForText("Latest: Grace, step 3: done")
	// A learner who was seen before is not announced.
	b.must(b.redis.Client.HSet(t.Context(), "workshop:board:room", "zoe", "seen=1764076800000 last=1 1=3/21").Err())
	b.waitForText("2 people take part")
	want := []string{"Latest: Grace, step 3: done"}
	if spoken := eval[[]string](b.tab, "window.spoken"); !slices.Equal(spoken, want) {
		t.Errorf("a screen reader hears %q, want %q", spoken, want)
	}
	loadedAgain()
}

func TestTheBoardRecoversFromAnOutage(t *testing.T) {
	testall.Only(t)
	b := openBoard(t)
	b.report("Grace", 3, 12)
	b.visit(b.room)
	// In a real outage the browser itself would complain.
	eval[bool](b.tab, `window.ask = window.fetch, window.fetch = () => Promise.reject(new TypeError("no network")), true`)
	b.waitForText("The board does not answer. This page keeps asking.")
	b.mustShow("Grace")
	b.report("ken", 3, 13)
	eval[bool](b.tab, `window.fetch = window.ask, true`)
	b.waitForText("2 people take part")
	b.mustHide("The board does not answer.")
}

func TestTheBoardIsLiveInJapanese(t *testing.T) {
	testall.Only(t)
	b := openBoard(t)
	call(b.tab, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": "ja"}})
	b.visit(b.room)
	b.mustShow("まだ誰からも報告がありません。")
	b.report("鈴木", 3, 21)
	b.waitForText("最新: 鈴木、ステップ 3 完了")
	b.must(b.redis.Client.HSet(t.Context(), "workshop:board:settings", "until", time.Now().Add(10*time.Minute).UnixMilli()).Err())
	b.waitForText("作る時間: 9:")
	// Japanese words are wider, and break in other places.
	b.resize(320, 256, chromedp.EmulateMobile)
	b.mustFit("the board in Japanese", 320)
	eval[bool](b.tab, `window.fetch = () => Promise.reject(new TypeError("no network")), true`)
	b.waitForText("ボードが応答しません。このページは問い合わせを続けます。")
}

func TestTheBoardWithoutJavaScript(t *testing.T) {
	testall.Only(t)
	b := openBoard(t)
	b.aClass()
	b.withoutScripts()
	b.visit(b.room)
	b.mustShow("This page loads again every 15 seconds.", "6 people take part", "<i>dennis</i>", "花子")
	b.logInAsTeacher()
	b.click(`form[action$="/remove"] button`)
	b.mustShow("5 people take part")
}

// boardPages opens each page of the board that has its own look.
func boardPages(t *testing.T, prepare func(*tab), check func(b *tab, page string)) {
	t.Helper()
	b := openBoard(t)
	prepare(b.tab)
	b.visit("/")
	check(b.tab, "the door")
	b.visit("/wrong2")
	b.mustShow("The join code is wrong.")
	check(b.tab, "a wrong code")
	b.visit(b.room)
	b.mustShow("No learner has reported yet.")
	check(b.tab, "an empty room")
	b.aClass()
	b.waitForText("6 people take part")
	check(b.tab, "a room")
	b.visit(b.room + "/teacher")
	check(b.tab, "the login")
	b.press(kb.Enter)
	b.mustShow("This is not the teacher's code.")
	check(b.tab, "the login with an error")
	b.logInAsTeacher()
	b.do(chromedp.Click(chromedp.CSS("summary")))
	b.mustShow("Remove all names")
	check(b.tab, "the teacher's page")
	b.click(`form[action$="/hide"] button`)
	b.mustShow("The names are hidden")
	check(b.tab, "the teacher's page, names hidden")
	b.visit(b.room)
	b.mustShow("The teacher has hidden the names.")
	b.mustHide("Grace")
	check(b.tab, "a room without names")
}

func TestTheTeachersPageIsLiveAndKeepsTheChoice(t *testing.T) {
	testall.Only(t)
	b := openBoard(t)
	b.logInAsTeacher()
	b.mustShow("No learner has reported yet.")
	b.report("Grace", 3, 12)
	b.report("ken", 3, 12)
	b.waitForText("2 people take part")
	eval[string](b.tab, `document.getElementById("learner").value = "ken"`)
	b.report("Ada", 3, 12)
	b.waitForText("3 people take part")
	b.click(`form[action$="/remove"] button`)
	b.mustShow("2 people take part", "Ada", "Grace")
}

func TestTheTeacherWithTheKeyboardAlone(t *testing.T) {
	testall.Only(t)
	b := openBoard(t)
	b.aClass()
	b.logInAsTeacher()
	b.tabTo(`form[action$="/hide"] button`)
	b.press(kb.Enter)
	b.mustShow("The names are hidden")
	b.tabTo("select")
	b.do(chromedp.KeyEvent(kb.ArrowDown))
	b.tabTo(`form[action$="/remove"] button`)
	b.press(kb.Enter)
	b.mustShow("5 people take part")
	b.tabTo("summary")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.tabTo(`form[action$="/start-over"] button`)
	b.press(kb.Enter)
	b.mustShow("No learner has reported yet.")
}

// A browser collapses the spaces in the text of an option.
func TestTheTeacherRemovesNamesWithSpecialSpaces(t *testing.T) {
	testall.Only(t)
	b := openBoard(t)
	for _, name := range []string{"Ada  Lovelace", "  ken ", "\u202eadA", `"><i>`} {
		b.must(b.redis.Client.HSet(t.Context(), "workshop:board:room", name, "seen=1764076800000 last=1 1=3/21").Err())
	}
	b.logInAsTeacher()
	for _, left := range []string{"3 people", "2 people", "1 person", "No learner has reported"} {
		b.click(`form[action$="/remove"] button`)
		b.mustShow(left)
	}
}

func TestTheTeacherRemovesManyNamesWithTheKeyboardAlone(t *testing.T) {
	testall.Only(t)
	b := openBoard(t)
	b.aClass()
	b.must(b.redis.Client.HSet(t.Context(), "workshop:board:room", "zoe", "seen=1764076800000 last=1 first=1764076800000 from=192.0.2.7 id=zoe 1=3/21").Err())
	b.logInAsTeacher()
	b.mustShow("127.0.0.1 (6 names)", "192.0.2.7 (1 name)")
	b.tabTo("#origin")
	b.do(chromedp.KeyEvent(kb.ArrowDown))
	b.tabTo(`form[action$="/remove-from"] button`)
	b.press(kb.Enter)
	b.mustShow("6 people take part")
	b.tabTo(`form[action$="/remove-new"] button`)
	b.press(kb.Enter)
	b.mustShow("No learner has reported yet.")
}
