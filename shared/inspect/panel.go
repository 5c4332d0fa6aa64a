package inspect

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"html/template"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/web"
)

// Panel says what the panel of a step shows.
type Panel struct {
	// Cookie is the name of the step's cookie.
	Cookie string
	// Token reports whether the cookie holds a random token and not the login itself.
	Token bool
	// Key returns the key of the user of a request, empty if the user is not logged
	// in. It is nil in a step without Redis.
	Key func(c echo.Context) string
	// Redis is nil in a step without Redis.
	Redis Redis
	// Scripts are sources of Lua scripts by their SHA-1. The first line of a
	// source is a comment with its name.
	Scripts map[string]string
}

// Redis is the client of a step, as the panel needs it.
type Redis interface {
	// Listen makes the client add each round trip to the record of the request that
	// sends it.
	Listen()
	// Look reads a key in one round trip. It does not change its TTL or its values.
	Look(ctx context.Context, key string) (Held, error)
	// Remove deletes a key.
	Remove(ctx context.Context, key string) error
}

// Held is what Redis holds under a key.
type Held struct {
	Key string
	// Type is the answer to TYPE, "none" if the key does not exist.
	Type string
	// TTL is negative if the key has none.
	TTL    time.Duration
	Fields []Field
}

// Left is the TTL in words, rounded up: a key that is shown with 1 s still exists.
// More than two minutes are also shown in minutes and hours. hood.js does the same.
func (h Held) Left() lang.Text {
	all := int((h.TTL + time.Second - 1) / time.Second)
	forms := forms(all/3600, all/60%60, all%60, all)
	switch {
	case all <= 120:
		return forms[0]
	case all < 3600:
		return forms[1]
	}
	return forms[2]
}

// Forms are the three forms of Left. hood.js replaces the letters in braces.
func (Held) Forms() []lang.Text { return forms("{h}", "{m}", "{s}", "{all}") }

func forms(hours, minutes, seconds, all any) []lang.Text {
	return []lang.Text{
		lang.T("%v s", "%v 秒", all),
		lang.T("%vm%vs (%v s)", "%v 分 %v 秒（%v 秒）", minutes, seconds, all),
		lang.T("%vh%vm%vs (%v s)", "%v 時間 %v 分 %v 秒（%v 秒）", hours, minutes, seconds, all),
	}
}

// Field is a field of a hash.
type Field struct{ Name, Value string }

// Moment is the value as a date, if it looks like milliseconds since 1970; else it is
// empty. A second number is the idle timeout of the session, in milliseconds.
func (f Field) Moment() lang.Text {
	moment, duration, hasIdle := strings.Cut(f.Value, " ")
	at, err := strconv.ParseInt(moment, 10, 64)
	if year := time.UnixMilli(at).Year(); err != nil || year < 2020 || year > 2100 {
		return lang.Text{}
	}
	date := lang.Text{EN: time.UnixMilli(at).Format("2 Jan 2006, 15:04:05"), JA: time.UnixMilli(at).Format("2006/01/02 15:04:05")}
	if !hasIdle {
		return date
	}
	idle, err := strconv.ParseInt(duration, 10, 64)
	if err != nil || idle <= 0 {
		return lang.Text{}
	}
	return lang.T("%v, or after %v without a visit", "%v、またはアクセスのない期間が %v", date, inWords(time.Duration(idle)*time.Millisecond))
}

var unitsInJapanese = strings.NewReplacer("days", "日", "day", "日", "hours", "時間", "hour", "時間", "minutes", "分", "minute", "分", "s", "秒")

// inWords is config.InWords in both languages.
func inWords(d time.Duration) lang.Text {
	words := config.InWords(d)
	return lang.Text{EN: words, JA: unitsInJapanese.Replace(words)}
}

// lookPath is where a page asks again what Redis holds for its user. It takes no key,
// so that no user sees the data of another.
const lookPath = "/under-the-hood"

//go:embed panel.html
var source string

//go:embed hood.js
var files embed.FS

var templates = web.InEach(func(words template.FuncMap) *template.Template {
	return template.Must(template.New("panel").Funcs(words).Parse(source))
})

