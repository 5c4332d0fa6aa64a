// Package browser tests the pages in a real browser: what a user sees, hears
// from a screen reader, and can do with only a keyboard.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// closeTime limits how long the browser may take to end.
const closeTime = 10 * time.Second

func TestMain(m *testing.M) {
	status := m.Run()
	if err := closeBrowser(); err != nil {
		fmt.Fprintln(os.Stderr, "the browser did not end cleanly:", err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// browser is the one process that all tests share. Its profile is a temporary
// folder.
var browser struct {
	once sync.Once
	ctx  context.Context
	err  error
}

// startBrowser returns the context of the running browser. If this machine has
// none, the test is skipped, or fails in CI.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	browser.once.Do(func() {
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
			// The language of the pages and the fonts do not depend on the user who
			// runs the tests.
			chromedp.Flag("accept-lang", "en-US"), chromedp.Env("LANGUAGE=", "LC_ALL=C.UTF-8"))
		allocator, _ := chromedp.NewExecAllocator(context.Background(), options...)
		browser.ctx, _ = chromedp.NewContext(allocator)
		browser.err = chromedp.Do(browser.ctx)
	})
	if browser.err != nil {
		skipOutsideCI(t, "NOT tested in a browser: no Chromium or Chrome starts here (%v). Install one, on Debian: apt-get install chromium", browser.err)
	}
	return browser.ctx
}

func closeBrowser() error {
	if browser.ctx == nil || browser.err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(browser.ctx, closeTime)
	defer cancel()
	if err := chromedp.Cancel(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// skipOutsideCI skips a test because a program is missing. In CI it fails the
// test.
func skipOutsideCI(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
