package board

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/web"
)

const (
	// cookieName differs from those of the steps, which may run on the same
	// machine: cookies ignore ports.
	cookieName = "workshop_board"
	// passName is the cookie of a browser that has seen the board.
	passName = cookieName + "_pass"
	// teacherName is the one user of the session store.
	teacherName = "teacher"
	// teacherIdle is longer than a lesson with its breaks.
	teacherIdle = 4 * time.Hour

	// maxReport is in bytes, many times the longest report.
	maxReport = 1 << 10
	// turnWithin bounds how long a report waits for its turn. It is longer than the
	// learner waits, because the teacher wants the report all the same.
	turnWithin = 30 * time.Second
	// noteWithin bounds how long a report is being stored after its turn has come. It
	// is longer than a page may take, for which a user waits.
	noteWithin = 3 * time.Second
	// notesAtOnce reports go to Redis at the same time, and the others wait here. In
	// the client's pool they would fail after 300 ms.
	notesAtOnce = 8
	// freshFor is how old the table may be. In this time Redis is asked once and one
	// table is made in each language, for any number of browsers.
	freshFor = time.Second
	// readWithin bounds this question to Redis.
	readWithin = 700 * time.Millisecond
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// Options say how a board is reached.
type Options struct {
	// Code is the join code that the teacher has chosen; empty means the one
	// that Redis has kept, or else a new one.
	Code string
	// URL is what learners type, without the code: http://192.168.1.20:5050.
	URL string
	// Fixed is true if pages always show URL. If it is false, a page shows the
	// address of its own request, unless that is a loopback address.
	Fixed bool
	// Steps are those that the class does; empty means all.
	Steps []int
	// HTTPS is true if browsers reach the board over https://, by a proxy. Cookies
	// are then never sent over plain HTTP.
	HTTPS bool
}

// CheckCode returns what is wrong with a join code that a teacher has chosen, or
// nil. An empty code is allowed, and means that the teacher has chosen none.
func CheckCode(chosen string) error {
	code := normalCode(chosen)
	switch {
	case chosen == "":
		return nil
	case code == "":
		return lang.Errorf("a join code has 6 to 32 letters a-z and digits 0-9, for example redis-room-7",
			"参加コードは、英字 a-z と数字 0-9 の 6 文字から 32 文字です。例: redis-room-7")
	case code == "assets" || code == "healthz":
		return lang.Errorf("%s is an address of the board itself: choose another code", "%s はボード自身が使うアドレスです。別のコードにしてください", code)
	}
	return nil
}

// Opened is a room that New has opened.
type Opened struct {
	Codes
	// Names is how many learners of an earlier start are in the room, and Day the date
	// of their last report.
	Names int
	Day   string
}

// New returns the board, which keeps its room in rdb. The error is one of Redis, or
// names a key that holds something else.
func New(ctx context.Context, rdb redis.UniversalClient, o Options) (*echo.Echo, Opened, error) {
	r, err := openRoom(ctx, rdb, normalCode(o.Code))
	if err != nil {
		return nil, Opened{}, err
	}
	earlier, err := r.read(ctx)
	if err != nil {
		return nil, Opened{}, err
	}
	if len(o.Steps) > 0 {
		r.steps = o.Steps
	}
	if o.HTTPS {
		// Behind the proxy all names come from one address.
		r.namesFrom = maxNames
	}
	s := &server{room: r, options: o, sessions: teachers(rdb, o.HTTPS), notes: make(chan struct{}, notesAtOnce), pass: newCode(maxCode)}
	e := web.New(nil)
	addPages(e)
	e.GET("/", s.door)
	e.GET("/assets/board.css", asset("board.css", "text/css"))
	e.GET("/assets/board.js", asset("board.js", "text/javascript"))
	inside := e.Group("/:code", s.guard)
	inside.GET("", s.board)
	inside.GET("/table", s.table)
	inside.POST("/progress", s.report)
	s.addTeacher(inside)
	return e, Opened{r.Codes, len(earlier.Learners), earlier.Day()}, nil
}

// teachers returns the store of the teacher's sessions.
func teachers(rdb redis.UniversalClient, https bool) *sessionstore.Store {
	options := []sessionstore.Option{
		sessionstore.KeyPrefix(prefix + "session:"),
		sessionstore.CookieName(cookieName),
		sessionstore.IdleTimeout(teacherIdle),
		sessionstore.MaxAge(teacherFor),
	}
	if !https {
		options = append(options, sessionstore.InsecurePlainHTTP())
	}
	return sessionstore.New(rdb, options...)
}

func addPages(e *echo.Echo) {
	table := mustRead(pageFiles, "pages/table.html")
	for _, name := range []string{"door", "board", "login", "teacher", "class"} {
		web.AddPage(e, name, table+mustRead(pageFiles, "pages/"+name+".html"))
	}
}

// mustRead panics if the program was built without the file.
func mustRead(files embed.FS, name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func asset(name, kind string) echo.HandlerFunc {
	content := []byte(mustRead(assetFiles, "assets/"+name))
	return func(c echo.Context) error {
		return c.Blob(http.StatusOK, kind+"; charset=utf-8", content)
	}
}

type server struct {
	room    *room
	options Options
	// sessions are the teacher's.
	sessions *sessionstore.Store
	// pass is the value of the cookie passName. It is useless without the join code.
	pass    string
	limiter limiter
	view    view
	// notes has an element for each report that is being stored.
	notes chan struct{}
}

// answerReport answers in the language of the learner, who reads the problem in a
// terminal.
func answerReport(c echo.Context, status int, problem lang.Text) error {
	return c.JSON(status, answer{Board: signature, Problem: problem.In(web.LangOf(c.Request()))})
}

// report stores the progress of a learner.
func (s *server) report(c echo.Context) error {
	var p Progress
	body := http.MaxBytesReader(c.Response(), c.Request().Body, maxReport)
	if err := json.NewDecoder(body).Decode(&p); err != nil {
		return answerReport(c, http.StatusBadRequest, unreadable)
	}
	p, err := p.checked()
	if err != nil {
		return answerReport(c, http.StatusBadRequest, lang.Of(err))
	}
	err = s.note(c.Request().Context(), p, sender(c.Request().RemoteAddr))
	var down *redisconn.DownError
	switch {
	case err == nil:
		return answerReport(c, http.StatusOK, lang.Text{})
	case errors.Is(err, errFull), errors.Is(err, errFullFrom):
		return answerReport(c, http.StatusConflict, lang.Of(err))
	case errors.As(err, &down), errors.Is(err, context.DeadlineExceeded):
		return answerReport(c, http.StatusServiceUnavailable, lang.T("the board's Redis does not answer. To report again, run the check again later",
			"ボードの Redis が応答しません。あとでもう一度チェックすると、報告し直せます"))
	}
	slog.Error("a report failed", "error", err)
	return answerReport(c, http.StatusInternalServerError, lang.T("the board could not store this report. Its terminal says why",
		"ボードがこの報告を保存できませんでした。理由はボードのターミナルに出ています"))
}

// note waits for its turn, and stores the report even if the client has gone away.
func (s *server) note(ctx context.Context, p Progress, from string) error {
	select {
	case s.notes <- struct{}{}:
	case <-time.After(turnWithin):
		return context.DeadlineExceeded
	}
	defer func() { <-s.notes }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	err := s.room.report(ctx, p, from)
	var down *redisconn.DownError
	if errors.As(err, &down) && ctx.Err() == nil {
		// The Redis client sends no script twice, since it cannot know whether that
		// is safe. This script may run twice: the best result stays.
		err = s.room.report(ctx, p, from)
	}
	return err
}

// boardPage is the room as learners see it.
type boardPage struct {
	Code string
	// Address is what learners type after BOARD=.
	Address string
	QR      template.HTML
	Table   template.HTML
}

func (s *server) board(c echo.Context) error {
	l := web.LangOf(c.Request())
	table, err := s.view.get(s.room, l)
	if err != nil {
		return err
	}
	c.SetCookie(&http.Cookie{Name: passName, Value: s.pass, Path: "/", HttpOnly: true, Secure: s.options.HTTPS, SameSite: http.SameSiteLaxMode})
	address := s.address(c)
	return c.Render(http.StatusOK, "board", boardPage{s.room.Join, address, qrCode(address, lang.T("QR code of this address", "このアドレスの QR コード").In(l)), template.HTML(table)})
}

// table is the part of the page that changes. The page polls it with the ETag of
// the last one, and gets an empty answer if nothing has changed.
func (s *server) table(c echo.Context) error {
	l := web.LangOf(c.Request())
	table, err := s.view.get(s.room, l)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderCacheControl, "no-store")
	tag := etag(table)
	h.Set("ETag", tag)
	if c.Request().Header.Get("If-None-Match") == tag {
		return c.NoContent(http.StatusNotModified)
	}
	return c.HTMLBlob(http.StatusOK, []byte(table))
}

// address is where other machines reach this board.
func (s *server) address(c echo.Context) string {
	base := s.options.URL
	if host := c.Request().Host; !s.options.Fixed && !isLoopback(host) {
		base = "http://" + host
	}
	return base + "/" + s.room.Join
}

func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// view keeps the room, or the error of Redis, for freshFor, and the table in each
// language in which a browser has asked for it. So a Redis that does not answer is not
// asked more often either.
type view struct {
	mutex  sync.Mutex
	read   time.Time
	now    snapshot
	err    error
	tables map[lang.Lang]string
}

var tableTemplates = web.InEach(func(words template.FuncMap) *template.Template {
	return template.Must(template.New("").Funcs(words).Parse(mustRead(pageFiles, "pages/table.html")))
})

func (v *view) get(r *room, l lang.Lang) (string, error) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if time.Since(v.read) >= freshFor {
		v.now, v.err = readForAll(r)
		v.read, v.tables = time.Now(), map[lang.Lang]string{}
	}
	if _, made := v.tables[l]; v.err == nil && !made {
		var html bytes.Buffer
		v.err = tableTemplates[l].ExecuteTemplate(&html, "table", v.now)
		v.tables[l] = html.String()
	}
	return v.tables[l], v.err
}

// forget makes the next request get a new table.
func (v *view) forget() {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.read = time.Time{}
}

// readForAll has its own deadline: the client that asked first may go away while others
// wait for the same room.
func readForAll(r *room) (snapshot, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readWithin)
	defer cancel()
	return r.read(ctx)
}
