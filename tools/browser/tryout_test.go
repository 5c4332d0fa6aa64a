package browser

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/inspect/redishook"
	"example.com/session-workshop/shared/web"
)

// The labels of the buttons.
const (
	atOnce = "30 visits at once"
	logout = "Log out during a visit"
)

// try presses a button until the try works: on a busy machine some of the
// thirty visits are answered with 503.
func (b *tab) try(button string) {
	b.t.Helper()
	for end := time.Now().Add(patience); ; {
		b.visit("/")
		if status := b.click(tryButton(button)); status != http.StatusOK {
			b.t.Fatalf("%s is answered with %d", button, status)
		}
		if !eval[bool](b, pageText+`.includes("It did not work")`) {
			break
		}
		if time.Now().After(end) {
			b.t.Fatal(eval[string](b, pageText))
		}
	}
	if title := eval[string](b, `document.title + document.querySelector("h1").textContent`); title[:len(button)] != button || title[len(title)-len(button):] != button {
		b.t.Errorf("the title and the heading are %q", title)
	}
}

func tryButton(words string) string { return fmt.Sprintf("button[value=%q]", words) }

// wrong returns one of the programs with a mistake.
func wrong(step int, mistake string) programs.Wrong {
	i := slices.IndexFunc(programs.Wrongs, func(w programs.Wrong) bool { return w.Step == step && w.Mistake == mistake })
	return programs.Wrongs[i]
}

// done returns the right program for an exercise.
func done(exercise string) programs.Done {
	i := slices.IndexFunc(programs.Exercises, func(d programs.Done) bool { return d.Exercise == exercise && d.Mistake == "" })
	return programs.Exercises[i]
}

type maker interface {
	Program(client redis.UniversalClient, ttl time.Duration) *programs.Program
}

// inTheFrame runs a program as a learner's copy would run: its pages are in the
// frame of the workshop, with the panel beside them.
func inTheFrame(t *testing.T, from maker) (*tab, *redistest.Server) {
	t.Helper()
	redis := redistest.StartServer(t)
	program := from.Program(redis.Client, 2*time.Minute)
	e := web.New(map[string]string{"index": "<h1>A wrong program</h1>{{.}}"})
	cfg := config.Config{Host: "127.0.0.1", UnderTheHood: true, SessionTTL: 2 * time.Minute}
	inspect.Attach(e, cfg, inspect.Panel{Cookie: "sid", Token: true, Redis: redishook.For(redis.Client), Key: func(c echo.Context) string {
		cookie, err := c.Cookie("sid")
		if err != nil || cookie.Value == "" {
			return ""
		}
		sum := sha256.Sum256([]byte(cookie.Value))
		return program.Prefix + hex.EncodeToString(sum[:])
	}})
	e.GET("/", func(c echo.Context) error {
		answer := httptest.NewRecorder()
		program.ServeHTTP(answer, c.Request())
		maps.Copy(c.Response().Header(), answer.Header())
		return c.Render(answer.Code, "index", template.HTML(answer.Body.String()))
	})
	e.POST("/login", echo.WrapHandler(program))
	e.POST("/logout", func(c echo.Context) error {
		// Its logout is a link.
		get := c.Request().Clone(c.Request().Context())
		get.Method = http.MethodGet
		program.ServeHTTP(c.Response(), get)
		return nil
	})
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return openTab(t, &launch.App{URL: server.URL}), redis
}

func TestTheResultOfATryOfAWrongProgram(t *testing.T) {
	testall.Only(t)
	for name, c := range map[string]struct {
		from   maker
		button string
		shown  []string
	}{
		"a count in the cookie":                  {done("visits-in-cookie"), atOnce, []string{"30 visits were given 1", "The count should be 30 and is 1."}},
		"read, add, write back":                  {wrong(2, "read, add, write back"), atOnce, []string{"visits were given ", "The count should be 30 and is"}},
		"a check, and then a count":              {wrong(4, "a check, and then a count"), logout, []string{"held back until the logout was done", "HGET", "DEL", "HINCRBY", "The key came back", "visits 1", "TTL: 120 s", "It no longer logs in."}},
		"a logout that leaves the session alive": {wrong(4, "a logout that leaves the session alive"), logout, []string{"only once", "The logout deleted nothing", "username tryout-", "visits 2", "It still logs in"}},
	} {
		for _, scripts := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, JavaScript %v", name, scripts), func(t *testing.T) {
				b, redis := inTheFrame(t, c.from)
				if !scripts {
					b.withoutScripts()
				}
				b.try(c.button)
				b.mustShow(c.shown...)
				if c.button == logout {
					if left := redis.Client.Keys(context.Background(), "*").Val(); len(left) > 0 {
						t.Errorf("the try left behind %q", left)
					}
				}
				if c.button != atOnce {
					return
				}
				b.mustHide("is 30.")
				again := eval[int](b, `document.querySelectorAll(".ticks .again").length`)
				if ticks := eval[int](b, `document.querySelectorAll(".ticks li").length`); ticks != 30 || again < 2 {
					t.Errorf("%d ticks, %d of a number that was given again", ticks, again)
				}
			})
		}
	}
}

func TestTheResultOfATryOfEachStep(t *testing.T) {
	testall.Only(t)
	eachStep(t, []string{step1, step2, step3, step4}, func(t *testing.T, step string, b *tab, _ *redistest.Server) {
		for _, scripts := range []bool{true, false} {
			if !scripts {
				b.withoutScripts()
			}
			b.try(atOnce)
			if step == step1 {
				b.mustShow("Nothing is counted.")
			} else {
				b.mustShow("28 29 30", "The count should be 30 and is 30.")
			}
			b.mustHide("visits were given")
			b.try(logout)
			if step == step4 {
				b.mustShow("Nothing came back.", "It no longer logs in.")
			} else {
				b.mustShow("It still logs in")
			}
			b.visit("/")
			b.mustShow("You are not logged in")
		}
	})
}

func TestATryIsAccessible(t *testing.T) {
	testall.Only(t)
	script := axe(t)
	b, _ := inTheFrame(t, wrong(4, "a check, and then a count"))
	race, _ := inTheFrame(t, wrong(2, "read, add, write back"))
	for _, scheme := range schemes {
		b.prefer(scheme)
		race.prefer(scheme)
		b.try(logout)
		b.mustBeAccessible(logout+", "+scheme, script)
		race.try(atOnce)
		race.mustBeAccessible(atOnce+", "+scheme, script)
	}
	for _, width := range []int64{320, 390, 1280, 1920} {
		for _, page := range []*tab{b, race} {
			page.resize(width, 800)
			page.mustFit("a try", width)
		}
	}
	b.visit("/")
	b.tabTo(tryButton(atOnce))
	b.tabTo(tryButton(logout))
	b.press(kb.Enter)
	b.mustShow("The key came back")
}
