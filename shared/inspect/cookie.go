package inspect

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
)

// cookie is what the browser holds, but never a value that logs in whoever
// copies it: a page on a projector must not give a login away.
type cookie struct {
	Name   string
	There  bool
	Length int
	// Flags are those that it should have: no browser sends them back.
	Flags string
	// Token tells that the value means nothing by itself.
	Token bool
	// Readable is what anyone who has the cookie can read in it.
	Readable string
	// Signed tells that it has the form of a signed cookie. In one that is not
	// signed anyone can write another name: to hide it would protect nothing.
	Signed bool
}

func (p Panel) cookie(c echo.Context, cfg config.Config) cookie {
	k := cookie{Name: p.Cookie, Token: p.Token, Flags: "HttpOnly, SameSite=Lax, Path=/"}
	if cfg.HTTPS() {
		k.Flags += ", Secure"
	}
	sent, err := c.Cookie(k.Name)
	if err != nil || sent.Value == "" {
		return k
	}
	k.There, k.Length = true, utf8.RuneCountInString(sent.Value)
	if k.Readable, k.Signed = readable(sent.Value); k.Token || !k.Signed && maybeSecret.MatchString(sent.Value) {
		k.Readable = ""
	}
	return k
}

// maybeSecret is what a token looks like. A step may hold one before its panel
// is told so.
var maybeSecret = regexp.MustCompile(`^[\w+/=-]{22,}$`)

// readable decodes a cookie the way anyone can, without any key. A signed one
// is date|data|signature in base64, and so is the data in it; in another one,
// what a cookie cannot hold is written as in a URL.
func readable(value string) (text string, signed bool) {
	outer, err := base64.URLEncoding.DecodeString(value)
	if parts := strings.SplitN(string(outer), "|", 3); err == nil && len(parts) == 3 {
		data, err := base64.URLEncoding.DecodeString(parts[1])
		return printable(string(data)), err == nil
	}
	if plain, err := url.QueryUnescape(value); err == nil {
		value = plain
	}
	return printable(value), false
}

// printable has a space in place of what cannot be printed.
func printable(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return r == unicode.ReplacementChar || !unicode.IsPrint(r)
	})
	return strings.Join(words, " ")
}
