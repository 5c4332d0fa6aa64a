package browser

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
)

const look = "/under-the-hood"

// focus sends the event of a user who comes back to the window.
func (b *tab) focus() {
	b.t.Helper()
	eval[bool](b, `window.dispatchEvent(new Event("focus"))`)
}

// visitsOf returns the count in Redis, or an empty text if the key does not
// exist.
func visitsOf(t *testing.T, redisServer *redistest.Server, key string) string {
	t.Helper()
	visits, err := redisServer.Client.HGet(t.Context(), key, "visits").Result()
	if err != nil && err != redis.Nil {
		t.Fatal(err)
	}
	return visits
}

// gone is the text of the panel if the key no longer exists.
var gone = map[string]string{
	step2: "It is gone.",
	step3: "gone: the next visit starts at 1",
	step4: "gone: you are logged out",
}

func TestTheBarHasANameAndRunsDownWithoutRequests(t *testing.T) {
	testall.Only(t)
	eachStep(t, []string{step3, step4}, func(t *testing.T, step string, b *tab, _ *redistest.Server) {
		b.login("ada")
		// axe-core does not check the name.
		if name := eval[string](b, `[...document.getElementById("ttl").labels].map((label) => label.textContent).join()`); name != "TTL" {
			t.Errorf("a screen reader calls it %q", name)
		}
		eval[bool](b, `window.fetch = () => new Promise(() => {}), true`)
		b.waitFor(`(window.first = document.getElementById("ttl").value) > 100000`)
		b.waitFor(`document.getElementById("ttl").value < window.first - 2000`)
		b.waitFor(`document.getElementById("left").textContent === Math.ceil(document.getElementById("ttl").value / 1000) + " s"`)
	})
}

func TestALongTimeIsShownInHoursAndMinutes(t *testing.T) {
	testall.Only(t)
	b, redis := open(t, step3)
	b.login("ada")
	key := b.key()
	const left = `document.getElementById("left").textContent`
	for ttl, form := range map[time.Duration]string{10 * time.Minute: `/^9m\d+s \(5\d\d s\)$/`, 3 * time.Hour: `/^2h59m\d+s \(107\d\d s\)$/`} {
		redis.Client.PExpire(t.Context(), key, ttl)
		b.focus()
		b.waitFor(fmt.Sprintf("%s.test(window.before = %s)", form, left))
		// The page computes the next value without the app.
		b.waitFor(fmt.Sprintf("%s !== window.before && %s.test(%s)", left, form, left))
	}
}

func TestAtItsEndTheBarSaysWhatComesNext(t *testing.T) {
	testall.Only(t)
	eachStep(t, []string{step3, step4}, func(t *testing.T, step string, b *tab, redis *redistest.Server) {
		b.login("ada")
		key, looks, loadedAgain := b.key(), b.count(look), b.loadedAgain()
		redis.Client.PExpire(t.Context(), key, 3*time.Second)
		// No look is scheduled, so only the end of the bar can cause the next
		// one.
		eval[bool](b, `window.setTimeout = () => 0, true`)
		b.focus()
		b.waitFor(`document.getElementById("ttl").value <= 3000`)
		b.waitForText(gone[step])
		if visits := visitsOf(t, redis, key); visits != "" {
			t.Errorf("the key is there again, visits %s", visits)
		}
		loadedAgain()
		if n := b.count(look) - looks; n != 2 {
			t.Errorf("it asked the app %d times: once when the window got the focus and once at the end are enough", n)
		}
	})
}

func TestThePageLooksAgainEveryFiveSeconds(t *testing.T) {
	testall.Only(t)
	b, redis := open(t, step3)
	b.login("ada")
	key := b.key()
	redis.Client.HSet(t.Context(), key, "visits", 41)
	b.waitForText("visits 41")
	b.mustShow("Visits: 1")
	if visits := visitsOf(t, redis, key); visits != "41" {
		t.Errorf("after looking it is %s", visits)
	}
	redis.Client.Del(t.Context(), key)
	b.waitForText(gone[step3])
	b.reload()
	b.mustShow("Visits: 1")
}

func TestAKeyWithoutTTLCanDisappearToo(t *testing.T) {
	testall.Only(t)
	b, redis := open(t, step2)
	b.login("ada")
	redis.Client.Del(t.Context(), b.key())
	b.focus()
	b.waitForText(gone[step2])
}

