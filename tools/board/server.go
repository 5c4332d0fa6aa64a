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
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/web"
)

const (
	// cookieName is none of a step's: cookies ignore ports, and the teacher has
	// steps running on the same machine.
	cookieName = "workshop_board"
	// passName is the cookie of a browser that has seen the board.
	passName = cookieName + "_pass"
	// teacherName is who logs in to the store.
	teacherName = "teacher"
	// teacherIdle is longer than a lesson with its breaks.
	teacherIdle = 4 * time.Hour

	// maxReport is in bytes, many times the longest report.
	maxReport = 1 << 10
	// noteWithin is longer than a page may take, since nobody looks at a report,
	// and shorter than the client waits.
	noteWithin = 3 * time.Second
	// notesAtOnce go to Redis, and the others of a full room wait for their turn
	// here. In the client's pool they would be given up after 300 ms.
	notesAtOnce = 8
	// freshFor is how old the table may be. However many people look at it,
	// Redis is asked once in this time, and one table is made.
	freshFor = time.Second
	// readWithin bounds that question.
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
	// Fixed tells that they always type this. Else a page repeats the address
	// by which it was asked itself, unless that works on this machine only.
	Fixed bool
	// Steps are those that the class does; empty means all.
	Steps []int
	// HTTPS makes the cookie of the teacher one that plain HTTP never carries.
	HTTPS bool
}

// CheckCode says what is wrong with a join code that a teacher has chosen; nil
// means nothing, and that empty is allowed.
func CheckCode(chosen string) error {
	code := normalCode(chosen)
	switch {
	case chosen == "":
		return nil
	case code == "":
		return errors.New("a join code has 6 to 32 of the letters a-z and 0-9, for example redis-room-7")
	case code == "assets" || code == "healthz":
		return errors.New(code + " is an address of the board itself: choose another code")
	}
	return nil
}

// New returns the board on a Redis, and the codes that open it. The error is
// that of Redis.
func New(ctx context.Context, rdb redis.UniversalClient, o Options) (*echo.Echo, Codes, error) {
	r, err := openRoom(ctx, rdb, normalCode(o.Code))
	if err != nil {
		return nil, Codes{}, err
	}
	if len(o.Steps) > 0 {
		r.steps = o.Steps
	}
	if o.HTTPS {
		// Through the proxy all names come from one address.
		r.namesFrom = maxNames
	}
	s := &server{room: r, options: o, sessions: teachers(rdb, o.HTTPS), notes: make(chan struct{}, notesAtOnce), pass: newCode(maxCode)}
	e := web.New(pages())
	e.GET("/", s.door)
	e.GET("/assets/board.css", asset("board.css", "text/css"))
	e.GET("/assets/board.js", asset("board.js", "text/javascript"))
	inside := e.Group("/:code", s.guard)
	inside.GET("", s.board)
	inside.GET("/table", s.table)
	inside.POST("/progress", s.report)
	s.addTeacher(inside)
	return e, r.Codes, nil
}

// teachers is where the teacher is logged in.
func teachers(rdb redis.UniversalClient, https bool) *sessionstore.Store {
	options := []sessionstore.Option{
		sessionstore.KeyPrefix(prefix + "session:"),
		sessionstore.CookieName(cookieName),
		sessionstore.IdleTimeout(teacherIdle),
		sessionstore.MaxAge(keep),
	}
	if !https {
		options = append(options, sessionstore.InsecurePlainHTTP())
	}
	return sessionstore.New(rdb, options...)
}

func pages() map[string]string {
	table := mustRead(pageFiles, "pages/table.html")
	all := map[string]string{}
	for _, name := range []string{"door", "board", "login", "teacher"} {
		all[name] = table + mustRead(pageFiles, "pages/"+name+".html")
	}
	return all
}

// mustRead panics where a file is missing in the program itself.
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
	// sessions holds the login of the teacher.
	sessions *sessionstore.Store
	// pass is in the cookie passName, and of no use to who lacks the join code.
	pass    string
	limiter limiter
	view    view
	// notes holds a place for each report that is with Redis.
	notes chan struct{}
}

