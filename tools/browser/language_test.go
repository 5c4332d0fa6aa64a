package browser

import (
	"slices"
	"testing"

	"example.com/session-workshop/check/testall"
	"github.com/chromedp/chromedp"
)

// headings is a JavaScript expression for the headings in the panel.
const headings = `[...document.querySelectorAll(".hood h2, .hood h3")].map((h) => h.textContent)`

func TestThePageIsInTheLanguageOfTheBrowser(t *testing.T) {
	testall.Only(t)
	b, _ := open(t, step3)
	inEnglish := []string{"Under the hood", "Redis holds for you", "This request asked Redis", "Your browser holds", "Try it out"}
	inJapanese := []string{"Under the hood", "Redis に保存されているもの", "このリクエストで Redis に送ったコマンド", "ブラウザに保存されているもの", "試してみる"}
	for languages, want := range map[string][]string{
		"ja": inJapanese, "ja-JP,ja;q=0.9,en;q=0.8": inJapanese, "en,ja;q=0.5": inEnglish, "de": inEnglish,
	} {
		b.read(languages)
		b.visit("/")
		if got := eval[[]string](b, headings); !slices.Equal(got, want) {
			t.Errorf("%s: the headings are %q, want %q", languages, got, want)
		}
	}
}

// languageOf is a JavaScript function for the language in which a screen reader reads
// the first element that matches.
const languageOf = `((element) => document.querySelector(element).closest("[lang]").lang)`

func (b *tab) mustBeIn(language string, elements ...string) {
	b.t.Helper()
	for _, element := range elements {
		if got := eval[string](b, languageOf+"(`"+element+"`)"); got != language {
			b.t.Errorf("%s is in the language %q, want %q", element, got, language)
		}
	}
}

func TestAScreenReaderReadsEachTextInItsLanguage(t *testing.T) {
	testall.Only(t)
	script := axe(t)
	b, redis := open(t, step4)
	b.read("ja-JP,ja;q=0.9")
	b.visit("/login")
	b.click("form button")
	b.mustShow("名前を入力してください。", "Your name")
	b.mustBeIn("en", "main h1", "main label", "main button", ".hood h2")
	b.mustBeIn("ja", "#problem span", ".hood h3", "header p")
	b.mustBeAccessible("the login form in Japanese", script)

	b.do(chromedp.SendKeys(chromedp.CSS("#username"), "ada"))
	b.click("form button")
	b.mustShow("Logged in as ada")
	b.mustBeIn("en", "main h1", "samp", "details code")
	b.mustBeIn("ja", "figcaption", "#state", "#left", "summary", ".tries button")
	// The page counts in Japanese too.
	b.waitFor(`/^1[01]\d 秒$/.test(document.getElementById("left").textContent)`)
	b.mustBeAccessible("logged in, in Japanese", script)

	redis.Client.Del(t.Context(), b.key())
	b.focus()
	b.waitForText("なし。キーは消えました。ログアウトされています。")
	redis.Kill()
	b.focus()
	b.waitForText("Redis が応答しません。")
	b.reload()
	b.mustShow("ログアウトされたわけではありません。", "再試行する")
	b.mustBeIn("ja", "main h1", "main p", "main a")
	b.visit("/nowhere")
	b.mustShow("見つかりません", "このアドレスにページはありません。")
	b.mustBeIn("ja", "main h1", "main p", "main a")
}
