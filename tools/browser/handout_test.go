package browser

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/testall"
)

// eachHandout opens the hand-outs, one for each language.
func eachHandout(t *testing.T, check func(t *testing.T, b *tab)) {
	t.Helper()
	paths, err := filepath.Glob("../../docs/handout*.html")
	if err != nil || len(paths) == 0 {
		t.Fatalf("hand-outs: %v, %v", paths, err)
	}
	files := httptest.NewServer(http.FileServer(http.Dir("../../docs")))
	t.Cleanup(files.Close)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			b := openTab(t, &launch.App{URL: files.URL})
			b.visit("/" + filepath.Base(path))
			check(t, b)
		})
	}
}

var (
	pdfPage = regexp.MustCompile(`/Type /Page\b`)
	// A4 is 595 by 842 points. Browsers round it.
	a4 = regexp.MustCompile(`/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]`)
)

func TestTheHandoutIsOnePageOfA4(t *testing.T) {
	testall.Only(t)
	eachHandout(t, func(t *testing.T, b *tab) {
		print := chromedp.PrintToPDF(func(p *page.PrintToPDFParams) { p.PreferCSSPageSize = new(true) })
		file, err := chromedp.Run(b.ctx, print)
		b.must(err)
		if pages := len(pdfPage.FindAll(file, -1)); pages != 1 {
			t.Errorf("it prints on %d pages", pages)
		}
		if len(a4.FindAll(file, -1)) == 0 {
			t.Error("its page is not A4")
		}
	})
}

func TestTheHandoutCanBeReadOnAScreenToo(t *testing.T) {
	testall.Only(t)
	script := axe(t)
	eachHandout(t, func(t *testing.T, b *tab) {
		b.mustBeAccessible("wide", script)
		b.resize(360, 740, chromedp.EmulateMobile)
		b.mustBeAccessible("on a phone", script)
		b.mustFit("on a phone", 360)
	})
}
