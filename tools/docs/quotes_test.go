package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inQuotes matches the words that a guide quotes from a page.
var inQuotes = regexp.MustCompile("\"([^\"\n]+)\"|\\*([^*\n]+)\\*|`([^`\n]+)`|「([^」\n]+)」")

func quotesIn(words string) (found []string) {
	for _, match := range inQuotes.FindAllStringSubmatch(words, -1) {
		found = append(found, strings.TrimRight(match[1]+match[2]+match[3]+match[4], ".。:"))
	}
	return found
}

// quotes reports whether a quote is a message of a page, or a part of one. A value of
// the message can be any text. A few letters can be a part of a message by chance.
func quotes(quote, message string) bool {
	whole := verb.ReplaceAllString(regexp.QuoteMeta(strings.TrimRight(message, ".。:")), ".+")
	return len(quote) > 16 && strings.Contains(message, quote) || regexp.MustCompile("^"+whole+"$").MatchString(quote)
}

// pageMessagesOf returns the messages of the pages in shared.
func pageMessagesOf(t *testing.T) (found []pair) {
	t.Helper()
	for name, pairs := range messages(t) {
		if strings.HasPrefix(name, "shared/web/") || strings.HasPrefix(name, "shared/inspect/") || name == "shared/redisconn/hook.go" {
			found = append(found, pairs...)
		}
	}
	return found
}

// unquoted returns the messages that a section of the English guide quotes, and the
// same section of the Japanese one does not.
func unquoted(en, ja string, all []pair) (found []pair) {
	ours := quotesIn(ja)
	for _, quote := range quotesIn(en) {
		// A single word is rather the name of something, and words between spaces
		// stand between two quotes.
		if len(strings.Fields(quote)) < 2 || strings.TrimSpace(quote) != quote {
			continue
		}
		for _, p := range all {
			quoted := func(quote string) bool { return quotes(quote, p.ja) }
			if quotes(quote, p.en) && !slices.ContainsFunc(ours, quoted) {
				found = append(found, p)
			}
		}
	}
	return found
}

// What an English guide quotes from a page, the Japanese guide quotes as a Japanese
// browser shows it.
func TestJapaneseGuidesQuoteJapanesePages(t *testing.T) {
	pages, all := pageMessagesOf(t), guides(t)
	for name, text := range all {
		if !isTranslation(name) {
			continue
		}
		theirs, ours := sections(all[english(name)]), sections(text)
		for i := range min(len(theirs), len(ours)) {
			for _, p := range unquoted(theirs[i].words(), ours[i].words(), pages) {
				t.Errorf("%s: section %q does not quote %q, which %s says in Japanese", name, ours[i].title, p.ja, p.place)
			}
		}
	}
}

func TestUnquoted(t *testing.T) {
	all := []pair{{"a", "The key %s is in the way", "キー %s に別のデータが入っています"}, {"b", "Nothing. It is gone: you are logged out.", "なし。消えました。ログアウトされています。"}}
	for _, c := range []struct {
		en, ja string
		want   int
	}{
		{"a page \"The key a:b is in the way\"", "「キー a:b に別のデータが入っています」というページ", 0},
		{"a page \"The key a:b is in the way\"", "「The key a:b is in the way」というページ", 1},
		{"it says \"gone: you are logged out\"", "「ログアウトされています」と出ます", 0},
		{"it says *gone: you are logged out*", "「消えました」と出ます", 1},
		{"`Nothing. It is gone: you are logged out.`", "「なし。消えました。ログアウトされています。」（英語では `Nothing. It is gone: you are logged out.`）", 0},
		{"The key a:b is in the way", "キーに別のデータがあります", 0},
		{"it is \"logged out\"", "ログアウトした状態です", 0},
	} {
		if found := unquoted(c.en, c.ja, all); len(found) != c.want {
			t.Errorf("%s and %s: %v", c.en, c.ja, found)
		}
	}
}
