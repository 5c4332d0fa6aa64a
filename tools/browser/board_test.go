package browser

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
)

// classBoard is a board with a tab on it.
type classBoard struct {
	*tab
	app           *launch.App
	redis         *redistest.Server
	room, teacher string // the path of the room, and the teacher's code
}

func openBoard(t *testing.T) *classBoard {
	t.Helper()
	b := &classBoard{redis: redistest.StartServer(t)}
	b.app = steptest.StartWith(t, "../workshop", []string{"board"}, "REDIS_URL="+b.redis.URL)
	codes := regexp.MustCompile(`Join code: (\S+)\nTeacher's code, for you alone: (\S+) `).FindStringSubmatch(b.app.Output())
	if codes == nil {
		t.Fatalf("no codes in:\n%s", b.app.Output())
	}
	b.room, b.teacher = "/"+codes[1], codes[2]
	b.tab = openTab(t, b.app)
	return b
}

// report is what a learner's check sends.
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

// aClass reports: some have done a step, some are at it, some have not begun.
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
	b.load(chromedp.KeyEvent(b.teacher + kb.Enter))
	b.mustShow("Start over", "Logout")
}

func TestTheBoardIsLive(t *testing.T) {
	testall.Only(t)
	b := openBoard(t)
	b.visit(b.room)
	b.mustShow("make check3 BOARD=http://", b.room+" NAME=your-name", "Nobody has reported yet.")
	pages := b.pages()
	// What a screen reader reads aloud.
	eval[bool](b.tab, `window.heard = [], new MutationObserver(() => heard.push(document.getElementById("latest").textContent))
		.observe(document.getElementById("latest"), { childList: true, subtree: true, characterData: true }), true`)
	b.report("Grace", 3, 12)
	b.waitForText("Grace – not yet – not yet 12 of 21 – not yet")
	b.waitForText("Latest: Grace, step 3: 12 of 21")
	b.report("Grace", 3, 21)
	b.waitForText("✓ done")
	// Somebody who was seen before is no news.
	b.must(b.redis.Client.HSet(t.Context(), "workshop:board:room", "zoe", "seen=1764076800000 last=1 1=3/21").Err())
	b.waitForText("zoe 3 of 21")
	if heard := eval[[]string](b.tab, "heard"); len(heard) != 2 || heard[0] != "Latest: Grace, step 3: 12 of 21" || heard[1] != "Latest: Grace, step 3: done" {
		t.Errorf("a screen reader hears %q", heard)
	}
	if b.pages() != pages {
		t.Error("the page was loaded again")
	}
}

func TestTheBoardThatIsAwayComesBack(t *testing.T) {
	testall.Only(t)
	b := openBoard(t)
	b.report("Grace", 3, 12)
	b.visit(b.room)
	// The browser itself would complain about a network that is really away.
	eval[bool](b.tab, `window.ask = window.fetch, window.fetch = () => Promise.reject(new TypeError("no network")), true`)
	b.waitForText("The board does not answer. It is asked again by itself.")
	b.mustShow("Grace", "12 of 21")
	b.report("Grace", 3, 13)
	eval[bool](b.tab, `window.fetch = window.ask, true`)
	b.waitForText("13 of 21")
	b.mustHide("The board does not answer.")
}

func TestTheBoardWithoutJavaScript(t *testing.T) {
	testall.Only(t)
	b := openBoard(t)
	b.aClass()
	call(b.tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.visit(b.room)
	b.mustShow("Load this page again", "6 people take part", "<i>dennis</i>", "花子")
	b.logInAsTeacher()
	b.click(`form[action$="/remove"] button`)
	b.mustShow("5 people take part")
}

// eachBoardPage runs check on each page of the board that looks different.
func (b *classBoard) eachBoardPage(check func(page string)) {
	b.t.Helper()
	b.visit("/")
	check("the door")
	b.visit("/wrong2")
	b.mustShow("The join code is wrong.")
	check("a wrong code")
	b.visit(b.room)
	b.mustShow("Nobody has reported yet.")
	check("an empty room")
	b.aClass()
	b.waitForText("6 people take part")
	check("a room")
	b.visit(b.room + "/teacher")
	check("the login")
	b.load(chromedp.KeyEvent(kb.Enter))
	b.mustShow("This is not the teacher's code.")
	check("the login with an error")
	b.logInAsTeacher()
	b.do(chromedp.Click(chromedp.CSS("summary")))
	b.mustShow("Remove everybody")
	check("the teacher's page")
	b.click(`form[action$="/hide"] button`)
	b.mustShow("The names are hidden")
	check("the teacher's page, names hidden")
	b.visit(b.room)
	b.mustShow("The teacher has hidden the names.")
	b.mustHide("Grace")
	check("a room without names")
}

func TestTheBoardIsAccessible(t *testing.T) {
	testall.Only(t)
	script := axe(t)
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			b := openBoard(t)
			b.prefer(scheme)
			b.eachBoardPage(func(page string) { b.mustBeAccessible(page, script) })
		})
	}
}

func TestTheBoardIsNoWiderThanAPhoneOrAProjector(t *testing.T) {
	testall.Only(t)
	for name, size := range map[string]struct{ width, height int64 }{
		"phone": {360, 740}, "zoomed to 400 %": {320, 256}, "projector": {1920, 1080},
	} {
		t.Run(name, func(t *testing.T) {
			b := openBoard(t)
			var options []chromedp.EmulateViewportOption
			if size.width < 500 {
				options = append(options, chromedp.EmulateMobile)
			}
			b.resize(size.width, size.height, options...)
			b.eachBoardPage(func(page string) { b.mustFit(page, size.width) })
		})
	}
}

func TestTheTeacherWithTheKeyboardAlone(t *testing.T) {
	testall.Only(t)
	b := openBoard(t)
	b.aClass()
	b.logInAsTeacher()
	b.tabTo(`form[action$="/hide"] button`)
	b.load(chromedp.KeyEvent(kb.Enter))
	b.mustShow("The names are hidden")
	b.tabTo("select")
	b.do(chromedp.KeyEvent(kb.ArrowDown))
	b.tabTo(`form[action$="/remove"] button`)
	b.load(chromedp.KeyEvent(kb.Enter))
	b.mustShow("5 people take part")
	b.tabTo("summary")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.tabTo(`form[action$="/start-over"] button`)
	b.load(chromedp.KeyEvent(kb.Enter))
	b.mustShow("Nobody has reported yet.")
}
