package web

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"example.com/session-workshop/shared/lang"
)

// LangOf returns the language of the pages that answer a request: the one that its
// user prefers (https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4), and English if
// the user reads neither. Of languages with the same weight, the first is meant.
func LangOf(r *http.Request) lang.Lang {
	preferred, most := lang.English, 0.0
	for choice := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Language"), ","), ",") {
		tag, parameter, _ := strings.Cut(choice, ";")
		// A region, as in ja-JP, makes no difference.
		name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		l := lang.Lang(name)
		// A star is any other language, and English is the page for any other.
		if l == "*" {
			l = lang.English
		}
		if weight := weightOf(parameter); weight > most && (l == lang.English || l == lang.Japanese) {
			preferred, most = l, weight
		}
	}
	return preferred
}

// weightOf reads a parameter like q=0.8. Without one the weight is 1.
func weightOf(parameter string) float64 {
	name, value, found := strings.Cut(strings.TrimSpace(parameter), "=")
	if !found {
		return 1
	}
	weight, err := strconv.ParseFloat(value, 64)
	if err != nil || !strings.EqualFold(name, "q") || weight > 1 {
		return 0
	}
	return weight
}

// InEach calls parse once for each language, with two functions for the texts of its
// templates: t returns a lang.T in that language, and lang returns the language.
func InEach(parse func(template.FuncMap) *template.Template) map[lang.Lang]*template.Template {
	all := map[lang.Lang]*template.Template{}
	for _, l := range []lang.Lang{lang.English, lang.Japanese} {
		all[l] = parse(template.FuncMap{
			"t":    func(en, ja string, values ...any) string { return lang.T(en, ja, values...).In(l) },
			"lang": func() lang.Lang { return l },
		})
	}
	return all
}
