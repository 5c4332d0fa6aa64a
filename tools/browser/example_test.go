package browser

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
)

// startExample starts the example of sessionstore. It warns two minutes before
// the end of a session. A test shortens the session to bring that about.
func startExample(t *testing.T) (*launch.App, *redistest.Server) {
	t.Helper()
	redis := redistest.StartServer(t)
	return steptest.Start(t, "../../sessionstore/example", "REDIS_URL="+redis.URL, "SESSION_TTL=1h"), redis
}

// warned shortens a session until its page warns, and waits for the warning.
func (b *tab) warned(redis *redistest.Server) {
	b.t.Helper()
	b.must(redis.Client.PExpire(b.t.Context(), b.key(), 110*time.Second).Err())
	b.focus()
	b.waitFor(`!document.getElementById("warning").hidden`)
}

func TestADeviceIsLoggedOutFromAnother(t *testing.T) {
	testall.Only(t)
	app, _ := startExample(t)
	laptop, phone := openTab(t, app), openTab(t, app)
	phone.login("ada")
	laptop.login("ada")
	laptop.click(`a[href="/devices"]`)
	laptop.mustShow("(this one)", "Last seen: ", "Chrome on ")
	laptop.click(`form[action="/device/logout"] button`)
	laptop.mustShow("The device is logged out.", "(this one)")
	laptop.mustHide("Log out this device", "Log out all others")
	laptop.reload()
	laptop.mustHide("The device is logged out.")
	phone.reload()
	phone.mustShow("You are not logged in", "Your session has ended")

	phone.login("ada")
	laptop.reload()
	laptop.click(`form[action="/others/logout"] button`)
	laptop.mustShow("All your other devices are logged out.")
	phone.login("ada")
	phone.mustShow("Visits: 1")
	phone.visit("/devices")
	phone.click(`form[action="/all/logout"] button`)
	phone.mustShow("All your devices are logged out, also this one.", "You are not logged in")
	phone.reload()
	phone.mustHide("All your devices")
	laptop.reload()
	laptop.mustShow("You are not logged in")
}

func TestTheWarningDoesNotCountAsAVisit(t *testing.T) {
	testall.Only(t)
	app, redis := startExample(t)
	b := openTab(t, app)
	b.login("ada")
	key := b.key()
	b.mustHide("You will be logged out soon")
	loadedAgain := b.loadedAgain()
	b.warned(redis)
	b.mustShow("You will be logged out soon", " s left")
	// A visit in another tab would do the same.
	b.must(redis.Client.PExpire(t.Context(), key, time.Hour).Err())
	b.waitFor(`document.getElementById("warning").hidden`)
	b.warned(redis)
	if left := redis.Client.PTTL(t.Context(), key).Val(); left > 2*time.Minute || visitsOf(t, redis, key) != "1" {
		t.Errorf("the warning was a visit: %v left, visits %s", left, visitsOf(t, redis, key))
	}
	loadedAgain()

	b.tabTo("#warning button")
	b.press(kb.Enter)
	b.mustShow("Visits: 2")
	b.mustHide("You will be logged out soon")

	// The page shows the end of the session without a click.
	b.must(redis.Client.Del(t.Context(), key).Err())
	b.load(chromedp.Evaluate[chromedp.Void](`window.dispatchEvent(new Event("focus"))`))
	b.mustShow("You are not logged in", "Your session has ended")
	b.mustHide("ada")
}

func TestTheWarningOfTheAbsoluteEndHasNoButton(t *testing.T) {
	testall.Only(t)
	redis := redistest.StartServer(t)
	b := openTab(t, steptest.Start(t, "../../sessionstore/example", "REDIS_URL="+redis.URL, "SESSION_TTL=1h", "SESSION_MAX_AGE=110s"))
	b.login("ada")
	b.waitForText("You will be logged out soon")
	b.mustHide("Stay logged in")
}

func TestTheExampleWithTheKeyboardAlone(t *testing.T) {
	testall.Only(t)
	app, redis := startExample(t)
	b, other := openTab(t, app), openTab(t, app)
	other.login("ada")
	b.visit("/login")
	b.waitForFocus("#username")
	b.do(chromedp.KeyEvent("ada"))
	b.tabTo("#keep")
	b.do(chromedp.KeyEvent(" "))
	b.press(kb.Enter)
	b.mustShow("Logged in as ada")
	// This sentence of the panel is not true after this visit.
	b.mustHide("Each visit sets it to")
	b.tabTo(`a[href="/devices"]`)
	b.press(kb.Enter)
	b.warned(redis)
	b.tabTo("#warning button")
	b.press(kb.Enter)
	b.mustShow("Your devices", "Ends at the latest in 30 days.")
	b.tabTo(`form[action="/device/logout"] button`)
	b.press(kb.Enter)
	b.mustShow("The device is logged out.")
}

func TestTheExampleWithoutJavaScript(t *testing.T) {
	testall.Only(t)
	app, redis := startExample(t)
	b := openTab(t, app)
	b.withoutScripts()
	b.login("ada")
	b.must(redis.Client.PExpire(t.Context(), b.key(), 110*time.Second).Err())
	b.mustHide("You will be logged out soon")
	b.visit("/devices")
	b.click(`form[action="/all/logout"] button`)
	b.mustShow("All your devices are logged out, also this one.")
}

func TestTheExampleIsAccessible(t *testing.T) {
	testall.Only(t)
	script := axe(t)
	app, redis := startExample(t)
	b, other := openTab(t, app), openTab(t, app)
	other.login(longestName)
	b.login(longestName)
	for _, path := range []string{"/", "/devices", "/login"} {
		if status := b.visit(path); status != http.StatusOK {
			t.Fatalf("%s is answered with %d", path, status)
		}
		if path != "/login" {
			b.warned(redis)
		}
		for _, scheme := range schemes {
			b.prefer(scheme)
			b.mustBeAccessible(path+", "+scheme, script)
		}
		for _, width := range []int64{320, 390, 1280, 1920} {
			b.resize(width, 800)
			b.mustFit(path, width)
		}
	}
	// A request in the background would be an error on the console.
	other.visit("/login")
	redis.Kill()
	if status := b.visit("/devices"); status != http.StatusServiceUnavailable {
		t.Errorf("status %d while Redis is stopped", status)
	}
	b.mustShow("Redis does not answer", "you are not logged out")
}
