package web

import (
	"html/template"
	"net/http"

	"golang.org/x/text/language"

	"example.com/session-workshop/shared/lang"
)

// languages are those of our pages. The first is for all who read neither.
var languages = []lang.Lang{lang.English, lang.Japanese}

var matcher = language.NewMatcher([]language.Tag{language.English, language.Japanese})

// LangOf returns the language of the pages that answer a request: the one that its
// user prefers (https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4).
func LangOf(r *http.Request) lang.Lang {
	_, i := language.MatchStrings(matcher, r.Header.Get("Accept-Language"))
	return languages[i]
}

// InEach calls parse once for each language, with two functions for the texts of its
// templates: t returns a lang.T in that language, and lang returns the language.
func InEach(parse func(template.FuncMap) *template.Template) map[lang.Lang]*template.Template {
	all := map[lang.Lang]*template.Template{}
	for _, l := range languages {
		all[l] = parse(template.FuncMap{
			"t":    func(en, ja string, values ...any) string { return lang.T(en, ja, values...).In(l) },
			"lang": func() lang.Lang { return l },
		})
	}
	return all
}
