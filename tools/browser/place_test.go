package browser

import (
	"fmt"
	"slices"
	"testing"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
	"github.com/chromedp/cdproto/network"
)

// titles are the titles of the pages of the steps.
var titles = map[string]string{
	step1: "Step 1 of 4: a signed cookie",
	step2: "Step 2 of 4: visits, counted in Redis",
	step3: "Step 3 of 4: Redis forgets",
	step4: "Step 4 of 4: a session store",
}

func TestEachPageSaysWhichStepItIs(t *testing.T) {
	testall.Only(t)
	eachStep(t, []string{step1, step2, step3, step4}, func(t *testing.T, step string, b *tab, _ *redistest.Server) {
		for path, before := range map[string]string{"/": "", "/login": "", "/nowhere": "Not Found – "} {
			b.visit(path)
			if title := eval[string](b, "document.title"); title != before+titles[step] {
				t.Errorf("the title of %s is %q", path, title)
			}
			if header := eval[string](b, `document.querySelector("body > header").innerText.split("\n")[0]`); header != titles[step] {
				t.Errorf("the header of %s begins with %q", path, header)
			}
		}
	})
}

// The first heading is that of the page, and no level is skipped.
func TestHeadingsAreInOrder(t *testing.T) {
	testall.Only(t)
	eachStep(t, []string{step1, step4}, func(t *testing.T, step string, b *tab, _ *redistest.Server) {
		b.login("ada")
		ranks := eval[[]int](b, `[...document.querySelectorAll("h1, h2, h3, h4")].map((h) => Number(h.tagName[1]))`)
		if len(ranks) < 4 || ranks[0] != 1 || ranks[1] != 2 || slices.Contains(ranks[1:], 1) {
			t.Errorf("the levels of the headings are %v", ranks)
		}
	})
}

// place is the position of an element on the screen, in pixels.
type place struct{ Left, Right, Top, Bottom float64 }

func (b *tab) place(element string) place {
	b.t.Helper()
	return eval[place](b, fmt.Sprintf("(({left, right, top, bottom}) => ({Left: left, Right: right, Top: top, Bottom: bottom}))(document.querySelector(`%s`).getBoundingClientRect())", element))
}

func TestTheBarIsSeenWithoutScrolling(t *testing.T) {
	testall.Only(t)
	eachStep(t, []string{step3, step4}, func(t *testing.T, step string, b *tab, _ *redistest.Server) {
		b.login(longestName)
		// A screen of 1280 by 800 also contains the bars of the browser.
		b.resize(1280, 650)
		if bar := b.place("#ttl"); bar.Bottom > 650 || bar.Right <= bar.Left {
			t.Errorf("the bar is at %+v", bar)
		}
	})
}

func TestTheAppAndThePanelStandSideBySide(t *testing.T) {
	testall.Only(t)
	b, _ := open(t, step4)
	b.login("ada")
	for width, beside := range map[int64]bool{390: false, 999: false, 1000: true, 1280: true, 1920: true} {
		b.resize(width, 800)
		app, hood := b.place("main"), b.place(".hood")
		if got := hood.Left >= app.Right && hood.Top < app.Bottom; got != beside {
			t.Errorf("%d pixels wide, side by side: %v. The app is at %+v, the panel at %+v", width, got, app, hood)
		}
		if got := hood.Top >= app.Bottom; got == beside {
			t.Errorf("%d pixels wide, one below the other: %v", width, got)
		}
		b.mustFit("logged in", width)
	}
}

// ground is a JavaScript expression for the color behind the text of the
// header.
const ground = `getComputedStyle(document.querySelector("body > header")).backgroundColor`

func TestEachServerHasAColor(t *testing.T) {
	testall.Only(t)
	redis := redistest.StartServer(t)
	b := openTab(t, steptest.StartWith(t, "../workshop", []string{"scale"}, "REDIS_URL="+redis.URL))
	b.login("ada")
	seen := map[string]string{}
	for range 4 {
		b.reload()
		server := eval[string](b, `document.querySelector("body > header").innerText.match(/Served by (\S+),/)[1]`)
		for _, scheme := range schemes {
			b.prefer(scheme)
			color := eval[string](b, ground)
			if before, ok := seen[server]; ok && before != color {
				t.Errorf("%s has the color %s and then, %s, %s", server, before, scheme, color)
			}
			seen[server] = color
		}
	}
	var colors []string
	for _, color := range seen {
		colors = append(colors, color)
	}
	slices.Sort(colors)
	if len(seen) != 2 || len(slices.Compact(colors)) != 2 {
		t.Errorf("the servers and their colors: %v", seen)
	}
}

func TestTheTextOnEachColorIsReadable(t *testing.T) {
	testall.Only(t)
	script := axe(t)
	b, _ := open(t, step1)
	b.visit("/")
	seen := map[string]bool{}
	for i := range 8 {
		eval[string](b, fmt.Sprintf(`document.querySelector("body > header p + p").className = "color%d"`, i))
		for _, scheme := range schemes {
			b.prefer(scheme)
			b.mustBeAccessible(fmt.Sprintf("color %d, %s", i, scheme), script)
		}
		seen[eval[string](b, ground)] = true
	}
	if len(seen) != 8 {
		t.Errorf("there are %d colors: %v", len(seen), seen)
	}
}

func TestTheLoginStandsOutAndTheLogoutDoesNot(t *testing.T) {
	testall.Only(t)
	b, _ := open(t, step1)
	const filled = "(getComputedStyle(document.querySelector(`%s`)).backgroundColor !== \"rgba(0, 0, 0, 0)\")"
	isFilled := func(element string) bool { return eval[bool](b, fmt.Sprintf(filled, element)) }
	b.visit("/")
	if !isFilled(`a[href="/login"]`) {
		t.Error("the link to the login does not look like a button")
	}
	b.login("ada")
	if isFilled(`form[action="/logout"] button`) {
		t.Error("the button Logout is the most important one of the page")
	}
}

// The exercise unsigned makes a copy of step 1 set such a cookie.
func TestAPlainCookieIsCalledPlain(t *testing.T) {
	testall.Only(t)
	b, _ := open(t, step1)
	b.visit("/")
	call(b, network.SetCookie, network.SetCookieParams{Name: "workshop_login", Value: "bob", URL: b.home})
	b.reload()
	b.mustShow("The cookie workshop_login, 3 characters of plain text:", "bob", "It is not signed: anyone can write another name.")
	b.mustHide("token")
}
