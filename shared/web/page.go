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
	"example.com/session-workshop/shared/lang"
)

// Names of the pages that every app has.
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

// renderer holds the pages of an app and what all of them need to know.
type renderer struct {
	// title is in the header and in the title of each page.
	title lang.Text
	cfg   config.Config
	login Login
	// noticeFile is the value of the variable NoticeFile.
	noticeFile string
	repeats    repeats
	// pages holds each page in each language.
	pages map[string]map[lang.Lang]*template.Template
	// english are the pages whose own text is English only.
	english map[string]bool
}

func newRenderer(pages map[string]string) *renderer {
	r := &renderer{title: lang.T("Session store workshop", "セッションストアのワークショップ"), repeats: repeats{more: map[string]int{}}, pages: map[string]map[lang.Lang]*template.Template{}, english: map[string]bool{}}
	r.add(problemPage, problemText)
	r.add(confirmPage, confirmText)
	for name, text := range pages {
		r.add(name, text)
		r.english[name] = true
	}
	return r
}

func (r *renderer) add(name, text string) {
	r.pages[name] = InEach(func(words template.FuncMap) *template.Template {
		page := template.Must(template.New("frame").Funcs(words).Parse(frame))
		// With its own name, an error in it names the page and not the frame.
		content := template.Must(page.New(name).Parse(text))
		template.Must(page.AddParseTree("content", content.Tree))
		return page
	})
}

// AddPage adds a page to those of New. Its text is in both languages, by the functions
// of InEach.
func AddPage(e *echo.Echo, name, text string) { e.Renderer.(*renderer).add(name, text) }

// Render makes the whole page before it writes any of it, so that a failing template
// becomes an error page and not half a page.
func (r *renderer) Render(w io.Writer, name string, data any, c echo.Context) error {
	l := LangOf(c.Request())
	page, ok := r.pages[name][l]
	if !ok {
		return fmt.Errorf("there is no page %q", name)
	}
	var whole bytes.Buffer
	if err := page.Execute(&whole, framed{data, r.title.In(l), r.notice(), r.english[name], c}); err != nil {
		return err
	}
	// After a logout, a page with a name must not come from a cache.
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	_, err := w.Write(withLanguage(whole.Bytes(), c))
	return err
}

// NoticeFile is the environment variable with the path of a file. While that file has
// a text, each page shows it, if only this machine can reach the app.
const NoticeFile = "WORKSHOP_NOTICE_FILE"

func (r *renderer) notice() string {
	if r.noticeFile == "" {
		return ""
	}
	text, _ := os.ReadFile(r.noticeFile)
	return strings.TrimSpace(string(text))
}

// Login says where an app stores who is logged in.
type Login struct {
	// Cookie is the name of the cookie, empty for an app without a login.
	Cookie string
	// InRedis reports whether the cookie holds a token only, and Redis the login.
	InRedis bool
}

// SetLogin makes the error page of an outage say what it means for the login.
func SetLogin(e *echo.Echo, l Login) { e.Renderer.(*renderer).login = l }

// framed is the data of frame.html.
type framed struct {
	Page    any
	App     string
	Notice  string
	English bool
	context echo.Context
}

const partsKey = "web/parts"

// SetParts adds parts to the frame around the page of a request. frame.html calls
// show for the part "served" in the header, and after the page for the part "panel".
func SetParts(c echo.Context, show func(part string) (template.HTML, error)) { c.Set(partsKey, show) }

// Part is called by frame.html.
func (f framed) Part(part string) (template.HTML, error) {
	if show, ok := f.context.Get(partsKey).(func(string) (template.HTML, error)); ok {
		return show(part)
	}
	return "", nil
}

// Explained is an error with its own error page: an HTTP status, a title, and a text
// in plain words with its commands in backticks.
type Explained interface {
	error
	Explain() (status int, title, text lang.Text)
}

type problem struct {
	status      int
	Title, Text lang.Text
	// Path, Brought (the request had the cookie of Login) and Login are set during an
	// outage only.
	Path    string
	Brought bool
	Login   Login
	// Again is the address at which the page may work later, if it can.
	Again string
}

var backticks = regexp.MustCompile("`([^`]+)`")

// WithCode is Text as HTML, with its commands in the style of code. These are in no
// language, or answers of Redis in English.
func (p problem) WithCode(l lang.Lang) template.HTML {
	return template.HTML(backticks.ReplaceAllString(template.HTMLEscapeString(p.Text.In(l)), `<code lang="en">$1</code>`))
}

