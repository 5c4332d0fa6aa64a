package web

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

// maxUsername is in bytes. The name becomes part of a key and of a cookie.
const maxUsername = 64

// Username reads the form field "username", without the spaces around it.
// If it cannot be a name, problem is a sentence for the person who typed it;
// else problem is empty.
func Username(c echo.Context) (name, problem string) {
	return CheckName(c.Request().PostFormValue("username"))
}

// CheckName is Username for a name that did not come in a form.
func CheckName(typed string) (name, problem string) {
	name = strings.TrimSpace(typed)
	switch {
	case name == "":
		return "", "Type a name."
	case len(name) > maxUsername:
		return "", "This name is too long: at most 64 bytes (64 plain letters, or about 21 Japanese characters)."
	case !utf8.ValidString(name) || strings.ContainsFunc(name, invisible):
		return "", "This name has a character that cannot be seen, like a line break. Type it again."
	}
	return name, ""
}

// invisible characters make two different names look alike, or turn the text
// behind them around.
func invisible(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}
