package board_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/browse"
	"example.com/session-workshop/check/browse/browsetest"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/board"
)

// preferring sends requests as a browser with these languages.
type preferring string

func (languages preferring) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept-Language", string(languages))
	return http.DefaultTransport.RoundTrip(r)
}

// reader is a visitor with a Japanese browser.
func (b *classBoard) reader() *browsetest.Visitor {
	v := b.visitor()
	v.Client.Transport = preferring("ja,en-US;q=0.9,en;q=0.8")
	return v
}

var (
	heading = regexp.MustCompile(`<h1>[^<]*[\p{Hiragana}\p{Katakana}\p{Han}]`)
	content = regexp.MustCompile(`(?s)<main.*</main>`)
	// verbatim is what a user types.
	verbatim = regexp.MustCompile(`(?s)<code>.*?</code>|http://[^<\s]+`)
	tag      = regexp.MustCompile(`(?s)<[^>]*>`)
	spoken   = regexp.MustCompile(`(?:aria-label|data-silent|data-moved|data-for)="([^"]*)"`)
	word     = regexp.MustCompile(`[A-Za-z][A-Za-z'-]*`)
	// known are the words that are the same in both languages: names of things, commands,
	// the buttons of the article, and the id of a check.
	known = []string{"CSV", "QR", "Redis", "make", "hello", "Login", "Logout", "first-visit", "place"}
)

// mustBeJapanese fails for each English word that a user sees or hears.
func mustBeJapanese(t *testing.T, p browse.Page, what string) {
	t.Helper()
	if !strings.Contains(p.Body, `<html lang="ja">`) || !heading.MatchString(p.Body) {
		t.Errorf("%s: this page or its heading is not Japanese: %s", what, p.Body)
	}
	mustSpeakJapanese(t, content.FindString(p.Body), what)
}

func mustSpeakJapanese(t *testing.T, page, what string) {
	t.Helper()
	page = verbatim.ReplaceAllString(page, "")
	text := tag.ReplaceAllString(page, " ")
	for _, attribute := range spoken.FindAllStringSubmatch(page, -1) {
		text += " " + attribute[1]
	}
	if strings.TrimSpace(text) == "" {
		t.Errorf("%s: there is no text", what)
	}
	for _, found := range word.FindAllString(html.UnescapeString(text), -1) {
		if !slices.Contains(known, found) {
			t.Errorf("%s: the word %q in %s", what, found, strings.Join(strings.Fields(text), " "))
		}
	}
}

// aJapaneseClass has a learner in each state in which a page shows a word.
func (b *classBoard) aJapaneseClass(r *redistest.Server) {
	b.t.Helper()
	for _, p := range []board.Progress{
		{Name: "花子", State: board.Hello},
		{Name: "佐藤", Step: 2, Passed: 18, Total: 23, Check: "first-visit", Hint: 2},
		{Name: "高橋", Step: 3, Total: 23, State: board.DoesNotCompile},
		{Name: "田中", Step: 3, Total: 23, State: board.DoesNotStart},
		{Name: "伊藤", Step: 2, Total: 23, State: board.NotBegun},
		{Name: "渡辺", Step: 2, Passed: 23, Total: 23, State: board.Taken},
		{Name: "鈴木", Step: 2, Passed: 23, Total: 23},
		{Name: "鈴木", Step: 2, Passed: 2, Total: 2, Exercise: "place"},
		{Name: "山本", Step: 2, Passed: 1, Total: 2, Check: "first-visit", Exercise: "place"},
	} {
		b.mustSend(p)
	}
	line := r.Client.HGet(b.t.Context(), roomKey, "佐藤").Val()
	ago := fmt.Sprintf("moved=%d", time.Now().Add(-7*time.Minute).UnixMilli())
	r.Client.HSet(b.t.Context(), roomKey, "佐藤", regexp.MustCompile(`moved=\d+`).ReplaceAllString(line, ago))
}

