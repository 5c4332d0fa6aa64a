package inspect_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/web"
)

// redis is a Redis that always holds the same.
type redis struct{ held inspect.Held }

func (redis) Listen() {}

func (redis) Remove(context.Context, string) error { return nil }

func (r redis) Look(context.Context, string) (inspect.Held, error) { return r.held, nil }

var (
	tag   = regexp.MustCompile(`<[^>]*>`)
	space = regexp.MustCompile(`\s+`)
)

// shown returns the text of a page with a panel. cookie is the Cookie header of its
// request, and trips are its round trips.
func shown(t *testing.T, p inspect.Panel, cookie string, trips ...inspect.RoundTrip) string {
	t.Helper()
	return textOf(pageFor(t, "", p, cookie, trips...))
}

// pageFor returns a page for a browser that prefers languages.
func pageFor(t *testing.T, languages string, p inspect.Panel, cookie string, trips ...inspect.RoundTrip) string {
	t.Helper()
	e := web.New(map[string]string{"index": "<p>Hello</p>"})
	inspect.Attach(e, config.Config{UnderTheHood: true, SessionTTL: 10 * time.Minute}, p)
	e.GET("/", func(c echo.Context) error {
		for _, trip := range trips {
			inspect.RecordOf(c.Request().Context()).Add(trip)
		}
		return c.Render(http.StatusOK, "index", nil)
	})
	request, answer := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
	request.Header.Set("Cookie", cookie)
	request.Header.Set("Accept-Language", languages)
	e.ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		t.Fatalf("the page is answered with %d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

func textOf(page string) string {
	return html.UnescapeString(space.ReplaceAllString(tag.ReplaceAllString(page, " "), " "))
}

// signed returns data in the form of a cookie of gorilla's securecookie.
func signed(data string) string {
	encoded := base64.URLEncoding.EncodeToString
	return encoded([]byte("1795932319|" + encoded([]byte(data)) + "|\x01\x02signature"))
}

func TestWhatTheBrowserHolds(t *testing.T) {
	token := strings.Repeat("kZ3_-", 8)
	for name, c := range map[string]struct {
		panel         inspect.Panel
		value         string
		want, without string
	}{
		"plain": {inspect.Panel{}, "bob",
			"The cookie login , 3 characters of plain text: bob . It is not signed: anyone can write another name.", "token"},
		"plain, with letters that a cookie cannot hold": {inspect.Panel{}, "%E8%8A%B1%3B%3Cb%3E", "of plain text: 花;<b> .", "%3B"},
		"signed": {inspect.Panel{}, signed("\x0dusername\x06string\x05ada"),
			"Anyone who has it can read in it: username string ada . It is signed", "It is not signed"},
		"a token":                              {inspect.Panel{Token: true}, token, "40 characters: a random token.", token},
		"a short token":                        {inspect.Panel{Token: true}, "bob", "3 characters: a random token.", "bob"},
		"a token, but the panel does not know": {inspect.Panel{}, token, "The cookie login , 40 characters. ", token},
		"nothing":                              {inspect.Panel{}, "", "No cookie login of this app.", "characters"},
	} {
		t.Run(name, func(t *testing.T) {
			c.panel.Cookie = "login"
			text := shown(t, c.panel, "login="+c.value)
			if !strings.Contains(text, c.want) || strings.Contains(text, c.without) {
				t.Errorf("want %q and without %q: %s", c.want, c.without, text)
			}
		})
	}
}

func TestNothingIsSaidTwice(t *testing.T) {
	trip := inspect.RoundTrip{Commands: []inspect.Command{{Words: []string{"hget", "a", "b"}}}, Took: 300 * time.Microsecond}
	slow := inspect.RoundTrip{Commands: trip.Commands, Took: 502 * time.Millisecond}
	for want, trips := range map[string][]inspect.RoundTrip{
		"HGET a b (nil) 1 round trip, 0.3 ms Your browser holds":                                         {trip},
		"HGET a b (nil) 1 round trip, 502 ms HGET a b (nil) 1 round trip, 0.3 ms 2 round trips in all. ": {slow, trip},
	} {
		if text := shown(t, inspect.Panel{}, "", trips...); !strings.Contains(text, want) {
			t.Errorf("%q is not in: %s", want, text)
		}
	}
}

func TestTimesAreReadable(t *testing.T) {
	at := time.Date(2026, 11, 29, 9, 5, 3, 0, time.Local)
	for want, held := range map[string]inspect.Held{
		"TTL 9m30s (570 s) Each visit sets it to 10 minutes again.": {TTL: 569200 * time.Millisecond},
		"TTL 120 s ":        {TTL: 2 * time.Minute},
		"TTL 2m1s (121 s) ": {TTL: 2*time.Minute + time.Millisecond},
		"(28800 s) This ":   {TTL: 8 * time.Hour},
		"seen 29 Nov 2026, 09:05:03 " + strconv.FormatInt(at.UnixMilli(), 10) + " ": {Fields: []inspect.Field{{Name: "seen", Value: strconv.FormatInt(at.UnixMilli(), 10)}}},
		"seen 29 Nov 2026, 09:05:03, or after 7 days without a visit ":              {Fields: []inspect.Field{{Name: "seen", Value: fmt.Sprint(at.UnixMilli(), 7*24*time.Hour.Milliseconds())}}},
		"seen 1795932319000 0 TTL": {Fields: []inspect.Field{{Name: "seen", Value: "1795932319000 0"}}},
		"seen 1795932319000 x TTL": {Fields: []inspect.Field{{Name: "seen", Value: "1795932319000 x"}}},
		"visits 1795932319 TTL":    {Fields: []inspect.Field{{Name: "visits", Value: "1795932319"}}},
	} {
		held.Key, held.Type = "k", "hash"
		panel := inspect.Panel{Redis: redis{held}, Key: func(echo.Context) string { return "k" }}
		if text := shown(t, panel, ""); !strings.Contains(text, want) {
			t.Errorf("%q is not in: %s", want, text)
		}
	}
}

func TestThePanelInJapanese(t *testing.T) {
	at := time.Date(2026, 11, 29, 9, 5, 3, 0, time.Local)
	held := inspect.Held{Key: "k", Type: "hash", TTL: 569200 * time.Millisecond,
		Fields: []inspect.Field{{Name: "seen", Value: fmt.Sprint(at.UnixMilli(), 7*24*time.Hour.Milliseconds())}}}
	panel := inspect.Panel{Cookie: "login", Redis: redis{held}, Key: func(echo.Context) string { return "k" }}
	trip := inspect.RoundTrip{Commands: []inspect.Command{{Words: []string{"hget", "a", "b"}}}, Took: 300 * time.Microsecond}
	page := pageFor(t, "ja-JP,ja;q=0.9,en;q=0.8", panel, "login=bob", trip, trip)
	want := "応答したサーバー: example.com、プロセス PID Hello Under the hood " +
		"Redis に保存されているもの キー k （型は hash）: フィールド 値 seen 2026/11/29 09:05:03、またはアクセスのない期間が 7 日 MS 604800000 " +
		"TTL 9 分 30 秒（570 秒） アクセスのたびに戻る値: 10 分。 " +
		"このリクエストで Redis に送ったコマンド HGET a b (nil) 1 回のラウンドトリップ、0.3 ms HGET a b (nil) 1 回のラウンドトリップ、0.3 ms ラウンドトリップは全部で 2 回です。 " +
		"ブラウザに保存されているもの Cookie login （3 文字）。ただのテキストです: bob 。署名がないので、誰でも別の名前に書き換えられます。"
	want = strings.NewReplacer("PID", strconv.Itoa(os.Getpid()), "MS", strconv.FormatInt(at.UnixMilli(), 10)).Replace(want)
	if text := textOf(page); !strings.Contains(text, want) {
		t.Errorf("the page says\n%s\nwant in it\n%s", text, want)
	}
	for _, marked := range []string{`<html lang="ja">`, `<h2 id="hood" lang="en">`, `<samp lang="en">`} {
		if !strings.Contains(page, marked) {
			t.Errorf("no %s in %s", marked, page)
		}
	}
}

// A learner's step 2 counts in Redis before the panel gets the client.
func TestAPanelWithoutTheRedisOfItsStepSaysSo(t *testing.T) {
	for name, want := range map[string]string{
		"Step 1": "Nothing. 0 round trips.",
		"Step 2": "Not known: this panel does not see Redis. Give inspect.Panel its Redis and its Key, in func run.",
	} {
		e := web.New(map[string]string{"index": "<p>Hello</p>"})
		inspect.Attach(e, config.Config{Name: name, UnderTheHood: true}, inspect.Panel{Cookie: "login"})
		e.GET("/", func(c echo.Context) error { return c.Render(http.StatusOK, "index", nil) })
		answer := httptest.NewRecorder()
		e.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
		if text := textOf(answer.Body.String()); !strings.Contains(text, want) {
			t.Errorf("%s: no %q in %s", name, want, text)
		}
	}
}
