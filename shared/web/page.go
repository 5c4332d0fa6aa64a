package web

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
)

// Names of the pages that every app has, beside its own.
const (
	problemPage = "web/problem"
	confirmPage = "web/confirm"
)

var (
	//go:embed frame.html
	frame string
	//go:embed problem.html
	problemText string
	//go:embed confirm.html
	confirmText string
)

var ownPages = map[string]string{problemPage: problemText, confirmPage: confirmText}

// renderer holds the pages of an app by their names.
type renderer struct {
	// title stands in the header of each page, and in its title.
	title string
	// cfg says at which address people reach the app.
	cfg   config.Config
	login Login
	// noticeFile is the one that NoticeFile named; empty if there is none.
	noticeFile string
	// repeats keep the log of an outage short.
	repeats repeats
	pages   map[string]*template.Template
}

func newRenderer(pages map[string]string) *renderer {
	r := &renderer{title: "Session store workshop", repeats: repeats{more: map[string]int{}}, pages: map[string]*template.Template{}}
	for _, set := range []map[string]string{ownPages, pages} {
		for name, text := range set {
			r.add(name, text)
		}
	}
	return r
}

func (r *renderer) add(name, text string) {
	page := template.Must(template.New("frame").Parse(frame))
	// A mistake is told with the name of the template that has it.
	content := template.Must(page.New(name).Parse(text))
	template.Must(page.AddParseTree("content", content.Tree))
	r.pages[name] = page
}

// AddPage adds a page to those that New was given.
func AddPage(e *echo.Echo, name, text string) { e.Renderer.(*renderer).add(name, text) }

// Render writes a page only when all of it could be made, so that a mistake in
// a template is an error page and not half of another one.
func (r *renderer) Render(w io.Writer, name string, data any, c echo.Context) error {
	page, ok := r.pages[name]
	if !ok {
		return fmt.Errorf("there is no page %q", name)
	}
	var whole bytes.Buffer
	if err := page.Execute(&whole, framed{data, r.title, r.notice(), c}); err != nil {
		return err
	}
	// A page with a name in it must not come back from a cache after logout.
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	_, err := whole.WriteTo(w)
	return err
}

// NoticeFile is the variable by which a program that starts an app names a file.
// While that file is not empty, each page shows its text above its own.
const NoticeFile = "WORKSHOP_NOTICE_FILE"

// notice is empty if the file is, and if there is none.
func (r *renderer) notice() string {
	if r.noticeFile == "" {
		return ""
	}
	text, _ := os.ReadFile(r.noticeFile)
	return strings.TrimSpace(string(text))
}

// Login says where an app keeps who is logged in.
type Login struct {
	// Cookie is the name of the cookie, empty if nobody can log in.
	Cookie string
	// InRedis tells that the cookie holds a token, and Redis the login.
	InRedis bool
}

// SetLogin lets the page of an outage tell what it means for the visitor.
func SetLogin(e *echo.Echo, l Login) { e.Renderer.(*renderer).login = l }

// framed is what the frame shows: a page, which app it belongs to, and what a
// step shows beside it.
type framed struct {
	Page    any
	App     string
	Notice  string
	context echo.Context
}

const besideKey = "web/beside"

// SetBeside says what the page of a request shows of the program that made it:
// show returns the part "served" for the header, and then, when the page itself
// has been made, the part "panel".
func SetBeside(c echo.Context, show func(part string) (template.HTML, error)) { c.Set(besideKey, show) }

// Beside is called by the frame.
func (f framed) Beside(part string) (template.HTML, error) {
	if show, ok := f.context.Get(besideKey).(func(string) (template.HTML, error)); ok {
		return show(part)
	}
	return "", nil
}

// Explained is an error that knows the page people should see: an HTTP status,
// a title, and a text in plain words. A command in it stands between backticks.
type Explained interface {
	error
	Explain() (status int, title, text string)
}

type problem struct {
	status      int
	Title, Text string
	// While Redis is away: what was asked for, by a visitor who brought a cookie,
	// or did not, of which login.
	Path    string
	Brought bool
	Login   Login
	// Again is where the same page may work later; empty where it will not.
	Again string
}