// showError answers with an error page. It logs the errors that concern the user at
// the terminal: a mistake in the program, or a Redis that does not answer.
func showError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	_, explained := errors.AsType[Explained](err)
	if c.Request().Context().Err() == context.Canceled && errors.Is(err, context.Canceled) && !explained {
		// The browser went away, and nothing is wrong.
		return
	}
	r := c.Echo().Renderer.(*renderer)
	p := problemFor(err, c.Request())
	if p.status >= http.StatusInternalServerError {
		// The error of an outage names the port of a connection, its text does not.
		kind := p.Text.EN
		if p.status == http.StatusInternalServerError {
			kind = err.Error()
		}
		r.repeats.log(kind, "method", c.Request().Method, "path", c.Request().URL.Path, "status", p.status, "error", err)
	}
	if p.status == http.StatusServiceUnavailable {
		p.Path, p.Login = c.Request().URL.Path, r.login
		_, missing := c.Cookie(p.Login.Cookie)
		p.Brought = missing == nil
		c.Response().Header().Set(echo.HeaderRetryAfter, "1")
	}
	// The show of SetParts may need the status, which is sent after the whole page is made.
	c.Response().Status = p.status
	if err := c.Render(p.status, problemPage, p); err != nil {
		slog.Error("an error page failed", "error", err)
	}
}

func problemFor(err error, r *http.Request) problem {
	if explained, ok := errors.AsType[Explained](err); ok {
		p := problem{}
		p.status, p.Title, p.Text = explained.Explain()
		if r.Method == http.MethodGet {
			// An address with two slashes at its beginning is that of another site.
			p.Again = "/" + strings.TrimLeft(r.URL.RequestURI(), `/\`)
		}
		return p
	}
	status := http.StatusInternalServerError
	if httpErr, ok := errors.AsType[*echo.HTTPError](err); ok {
		status = httpErr.Code
	}
	return problem{
		status: status,
		Title:  cmp.Or(plain[status].Title, lang.Same(http.StatusText(status))),
		Text:   cmp.Or(plain[status].Text, lang.T("The app cannot answer this.", "アプリはこのリクエストに応答できません。")),
	}
}

// plain are the error pages of a status.
var plain = map[int]problem{
	http.StatusNotFound: {
		Title: lang.T("Not Found", "見つかりません"),
		Text:  lang.T("There is no page at this address.", "このアドレスにページはありません。")},
	http.StatusMethodNotAllowed: {
		Title: lang.T("Method Not Allowed", "このメソッドは使えません"),
		Text:  lang.T("This address does not take that kind of request.", "このアドレスは、この種類のリクエストを受け付けません。")},
	http.StatusForbidden: {
		Title: lang.T("Forbidden", "拒否しました"),
		Text:  lang.T("The form was sent from another site. Nothing was done.", "フォームがほかのサイトから送信されました。何も実行していません。")},
	http.StatusRequestTimeout: {
		Title: lang.T("Request Timeout", "リクエストの時間切れ"),
		Text:  lang.T("The request did not arrive in time. Nothing was done.", "リクエストが時間内に届きませんでした。何も実行していません。")},
	http.StatusMisdirectedRequest: {
		Title: lang.T("Misdirected Request", "宛先の名前が違います"),
		Text: lang.T("This app listens for its own machine, and was asked under another name. Behind a proxy, set `PUBLIC_URL` to the address that people type, for example `PUBLIC_URL=https://workshop.example.com`. Nothing was done.",
			"このアプリは自分のマシンからの接続だけを待ち受けていますが、別の名前でアクセスされました。プロキシを使う場合は、利用者が入力するアドレスを `PUBLIC_URL` に設定してください。例: `PUBLIC_URL=https://workshop.example.com`。何も実行していません。")},
	http.StatusConflict: {
		Title: lang.T("Conflict", "競合しています"),
		Text: lang.T("Your browser sends two different cookies of this app, so the app cannot tell who you are. Delete the cookies of this site in the browser, then log in again.",
			"このアプリの Cookie が 2 つ、異なる値で送られてきたため、どのユーザーなのか判断できません。ブラウザでこのサイトの Cookie を削除してから、ログインし直してください。")},
	http.StatusRequestEntityTooLarge: {
		Title: lang.T("Request Entity Too Large", "リクエストが大きすぎます"),
		Text:  lang.T("The request is larger than this app accepts.", "このアプリが受け付ける大きさを超えています。")},
	http.StatusInternalServerError: {
		Title: lang.T("Internal Server Error", "アプリの内部エラー"),
		Text:  lang.T("Something went wrong in the app. The terminal that runs it says what.", "アプリで問題が起きました。原因は、アプリを実行しているターミナルに表示されています。")},
	// A learner begins with handlers that return it.
	http.StatusNotImplemented: {Title: lang.T("Not Implemented", "まだ実装されていません")},
}

// quiet is how long an error that was logged is only counted.
var quiet = 5 * time.Second

// repeats counts the errors of each kind that were not logged.
type repeats struct {
	mutex sync.Mutex
	more  map[string]int
}

// log logs the first error of a kind at once and, after quiet, how many followed:
// an outage would fill the log with thousands of equal lines.
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
