package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"example.com/session-workshop/check/launch"
)

// patience limits each step of a test, and each wait for a condition.
const patience = 5 * time.Minute

// tab is the browser of one user: a tab with its own cookies.
type tab struct {
	t    *testing.T
	ctx  context.Context
	home string

	mutex      sync.Mutex
	requests   []request
	complaints []complaint
	// refused are the addresses of error pages.
	refused map[string]bool
}

type request struct {
	url  *url.URL
	kind network.ResourceType
}

// complaint is a message on the console of the browser.
type complaint struct{ text, url string }

// openTab opens an empty tab for an app. At its end the test fails if the tab
// has sent a request to another host, or if the browser has complained about a
// page.
func openTab(t *testing.T, app *launch.App) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(startBrowser(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, home: app.URL, refused: map[string]bool{}}
	// The first action opens the tab, which lives as long as its context.
	b.must(chromedp.Do(ctx))
	b.must(chromedp.Listen(ctx, b.record))
	call(b, audits.Enable, cdp.Empty{})
	t.Cleanup(b.mustBeClean)
	return b
}

func (b *tab) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	b.must(chromedp.Do(ctx, steps...))
}

func call[P, R any](b *tab, command cdp.Command[P, R], params P) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, command, params)
	b.must(err)
}

// eval returns the value of a JavaScript expression in the page. It waits for
// the value of a promise.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// load runs steps that make the browser load a page, and returns the status of
// the page.
func (b *tab) load(steps ...chromedp.Action[chromedp.Void]) int {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	b.must(err)
	return int(response.Status)
}

func (b *tab) visit(path string) int { b.t.Helper(); return b.load(chromedp.Navigate(b.home + path)) }
func (b *tab) reload() int           { b.t.Helper(); return b.load(chromedp.Reload()) }
func (b *tab) click(element string) int {
	b.t.Helper()
	return b.load(chromedp.Click(chromedp.CSS(element)))
}

// press types keys that make the browser load a page.
func (b *tab) press(keys string) { b.t.Helper(); b.load(chromedp.KeyEvent(keys)) }

// login logs in with the form, as a user does.
func (b *tab) login(name string) {
	b.t.Helper()
	b.visit("/")
	b.click(`a[href="/login"]`)
	b.do(chromedp.SendKeys(chromedp.CSS("#username"), name))
	b.click("form button")
	b.mustShow("Logged in as " + name)
}

func (b *tab) logout() {
	b.t.Helper()
	b.click(`form[action="/logout"] button`)
	b.mustShow("You are not logged in")
}

// pageText is a JavaScript expression for the text of the page as a user reads
// it.
const pageText = `document.body.innerText.replace(/\s+/g, " ")`

func (b *tab) mustShow(words ...string) { b.t.Helper(); b.mustContain(true, words) }
func (b *tab) mustHide(words ...string) { b.t.Helper(); b.mustContain(false, words) }

func (b *tab) mustContain(want bool, words []string) {
	b.t.Helper()
	text := eval[string](b, pageText)
	for _, word := range words {
		if strings.Contains(text, word) != want {
			b.t.Errorf("that %q is shown must be %v: %s", word, want, text)
		}
	}
}

// waitFor waits until a JavaScript expression is true.
func (b *tab) waitFor(condition string) {
	b.t.Helper()
	for end := time.Now().Add(patience); !eval[bool](b, condition); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("not so within %v: %s\nthe page: %s", patience, condition, eval[string](b, pageText))
		}
	}
}

func (b *tab) waitForText(words string) {
	b.t.Helper()
	b.waitFor(fmt.Sprintf("%s.includes(%q)", pageText, words))
}

func (b *tab) resize(width, height int64, options ...chromedp.EmulateViewportOption) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height, options...))
}

// prefer sets the color scheme of the system, "light" or "dark".
func (b *tab) prefer(scheme string) {
	b.t.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// read sets the languages that the user reads, as the header Accept-Language.
func (b *tab) read(languages string) {
	b.t.Helper()
	call(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": languages}})
}

// withoutScripts switches JavaScript off.
func (b *tab) withoutScripts() {
	b.t.Helper()
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// count returns the number of requests of the tab for a path.
func (b *tab) count(path string) int {
	return b.requested(func(r request) bool { return r.url.Path == path })
}

// loadedAgain returns a function that fails the test if the tab has loaded a
// page since.
func (b *tab) loadedAgain() (check func()) {
	isPage := func(r request) bool { return r.kind == network.ResourceTypeDocument }
	before := b.requested(isPage)
	return func() {
		b.t.Helper()
		if b.requested(isPage) != before {
			b.t.Error("the page was loaded again")
		}
	}
}

func (b *tab) requested(what func(request) bool) (n int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, r := range b.requests {
		if what(r) {
			n++
		}
	}
	return n
}

// record records the requests and the complaints of the tab.
func (b *tab) record(event any) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil {
			b.requests = append(b.requests, request{u, e.Type})
		}
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument && e.Response.Status >= http.StatusBadRequest {
			b.refused[e.Response.URL] = true
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.complaints = append(b.complaints, complaint{e.Entry.Text, e.Entry.URL})
		}
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, complaint{text: fmt.Sprintf("console.%s was called", e.Type)})
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, complaint{text: "exception: " + (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error()})
	case *audits.EventIssueAdded:
		b.complaints = append(b.complaints, complaint{text: fmt.Sprintf("issue %s", e.Issue.Code)})
	}
}

// mustBeClean fails the test for each request to another host and for each
// complaint. It allows one complaint: that an error page has the status of an
// error.
func (b *tab) mustBeClean() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, r := range b.requests {
		if at := r.url.Scheme + "://" + r.url.Host; at != b.home {
			b.t.Errorf("the page asked another host: %s", r.url)
		}
	}
	isError := func(c complaint) bool {
		return b.refused[c.url] && strings.HasPrefix(c.text, "Failed to load resource: the server responded with a status of")
	}
	for _, c := range slices.DeleteFunc(b.complaints, isError) {
		b.t.Errorf("the browser complained: %s %s", c.text, c.url)
	}
}