// code is what stands between backticks in a text.
var code = regexp.MustCompile("`([^`]+)`")

// WithCode is the text with its commands in the style of code.
func (p problem) WithCode() template.HTML {
	return template.HTML(code.ReplaceAllString(template.HTMLEscapeString(p.Text), "<code>$1</code>"))
}

// showError answers with an error page, and logs what a person at the terminal
// should know: a mistake in the program, or a Redis that is away.
func showError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	var explained Explained
	if c.Request().Context().Err() == context.Canceled && errors.Is(err, context.Canceled) && !errors.As(err, &explained) {
		// The browser went away: no one reads this, and nothing is wrong.
		return
	}
	p := problemFor(err, c.Request())
	if p.status >= http.StatusInternalServerError {
		// An error names the port of its connection: an outage goes by its text.
		kind := p.Text
		if p.status == http.StatusInternalServerError {
			kind = err.Error()
		}
		c.Echo().Renderer.(*renderer).repeats.log(kind, "method", c.Request().Method, "path", c.Request().URL.Path, "status", p.status, "error", err)
	}
	if p.status == http.StatusServiceUnavailable {
		p.Path, p.Login = c.Request().URL.Path, c.Echo().Renderer.(*renderer).login
		_, missing := c.Cookie(p.Login.Cookie)
		p.Brought = missing == nil
		c.Response().Header().Set(echo.HeaderRetryAfter, "1")
	}
	// What stands beside a page is made before its status is sent, and may want
	// to know it.
	c.Response().Status = p.status
	if err := c.Render(p.status, problemPage, p); err != nil {
		slog.Error("an error page failed", "error", err)
	}
}

func problemFor(err error, r *http.Request) problem {
	var explained Explained
	if errors.As(err, &explained) {
		p := problem{}
		p.status, p.Title, p.Text = explained.Explain()
		if r.Method == http.MethodGet {
			// Two slashes at its beginning would lead to another site.
			p.Again = "/" + strings.TrimLeft(r.URL.RequestURI(), `/\`)
		}
		return p
	}
	status := http.StatusInternalServerError
	var httpErr *echo.HTTPError
	if errors.As(err, &httpErr) {
		status = httpErr.Code
	}
	return problem{status: status, Title: http.StatusText(status), Text: cmp.Or(plainTexts[status], "The app cannot answer this.")}
}

// plainTexts say what a status means.
var plainTexts = map[int]string{
	http.StatusNotFound:              "There is no page at this address.",
	http.StatusMethodNotAllowed:      "This address does not take that kind of request.",
	http.StatusForbidden:             "The form was sent from another site. Nothing was done.",
	http.StatusRequestTimeout:        "The request did not come in time. Nothing was done.",
	http.StatusMisdirectedRequest:    "This app listens for its own machine, and was asked under another name. Behind a proxy, set `PUBLIC_URL` to the address that people type, for example `PUBLIC_URL=https://workshop.example.com`. Nothing was done.",
	http.StatusConflict:              "Your browser sends two different cookies of this app, so the app cannot tell who you are. Delete the cookies of this site in the browser, then log in again.",
	http.StatusRequestEntityTooLarge: "That was more than this app takes.",
	http.StatusInternalServerError:   "Something went wrong in the app. The terminal that runs it says what.",
}

// quiet is how long an error that comes again is only counted.
var quiet = 5 * time.Second

// repeats counts errors of a kind.
type repeats struct {
	mutex sync.Mutex
	more  map[string]int
}

// log logs the first error of a kind at once, and after a while how many more
// there were: thousands of equal lines a minute would hide all others.
func (r *repeats) log(kind string, about ...any) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if n, counting := r.more[kind]; counting {
		r.more[kind] = n + 1
		return
	}
	slog.Error("request failed", about...)
	r.more[kind] = 0
	time.AfterFunc(quiet, func() {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		if n := r.more[kind]; n > 0 {
			slog.Error("more requests failed in the same way", "requests", n, "within", quiet, "error", kind)
		}
		delete(r.more, kind)
	})
}