func TestThePanelRecoversFromAnOutage(t *testing.T) {
	testall.Only(t)
	b, redis := open(t, step4, lasting...)
	b.login("ada")
	loadedAgain := b.loadedAgain()
	redis.Kill()
	b.focus()
	b.waitForText("Redis does not answer.")
	redis.Restart()
	b.focus()
	b.waitFor(`document.getElementById("ttl")?.value > 0`)
	b.mustHide("Redis does not answer.")
	loadedAgain()
}

// It asks less and less often while Redis is away. Each look schedules the
// next. The test records the scheduled pauses, and does not wait for them.
func TestThePageLooksLessOftenWhileRedisIsAway(t *testing.T) {
	testall.Only(t)
	b, redis := open(t, step3, lasting...)
	call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
		window.pauses = [];
		const plan = window.setTimeout;
		window.setTimeout = (run, pause) => { window.pauses.push(pause); return plan(run, pause); };`})
	b.login("ada")
	redis.Kill()
	for range 5 {
		b.lookAgain("window.pauses.length")
	}
	redis.Restart()
	b.lookAgain("window.pauses.length")
	want := []int{5000, 10000, 20000, 40000, 60000, 60000, 5000}
	if pauses := eval[[]int](b, "window.pauses"); !slices.Equal(pauses, want) {
		t.Errorf("the pauses are %v ms, want %v", pauses, want)
	}
}

// looks is a JavaScript expression for the number of looks of the page.
const looks = `performance.getEntriesByType("resource").filter((entry) => entry.name.endsWith("/under-the-hood")).length`

// lookAgain makes the page look, and waits until a number in it has increased.
func (b *tab) lookAgain(number string) {
	b.t.Helper()
	before := eval[int](b, number)
	b.focus()
	b.waitFor(fmt.Sprintf("%s > %d", number, before))
}

// listen records each change that a screen reader reads aloud.
const listen = `(() => {
	window.spoken = [];
	const live = "[role=status], [role=alert], [role=log], [aria-live]:not([aria-live=off])";
	window.regions = [...document.querySelectorAll(live)];
	const note = (node) => {
		const region = (node.closest ? node : node.parentElement)?.closest(live);
		if (region) window.spoken.push(region.textContent);
	};
	new MutationObserver((changes) => changes.forEach((change) => {
		note(change.target);
		change.addedNodes.forEach((node) => node.querySelectorAll?.(live).forEach(note));
	})).observe(document.body, { subtree: true, childList: true, characterData: true });
	return true;
})()`

func TestTheStatusIsReadAloudOnlyWhenItChanges(t *testing.T) {
	testall.Only(t)
	b, redis := open(t, step3)
	b.login("ada")
	key := b.key()
	eval[bool](b, listen)
	b.waitFor(`(window.before = document.getElementById("left").textContent) !== ""`)
	b.lookAgain(looks)
	b.lookAgain(looks)
	b.waitFor(`document.getElementById("left").textContent !== window.before`)
	redis.Client.HSet(t.Context(), key, "visits", 41)
	b.focus()
	b.waitForText("visits 41")
	if spoken := eval[[]string](b, "window.spoken"); len(spoken) > 0 {
		t.Errorf("while the time runs down it reads aloud: %q", spoken)
	}

	redis.Client.Del(t.Context(), key)
	b.focus()
	b.waitForText(gone[step3])
	b.lookAgain(looks)
	redis.Kill()
	b.focus()
	b.waitForText("Redis does not answer.")
	b.lookAgain(looks)
	want := []string{"Nothing. It is " + gone[step3] + ".", "Redis does not answer."}
	if spoken := eval[[]string](b, "window.spoken"); !slices.Equal(spoken, want) {
		t.Errorf("when the key goes and then Redis, it reads aloud %q, want %q", spoken, want)
	}
	// Not every screen reader reads a region that is added together with its
	// text, so the region must exist before
	// (https://www.w3.org/WAI/WCAG22/Techniques/aria/ARIA22).
	if !eval[bool](b, `window.regions.length > 0 && window.regions.every((region) => region.isConnected)`) {
		t.Error("the status was added to the page together with its text")
	}
}