// Attach adds the panel to every page of e and tells e about the login. If the panel
// is off in cfg, it costs a page nothing.
func Attach(e *echo.Echo, cfg config.Config, p Panel) {
	if p.Token && cfg.HTTPS() && !strings.HasPrefix(p.Cookie, "__Host-") {
		p.Cookie = "__Host-" + p.Cookie
	}
	web.SetLogin(e, web.Login{Cookie: p.Cookie, InRedis: p.Token})
	if !cfg.UnderTheHood {
		return
	}
	if p.Redis != nil {
		p.Redis.Listen()
	}
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			// A try has put its own record into the context.
			record := cmp.Or(RecordOf(c.Request().Context()), &Record{})
			c.SetRequest(c.Request().WithContext(withRecord(c.Request().Context(), record)))
			web.SetParts(c, func(part string) (template.HTML, error) { return p.render(part, c, cfg, record) })
			return next(c)
		}
	})
	p.attachTries(e, cfg)
	e.FileFS("/assets/hood.js", "hood.js", files)
	if p.Key != nil {
		e.GET(lookPath, func(c echo.Context) error {
			fragment, err := p.render("holds", c, cfg, nil)
			if err != nil {
				return err
			}
			c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
			return c.HTML(http.StatusOK, string(fragment))
		})
	}
}

// view is the data of panel.html.
type view struct {
	Trips  []RoundTrip
	Holds  *holds
	Cookie cookie
	// Server is the address of this process to which the request came.
	Server  string
	Process int
	// Tries are the tries for which the page has buttons. Tried reports whether it is
	// the page of a try.
	Tries []trial
	Tried bool
	// Unwatched reports whether the app has not told the panel of its Redis.
	Unwatched bool
	panel     Panel
}

// Color is the number of one of the eight colors in style.css. Servers on
// neighboring ports have different ones.
func (v view) Color() int {
	_, port, _ := net.SplitHostPort(v.Server)
	number, _ := strconv.Atoi(port)
	return number % 8
}

// Text is the command, with the name of a script instead of its hash.
func (v view) Text(c Command) string {
	if source := v.Source(c); source != "" {
		name, _, _ := strings.Cut(source, "\n")
		c.Words = slices.Clone(c.Words)
		c.Words[1] = strings.TrimPrefix(name, "-- ")
	}
	return c.Text()
}

// Source is the source of the script that a command runs, by its hash or by the source
// itself. It is empty for any other command.
func (v view) Source(c Command) string {
	if len(c.Words) < 2 {
		return ""
	}
	for hash, source := range v.panel.Scripts {
		if c.Words[1] == hash || c.Words[1] == source {
			return source
		}
	}
	return ""
}

// holds is what Redis holds for the user, or why this is not known.
type holds struct {
	Held
	Away, LoggedIn bool
	// Full is the TTL after a visit.
	Full time.Duration
	// Gone says that the key does not exist, and what this means.
	Gone lang.Text
	// Path is where to ask again.
	Path string
}

func (p Panel) render(name string, c echo.Context, cfg config.Config, record *Record) (template.HTML, error) {
	v := view{Cookie: p.cookie(c, cfg), Server: localAddress(c), Process: os.Getpid(), panel: p}
	// Only step 1 has no Redis.
	v.Unwatched = p.Redis == nil && strings.HasPrefix(cfg.Name, "Step ") && cfg.Name != "Step 1"
	if v.Tried = c.Path() == tryPath; hasTries(c, cfg) {
		v.Tries = tries
	}
	if record != nil {
		v.Trips = record.roundTrips()
	}
	// The error page of an outage does not ask Redis again.
	if name != "served" && !v.Tried && p.Key != nil && c.Response().Status < http.StatusBadRequest {
		v.Holds = p.look(c, cfg)
	}
	var html bytes.Buffer
	err := templates[web.LangOf(c.Request())].ExecuteTemplate(&html, name, v)
	return template.HTML(html.String()), err
}

// look asks Redis in one round trip, which is not recorded.
func (p Panel) look(c echo.Context, cfg config.Config) *holds {
	h := &holds{Full: cfg.SessionTTL, Path: lookPath}
	switch {
	case p.Token:
		h.Gone = lang.T("Nothing. It is gone: you are logged out.", "なし。キーは消えました。ログアウトされています。")
	case cfg.SessionTTL > 0:
		h.Gone = lang.T("Nothing. It is gone: the next visit starts at 1.", "なし。キーは消えました。次のアクセスは 1 から数え直します。")
	default:
		h.Gone = lang.T("Nothing. It is gone.", "なし。キーは消えました。")
	}
	key := p.Key(c)
	if key == "" {
		return h
	}
	h.LoggedIn = true
	var err error
	h.Held, err = p.Redis.Look(withRecord(c.Request().Context(), nil), key)
	h.Away = err != nil
	return h
}

// FullInWords is Full in words.
func (h holds) FullInWords() lang.Text { return inWords(h.Full) }

func localAddress(c echo.Context) string {
	if addr, ok := c.Request().Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return addr.String()
	}
	return c.Request().Host
}
