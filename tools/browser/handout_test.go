package browser

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/testall"
)

var (
	pdfPage = regexp.MustCompile(`/Type /Page\b`)
	// A4 is 595 by 842 points. Browsers round these.
	a4 = regexp.MustCompile(`/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]`)
)

func TestTheHandoutFitsOnePageOfA4AndAPhone(t *testing.T) {
	testall.Only(t)
	script := axe(t)
	files := httptest.NewServer(http.FileServer(http.Dir("../../docs")))
	t.Cleanup(files.Close)
	for _, name := range []string{"handout.html", "handout.ja.html"} {
		t.Run(name, func(t *testing.T) {
			b := openTab(t, &launch.App{URL: files.URL})
			b.visit("/" + name)
			file, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(func(p *page.PrintToPDFParams) { p.PreferCSSPageSize = new(true) }))
			b.must(err)
			if pages := len(pdfPage.FindAll(file, -1)); pages != 1 {
				t.Errorf("it prints on %d pages", pages)
			}
			if !a4.Match(file) {
				t.Error("its page is not A4")
			}
			b.mustBeAccessible("wide", script)
			b.resize(360, 740, chromedp.EmulateMobile)
			b.mustBeAccessible("on a phone", script)
			b.mustFit("on a phone", 360)
		})
	}
}
