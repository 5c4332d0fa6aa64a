// Package lang holds texts in the two languages of the workshop. The Japanese
// text stands beside the English one, so that a change of one is seen with the
// other.
package lang

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Lang is a language, in the form of the attribute lang in HTML.
type Lang string

// The languages of the workshop.
const (
	English  Lang = "en"
	Japanese Lang = "ja"
)

// Variable is the environment variable with which a user chooses the language
// that the commands speak.
const Variable = "WORKSHOP_LANG"

// OfTerminal returns the language that a command speaks: the one in Variable,
// else that of the locale if the output is a terminal
// (https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html#tag_08_02).
// The default is English. The error names a value of Variable that is no
// language of the workshop.
func OfTerminal(getenv func(string) string, isTerminal bool) (Lang, error) {
	chosen := strings.ToLower(getenv(Variable))
	switch {
	case strings.HasPrefix(chosen, "ja"):
		return Japanese, nil
	case chosen != "" && !strings.HasPrefix(chosen, "en"):
		return English, Errorf("%s=%s: the commands speak English (en) and Japanese (ja) only",
			"%s=%s: 使える言語は英語（en）と日本語（ja）です", Variable, getenv(Variable))
	case chosen == "" && isTerminal:
		return ofLocale(cmp.Or(getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG"))), nil
	}
	return English, nil
}

// ofLocale returns the language of a locale like ja_JP.UTF-8. A terminal with
// another character set, as in ja_JP.eucJP, cannot show our Japanese.
func ofLocale(locale string) Lang {
	name, charset, named := strings.Cut(locale, ".")
	isUTF8 := !named || strings.EqualFold(strings.ReplaceAll(charset, "-", ""), "utf8")
	if strings.HasPrefix(name, "ja") && isUTF8 {
		return Japanese
	}
	return English
}

// Text is a text in both languages.
type Text struct{ EN, JA string }

// T returns a text. Both formats are for the same values, as in fmt.Sprintf. A
// value that is a Text or an error appears in the language of the format.
func T(en, ja string, values ...any) Text {
	return Text{fmt.Sprintf(en, values...), fmt.Sprintf(ja, inJapanese(values)...)}
}

// Same returns a text that is the same in both languages, like the output of a
// program.
func Same(text string) Text { return Text{text, text} }

// In returns the text in a language.
func (t Text) In(l Lang) string {
	if l == Japanese {
		return t.JA
	}
	return t.EN
}

// String returns the English text.
func (t Text) String() string { return t.EN }

func inJapanese(values []any) []any {
	japanese := make([]any, len(values))
	for i, value := range values {
		switch value := value.(type) {
		case Text:
			japanese[i] = value.JA
		case error:
			japanese[i] = translated{value}
		default:
			japanese[i] = value
		}
	}
	return japanese
}

// translated is an error whose text is Japanese.
type translated struct{ error }

func (t translated) Error() string { return Of(t.error).JA }

// message is an error in both languages.
type message struct {
	error
	japanese string
}

func (m message) Unwrap() error { return errors.Unwrap(m.error) }

// Errorf returns an error. Both formats are for the same values, as in
// fmt.Errorf: %w wraps one error.
func Errorf(en, ja string, values ...any) error {
	return message{fmt.Errorf(en, values...), fmt.Errorf(ja, inJapanese(values)...).Error()}
}

// Error returns an error with the text t.
func Error(t Text) error { return message{errors.New(t.EN), t.JA} }

// Of returns the text of an error. If only a part of the error exists in
// Japanese, the rest stays English.
func Of(err error) Text {
	if err == nil {
		return Text{}
	}
	text := Same(err.Error())
	if m, ok := errors.AsType[message](err); ok {
		text.JA = strings.Replace(text.EN, m.Error(), m.japanese, 1)
	}
	return text
}