func answerReport(c echo.Context, status int, problem string) error {
	return c.JSON(status, answer{Board: signature, Problem: problem})
}

// report takes the progress of a learner.
func (s *server) report(c echo.Context) error {
	var p Progress
	body := http.MaxBytesReader(c.Response(), c.Request().Body, maxReport)
	if err := json.NewDecoder(body).Decode(&p); err != nil {
		return answerReport(c, http.StatusBadRequest, "this report cannot be read. Do you have the same version of the workshop as the teacher?")
	}
	p, err := p.checked()
	if err != nil {
		return answerReport(c, http.StatusBadRequest, err.Error())
	}
	err = s.note(c.Request().Context(), p, sender(c.Request().RemoteAddr))
	var down *redisconn.DownError
	switch {
	case err == nil:
		return answerReport(c, http.StatusOK, "")
	case errors.Is(err, errFull), errors.Is(err, errFullFrom):
		return answerReport(c, http.StatusConflict, err.Error())
	case errors.As(err, &down), errors.Is(err, context.DeadlineExceeded):
		return answerReport(c, http.StatusServiceUnavailable, "the board's Redis does not answer. Report again later: run the check once more")
	}
	slog.Error("a report failed", "error", err)
	return answerReport(c, http.StatusInternalServerError, "the board could not note this. Its terminal says why")
}

// note waits for its turn, and goes on when the learner does not wait.
func (s *server) note(ctx context.Context, p Progress, from string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	select {
	case s.notes <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.notes }()
	err := s.room.report(ctx, p, from)
	var down *redisconn.DownError
	if errors.As(err, &down) && ctx.Err() == nil {
		// The client sends no script twice, since it cannot know what a script
		// does. This one does the same however often it runs: the best result stays.
		err = s.room.report(ctx, p, from)
	}
	return err
}

// boardPage is the room as everybody in it sees it.
type boardPage struct {
	Code string
	// Address is what learners type after BOARD=.
	Address string
	Table   template.HTML
}

func (s *server) board(c echo.Context) error {
	table, err := s.view.get(s.room)
	if err != nil {
		return err
	}
	c.SetCookie(&http.Cookie{Name: passName, Value: s.pass, Path: "/", HttpOnly: true, Secure: s.options.HTTPS, SameSite: http.SameSiteLaxMode})
	return c.Render(http.StatusOK, "board", boardPage{s.room.Join, s.address(c), template.HTML(table)})
}

// table is the part of the page that changes. The page asks for it again and
// again, with the one it has, and mostly gets an empty answer.
func (s *server) table(c echo.Context) error {
	table, err := s.view.get(s.room)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderCacheControl, "no-store")
	tag := digest(table)
	h.Set("ETag", tag)
	if c.Request().Header.Get("If-None-Match") == tag {
		return c.NoContent(http.StatusNotModified)
	}
	return c.HTMLBlob(http.StatusOK, []byte(table))
}

// address is by which others reach this board.
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

// view is the table that everybody gets, made anew when it is asked for and
// older than freshFor. A Redis that is away is asked no more often.
type view struct {
	mutex sync.Mutex
	made  time.Time
	table string
	err   error
}

var tableTemplate = template.Must(template.New("").Parse(mustRead(pageFiles, "pages/table.html")))

func (v *view) get(r *room) (string, error) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if time.Since(v.made) >= freshFor {
		v.table, v.err = makeTable(r)
		v.made = time.Now()
	}
	return v.table, v.err
}

// forget makes the next one who asks get a new table.
func (v *view) forget() {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.made = time.Time{}
}

// makeTable has a deadline of its own: whoever asked first may leave, and others
// wait for the answer too.
func makeTable(r *room) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readWithin)
	defer cancel()
	now, err := r.read(ctx)
	if err != nil {
		return "", err
	}
	var html bytes.Buffer
	err = tableTemplate.ExecuteTemplate(&html, "table", now)
	return html.String(), err
}
