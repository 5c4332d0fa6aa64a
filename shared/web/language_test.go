package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/lang"
)

func TestTheLanguageThatABrowserPrefers(t *testing.T) {
	for header, want := range map[string]lang.Lang{
		"": lang.English, "ja": lang.Japanese, "JA-jp": lang.Japanese, "ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7": lang.Japanese,
		"en,ja;q=0.5": lang.English, "ja;q=0.5,en;q=0.8": lang.English, "en;q=0.5, ja ; Q=0.51": lang.Japanese,
		"ja,en": lang.Japanese, "en,ja": lang.English,
		"de": lang.English, "de,ja;q=0.3": lang.Japanese, "de,ja;q=0.3,en;q=0.4": lang.English, "jav": lang.English,
		"ja;q=0": lang.English, "en;q=0,ja;q=0.001": lang.Japanese,
		"*": lang.English, "ja,*;q=0.5": lang.Japanese, "ja;q=0.5,*": lang.English,
		"ja;q=x": lang.English, "ja;q=2": lang.English, "ja;q=NaN": lang.English, "ja;v=1": lang.English, ",;, ja": lang.Japanese,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", header)
		if got := LangOf(r); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Accept-Language"] = []string{"en;q=0.5", "ja"}
	if got := LangOf(r); got != lang.Japanese {
		t.Errorf("in two headers: %s", got)
	}
}

func TestAnErrorPageIsInTheLanguageOfTheBrowser(t *testing.T) {
	log := logged(t)
	server := serveTest(t, func(e *echo.Echo) {
		SetLogin(e, Login{Cookie: "login"})
		e.GET("/away", func(echo.Context) error { return away{} })
		e.GET("/empty", func(echo.Context) error { return echo.ErrNotImplemented })
		e.GET("/logout", nil, ConfirmFromOtherSites)
	})
	for path, want := range map[string][]string{
		"/nowhere": {"<title>見つかりません – セッションストアのワークショップ</title>", "<h1>見つかりません</h1>", "このアドレスにページはありません。", ">最初のページに戻る</a>"},
		"/away":    {"<h1>Redis が応答しません</h1>", `<p><code lang="en">make &lt;redis&gt;</code> を実行してください。</p>`, "ログアウトされたわけではありません。ログインの情報は Cookie にあります。", ">再試行する</a>"},
		"/empty":   {"<h1>まだ実装されていません</h1>", "アプリはこのリクエストに応答できません。"},
		"/logout":  {"<h1>ログアウトしますか？</h1>", `lang="en">Logout</button>`},
	} {
		_, body := do(t, http.MethodGet, server.URL+path, "Accept-Language", "ja-JP,ja;q=0.9,en;q=0.8", "Cookie", "login=x", "Sec-Fetch-Site", "cross-site")
		for _, words := range append(want, `<html lang="ja">`, "<main>") {
			if !strings.Contains(body, words) {
				t.Errorf("%s: no %q in %s", path, words, body)
			}
		}
	}
	if text := log.String(); !strings.Contains(text, "path=/away") || strings.Contains(text, "Redis が") {
		t.Errorf("the log is not in English: %s", text)
	}
}

func TestEachStatusHasTheTitleOfTheStandard(t *testing.T) {
	for status, p := range plain {
		if p.Title.EN != http.StatusText(status) || p.Title.JA == p.Title.EN {
			t.Errorf("the title of %d is %+v", status, p.Title)
		}
	}
}

func TestAScreenReaderReadsTheProblemOfANameInItsLanguage(t *testing.T) {
	e := New(map[string]string{"login": `<h1>Login</h1>{{with .}}<p role="alert">{{.}}</p>{{end}}`})
	e.POST("/login", func(c echo.Context) error {
		_, problem := Username(c)
		return c.Render(http.StatusBadRequest, "login", problem)
	})
	for languages, want := range map[string]string{
		"en": `<main> <h1>Login</h1><p role="alert">Type a name.</p> </main>`,
		"ja": `<main lang="en" translate="no"> <h1>Login</h1><p role="alert"><span lang="ja">名前を入力してください。</span></p> </main>`,
	} {
		r, answer := httptest.NewRequest(http.MethodPost, "http://localhost/login", nil), httptest.NewRecorder()
		r.Header.Set("Accept-Language", languages)
		e.ServeHTTP(answer, r)
		if page := strings.Join(strings.Fields(answer.Body.String()), " "); !strings.Contains(page, want) {
			t.Errorf("%s: want %s in %s", languages, want, page)
		}
	}
}
