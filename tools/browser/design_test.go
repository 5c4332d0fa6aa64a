package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
)

// longestName has the maximum length, and no place for a line break.
var longestName = strings.Repeat("W", 64)

// stepPages opens each page of step 4 that has its own look.
func stepPages(t *testing.T, prepare func(*tab), check func(b *tab, page string)) {
	t.Helper()
	b, redis := open(t, step4)
	prepare(b)
	b.visit("/")
	check(b, "logged out")
	b.visit("/login")
	check(b, "login form")
	b.click("form button")
	b.mustShow("Type a name.")
	check(b, "login form with an error")
	b.visit("/nowhere")
	b.mustShow("Not Found")
	check(b, "404")
	b.login(longestName)
	check(b, "logged in")
	b.do(chromedp.Click(chromedp.CSS("summary")))
	check(b, "logged in, the script unfolded")
	key := b.key()
	redis.Client.Del(b.t.Context(), key)
	b.focus()
	b.waitForText(gone[step4])
	check(b, "logged in, the key gone")
	b.reload()
	b.mustShow("Your session has ended")
	check(b, "session ended")
	b.login(longestName)
	redis.Kill()
	b.focus()
	b.waitForText("Redis does not answer.")
	check(b, "logged in, Redis away")
	b.reload()
	b.mustShow("Try again")
	check(b, "503")
	redis.Restart()
}

// eachApp runs check on each page of step 4 and of the board, in tabs that
// prepare has set up. name says how.
func eachApp(t *testing.T, name string, prepare func(*tab), check func(b *tab, page string)) {
	t.Run("step 4, "+name, func(t *testing.T) { stepPages(t, prepare, check) })
	t.Run("board, "+name, func(t *testing.T) { boardPages(t, prepare, check) })
}

func TestPagesFitPhonesAndProjectors(t *testing.T) {
	testall.Only(t)
	for name, size := range map[string]struct {
		width, height int64
		options       []chromedp.EmulateViewportOption
	}{
		"phone":           {360, 740, []chromedp.EmulateViewportOption{chromedp.EmulateMobile}},
		"zoomed to 400 %": {320, 256, []chromedp.EmulateViewportOption{chromedp.EmulateMobile}},
		"projector":       {1920, 1080, nil},
	} {
		prepare := func(b *tab) { b.resize(size.width, size.height, size.options...) }
		eachApp(t, name, prepare, func(b *tab, page string) { b.mustFit(page, size.width) })
	}
}

// mustFit fails if the page is wider than the screen, in pixels.
func (b *tab) mustFit(page string, screen int64) {
	b.t.Helper()
	if width := eval[int64](b, "document.documentElement.scrollWidth"); width > screen {
		b.t.Errorf("%s: %d pixels wide, the screen has %d. Too wide: %q", page, width, screen,
			eval[[]string](b, fmt.Sprintf(`[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > %d).map((e) => e.tagName + " " + e.className)`, screen)))
	}
}

func TestTextIsLargerOnAProjector(t *testing.T) {
	testall.Only(t)
	b, _ := open(t, step3)
	b.login("ada")
	const sizes = `["main p", "main h1", "#workshop p", ".hood p", ".hood h3", ".hood code"].map((e) => parseFloat(getComputedStyle(document.querySelector(e)).fontSize))`
	b.resize(1280, 800)
	laptop := eval[[]float64](b, sizes)
	b.resize(1920, 1080)
	for i, projector := range eval[[]float64](b, sizes) {
		if projector <= laptop[i] || laptop[i] < 14 {
			t.Errorf("text %d: %v pixels on a laptop, %v on a projector", i, laptop[i], projector)
		}
	}
}

func TestLightAndDark(t *testing.T) {
	testall.Only(t)
	b, _ := open(t, step3)
	b.login("ada")
	// The brightness of the page, from 0 to 255.
	const brightness = `Math.max(...getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number))`
	b.prefer("light")
	if light := eval[int](b, brightness); light < 200 {
		t.Errorf("the light page has the brightness %d of 255", light)
	}
	b.prefer("dark")
	if dark := eval[int](b, brightness); dark > 60 {
		t.Errorf("the dark page has the brightness %d of 255", dark)
	}
}

// tabTo presses Tab until an element has the focus, which must be easy to see.
func (b *tab) tabTo(element string) {
	b.t.Helper()
	for range 15 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if eval[bool](b, fmt.Sprintf("document.activeElement.matches(`%s`)", element)) {
			b.mustShowFocus()
			return
		}
	}
	b.t.Fatalf("Tab does not reach %s", element)
}

// waitForFocus waits until the page has moved the focus to an element.
func (b *tab) waitForFocus(element string) {
	b.t.Helper()
	b.waitFor(fmt.Sprintf("document.activeElement.matches(`%s`)", element))
	b.mustShowFocus()
}

func (b *tab) mustShowFocus() {
	b.t.Helper()
	if outline := eval[string](b, `(() => {
		const style = getComputedStyle(document.activeElement);
		return style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2 ? "" : document.activeElement.outerHTML + ": " + style.outline;
	})()`); outline != "" {
		b.t.Errorf("the focus cannot be seen on %s", outline)
	}
}

func TestWithTheKeyboardAlone(t *testing.T) {
	testall.Only(t)
	eachStep(t, []string{step1, step2, step3, step4}, func(t *testing.T, step string, b *tab, _ *redistest.Server) {
		b.visit("/")
		b.tabTo(`a[href="/login"]`)
		b.press(kb.Enter)
		b.waitForFocus("#username")
		b.press(kb.Enter)
		b.mustShow("Type a name.")
		b.waitForFocus("#username")
		b.press("ada" + kb.Enter)
		b.mustShow("Logged in as ada")
		if step == step4 {
			b.tabTo("summary")
			b.do(chromedp.KeyEvent(kb.Enter))
			b.waitForText("redis.call")
			b.reload()
		}
		b.tabTo("button")
		b.press(kb.Enter)
		b.mustShow("You are not logged in")
	})
}