func TestEachPageIsInJapaneseForAJapaneseBrowser(t *testing.T) {
	r := redistest.StartServer(t)
	b := start(t, r.URL)
	v := b.reader()
	shows := func(what string, p browse.Page, words ...string) {
		t.Helper()
		want(t, p, p.Status, words...)
		mustBeJapanese(t, p, what)
	}
	shows("the door", v.Get(b.URL), "クラスの参加コード")
	shows("the wrong code", v.Get(b.URL+"/wrong2"), "参加コードが違います。正しいコードはボードに表示されています。")
	shows("the empty board", v.Get(""), "まだ誰からも報告がありません。")
	b.aJapaneseClass(r)
	shows("the board", v.WaitFor("", "参加者 8 人", "最新: 鈴木、ステップ 2 完了", "ステップ 2 完了 1 作業中 3"))
	shows("the login", v.Get("/teacher"), "講師用のコード")
	shows("the wrong teacher's code", v.Post("/teacher", url.Values{"code": {"aaaaaaaaaa"}}), "講師用のコードが違います。")
	shows("a change without a login", v.Post("/teacher/hide", nil), "ログインしていないので、何も変更していません。")
	b.logIn(v)
	v.Post("/teacher/countdown", url.Values{"minutes": {"10"}})
	teacher := v.Get("/teacher")
	shows("the teacher's page", teacher, "5 分以上進んでいない: ステップ 2 · first-visit（1 人）",
		"佐藤 ステップ 2 · first-visit 7 分 ヒント 2 –まだ 18/23 個", "高橋 ステップ 3 · コンパイルできない 0 分",
		"田中 ステップ 3 · 起動しない", "伊藤 ステップ 2 · 未着手", "渡辺 ステップ 2 · 完成版で合格", "鈴木 ステップ 2 · 練習問題 place 0 分 –まだ ✓ 完了 +1 練習問題",
		"山本 ステップ 2 · 練習問題 place、first-visit", "花子 参加中 0 分")
	shows("the teacher's page without forms", v.Get("/teacher?watch"), "15 秒ごとに再読み込み")
	shows("the page after the class", v.Get("/teacher/class"), "日付、人数 ", ", 8", "ステップ 2 0 分 1 人の中央値", "鈴木 2 20", "完成版で合格")
	table := v.WaitFor("/table", "作る時間: ", " まで")
	mustSpeakJapanese(t, table.Body, "the table")
	shows("the teacher's page with hidden names", v.Post("/teacher/hide", nil), "名前を隠しています。")
	shows("the board with hidden names", v.Get(""), "参加者 8 人。講師が名前を隠しています。", "最新: ステップ 2 完了")

	file := v.Get("/teacher/class.csv")
	for _, row := range []string{"\uFEFF名前,ステップ,開始,完了,分,ヒント,結果,練習問題\n", ",0,0,完了,place\n", ",2,18/23 個,\n"} {
		if !strings.Contains(file.Body, row) {
			t.Errorf("%q is missing in %s", row, file.Body)
		}
	}
	// The table is kept for a second for all browsers, but not in one language for all.
	want(t, b.visitor().Get(""), http.StatusOK, "8 people take part. The teacher has hidden the names.")
	want(t, v.Get(""), http.StatusOK, "参加者 8 人。")
}

func TestAReportIsAnsweredInTheLanguageOfTheLearner(t *testing.T) {
	b := start(t, redistest.StartServer(t).URL)
	ada := board.Progress{Name: "Ada", Step: 1, Passed: 1, Total: 21}
	wrong := b.URL + "/wrong2"
	wantError(t, board.Send(t.Context(), wrong, lang.Japanese, ada), "BOARD: 参加コードが違います。正しいコードはボードに表示されています")
	wantError(t, board.Send(t.Context(), wrong, lang.English, ada), "BOARD: the join code is wrong")
	p := b.reader().Do(http.MethodPost, "/progress", url.Values{"name": {"Ada"}}, nil)
	want(t, p, http.StatusBadRequest, "ボードがこの報告を読み取れません。講師と同じバージョンのワークショップを使っていますか？")
}

// fullWidth returns the text as a Japanese input method types it.
func fullWidth(text string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r - ' ' + '\uFF00'
		}
		return r
	}, text)
}

func TestAnInputMethodMayBeLeftOn(t *testing.T) {
	b := start(t, redistest.StartServer(t).URL, "-code", "Ｒｅｄｉｓ－ｒｏｏｍー７")
	if b.join != "redisroom7" {
		t.Errorf("the join code is %s", b.join)
	}
	v := b.visitor()
	for _, typed := range []string{"ＲＥＤＩＳＲＯＯＭ７", "redis−room ７", "ｒｅｄｉｓー　ｒｏｏｍ７"} {
		want(t, v.Get(b.URL+"/?code="+url.QueryEscape(typed)), http.StatusOK, "make check3 BOARD=")
		want(t, v.Get(b.URL+"/"+url.PathEscape(typed)), http.StatusOK, "make check3 BOARD=")
	}
	want(t, v.Post("/teacher", url.Values{"code": {fullWidth(b.teacher)}}), http.StatusOK, "Logout")
	for _, address := range []string{fullWidth(b.address()), "　" + strings.ReplaceAll(b.address(), ".", "。")} {
		if err := board.Send(t.Context(), address, lang.English, board.Progress{Name: "Ada", Step: 1, Passed: 1, Total: 21}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestPagesLoadAgainWithoutJavaScript(t *testing.T) {
	b := start(t, redistest.StartServer(t).URL)
	v := b.visitor()
	b.logIn(v)
	const reload = `<noscript><meta http-equiv="refresh" content="15"></noscript>`
	for path, again := range map[string]bool{"": true, "/teacher": false, "/teacher?watch": true} {
		p := v.Get(path)
		head, _, _ := strings.Cut(p.Body, "</head>")
		if strings.Contains(head, reload) != again {
			t.Errorf("%q: loads again: %v, want %v", path, !again, again)
		}
		// What the teacher has typed or chosen would be lost.
		if again && strings.Contains(p.Body, "<form") {
			t.Errorf("%q loads again and has a form", path)
		}
	}
}
