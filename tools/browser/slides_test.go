package browser

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
)

// slidesOfTheClass writes the slides into a new folder, and returns it. The
// guides are links, so that nothing is written into the repository.
func slidesOfTheClass(t *testing.T) (dir string) {
	t.Helper()
	program, err := steptest.Program("../workshop")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, name := range append(steps.Folders[:], "go.work", "docs", "README.md", "README.ja.md") {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write := exec.Command(program, "slides")
	write.Dir = dir
	if said, err := write.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return filepath.Join(dir, "bin")
}

func TestSlidesFitTheProjectorAndPaper(t *testing.T) {
	testall.Only(t)
	files := httptest.NewServer(http.FileServer(http.Dir(slidesOfTheClass(t))))
	t.Cleanup(files.Close)
	for _, name := range []string{"slides.html", "slides.ja.html"} {
		t.Run(name, func(t *testing.T) {
			b := openTab(t, &launch.App{URL: files.URL})
			b.visit("/" + name)
			for _, screen := range [][2]int64{{1920, 1080}, {1024, 768}} {
				b.resize(screen[0], screen[1])
				// Without the class js, all slides are shown.
				for _, slide := range eval[[]string](b, `(() => {
					document.documentElement.classList.remove("js");
					const cut = slides.filter((s) => s.scrollWidth > s.clientWidth || s.scrollHeight > s.clientHeight);
					document.documentElement.classList.add("js");
					return cut.map((s) => s.innerText);
				})()`) {
					t.Errorf("at %d x %d this slide is cut off: %s", screen[0], screen[1], slide)
				}
			}
			file, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(func(p *page.PrintToPDFParams) { p.PreferCSSPageSize = new(true) }))
			b.must(err)
			if pages, want := len(pdfPage.FindAll(file, -1)), eval[int](b, "slides.length"); pages != want {
				t.Errorf("%d slides print on %d pages", want, pages)
			}
		})
	}
}

func TestKeysMoveThroughTheSlides(t *testing.T) {
	testall.Only(t)
	files := httptest.NewServer(http.FileServer(http.Dir(slidesOfTheClass(t))))
	t.Cleanup(files.Close)
	b := openTab(t, &launch.App{URL: files.URL})
	b.visit("/slides.html")
	question := eval[string](b, `String(slides.findIndex((s) => s.querySelector(".answer")) + 1)`)
	for eval[string](b, "location.hash") != "#"+question {
		b.do(chromedp.KeyEvent(kb.ArrowRight))
	}
	for _, k := range []struct{ pressed, shows string }{
		{"", question + " false"}, {kb.ArrowRight, question + " true"}, {kb.End, eval[string](b, "String(slides.length)") + " false"},
		{kb.Home, "1 false"}, {kb.ArrowLeft, "1 false"}, {" ", "2 false"}, {kb.ArrowRight, "3 false"}, {kb.ArrowLeft, "2 false"},
	} {
		if k.pressed != "" {
			b.do(chromedp.KeyEvent(k.pressed))
		}
		shows := eval[string](b, `location.hash.slice(1) + " " + (document.querySelector("section.now .answer.shown") !== null)`)
		if shows != k.shows {
			t.Errorf("after %q it shows %s, want %s", k.pressed, shows, k.shows)
		}
	}
}
