package web

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"example.com/session-workshop/shared/lang"
)

const (
	// maxUsername is in bytes: the name becomes part of a key and of a cookie.
	maxUsername = 64
	// maxRunes bounds the work before a name is composed to at most maxUsername bytes.
	maxRunes = 4 * maxUsername
)

// Username is CheckName for the form field "username". The problem is in the language
// of the user.
func Username(c echo.Context) (name, problem string) {
	name, text := CheckName(c.Request().PostFormValue("username"))
	c.Set(problemKey, text)
	return name, text.In(LangOf(c.Request()))
}

const problemKey = "web/problem"

// withLanguage marks the problem that Username has found as Japanese in a page whose
// own words are English, so that a screen reader reads it in its language
// (https://www.w3.org/WAI/WCAG22/Understanding/language-of-parts).
func withLanguage(page []byte, c echo.Context) []byte {
	text, _ := c.Get(problemKey).(lang.Text)
	if text.JA == "" {
		return page
	}
	return bytes.Replace(page, []byte(">"+text.JA+"<"), []byte(`><span lang="ja">`+text.JA+"</span><"), 1)
}

// CheckName makes a user name of what a user typed, so that names that look the same
// are the same: it removes invisible characters, except those that join emoji or
// letters, and spaces at the ends; it makes one space of several of any kind, and
// composes letters with their marks (NFC, Unicode Annex 15). If the name is invalid,
// it is empty, and problem is a sentence for the user; else problem is empty.
func CheckName(typed string) (name string, problem lang.Text) {
	name, fits := withoutInvisible(strings.TrimSpace(typed))
	name = strings.TrimSpace(name)
	if !utf8.ValidString(typed) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", lang.T("This name has a character that cannot be seen, like a line break. Type it again.", "この名前には、改行のような、目に見えない文字があります。入力し直してください。")
	}
	name = strings.Join(strings.Fields(norm.NFC.String(name)), " ")
	switch {
	case !fits, len(name) > maxUsername:
		return "", lang.T("This name is too long: at most 64 bytes (64 plain letters, or about 21 Japanese characters).", "名前が長すぎます。64 バイト（半角英数字で 64 文字、日本語で約 21 文字）以内にしてください。")
	case !strings.ContainsFunc(name, standsAlone):
		return "", lang.T("Type a name.", "名前を入力してください。")
	}
	return name, lang.Text{}
}

// standsAlone reports whether r is visible without another character.
func standsAlone(r rune) bool { return !unicode.In(r, unicode.Z, unicode.M) }

// blanks have the category of symbols or marks but show nothing: a Braille cell
// without dots, a filler, a note without a head, the place of a missing object.
const blanks = "\u2800\U00016FE4\U0001D159\uFFFC"

// invisible reports whether r has the property Default_Ignorable_Code_Point, or
// shows nothing for another reason:
// https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Noncharacter_Code_Point) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r) || strings.ContainsRune(blanks, r)
}

// withoutInvisible removes the invisible characters that change nothing. It gives up
// on a text that is longer than any name.
func withoutInvisible(text string) (visible string, fits bool) {
	var kept, between []rune
	for _, r := range text {
		if invisible(r) {
			between = append(between, r)
			continue
		}
		kept = append(kept, effective(kept, string(between), r)...)
		kept, between = append(kept, r), between[:0]
		if len(kept) > maxRunes {
			return "", false
		}
	}
	return string(append(kept, effective(kept, string(between), 0)...)), true
}

const (
	nonJoiner, joiner = "\u200C", "\u200D"
	// asEmoji shows the character before it as an emoji.
	asEmoji, keycap = "\uFE0F", '\u20E3'
	// otherEmoji are not in the category So, as most are.
	otherEmoji = "↔⤴⤵◻◼🏻🏼🏽🏾🏿"
)

func isEmoji(r rune) bool { return unicode.Is(unicode.So, r) || strings.ContainsRune(otherEmoji, r) }

// flags are England, Scotland and Wales: invisible letters after a black flag.
// https://www.unicode.org/reports/tr51/#valid-emoji-tag-sequences
var flags = map[string]bool{
	"\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F": true,
	"\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F": true,
	"\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F": true,
}

// effective returns those of the invisible characters between two others that change
// how these look. At the end of a text, next is 0.
func effective(before []rune, between string, next rune) []rune {
	if between == "" || len(before) == 0 {
		return nil
	}
	last, stays := before[len(before)-1], ""
	// A wide character is shown as an emoji anyway.
	if strings.Contains(between, asEmoji) && (next == keycap || isEmoji(last) && width.LookupRune(last).Kind() != width.EastAsianWide) {
		stays = asEmoji
	}
	first := strings.IndexAny(between, nonJoiner+joiner)
	switch {
	case last == '🏴' && flags[between]:
		stays = between
	case strings.Contains(between, joiner) && isEmoji(last) && isEmoji(next):
		stays += joiner
	case first >= 0 && joinsLetters(before, between[first:first+len(joiner)], next):
		stays += between[first : first+len(joiner)]
	}
	return []rune(stays)
}

// contextual has the rules for joiners in Persian, Hindi and other scripts:
// https://www.rfc-editor.org/rfc/rfc5892#appendix-A
var contextual = idna.New(idna.CheckJoiners(true))

// joinsLetters reports whether with, a joiner, changes the letters around it.
func joinsLetters(before []rune, with string, next rune) bool {
	word := len(before)
	for word > 0 && unicode.In(before[word-1], unicode.L, unicode.M) {
		word--
	}
	_, err := contextual.ToUnicode(string(before[word:]) + with + string(next))
	return err == nil && unicode.IsLetter(next)
}
