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

// cookie describes the cookie of the browser, without a value that logs in anyone who
// copies it: on a projector the panel must not give a login away.
type cookie struct {
	Name   string
	There  bool
	Length int
	// Flags are the flags that it should have. A browser does not send them.
	Flags string
	// Token reports whether the value is a token.
	Token bool
	// Readable is what anyone who has the cookie can read in it.
	Readable string
	// Signed reports whether it has the form of a signed cookie. An unsigned name is
	// shown: anyone can write one into a cookie.
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

// maybeSecret matches a value that looks like a token. A learner's step may use tokens
// before its Panel says so.
var maybeSecret = regexp.MustCompile(`^[\w+/=-]{22,}$`)

// Signed is what anyone can read in a signed cookie, without a key.
type Signed struct {
	Time      string // when it was made, in seconds since 1970
	Text      string // what can be printed of the signed values
	Signature []byte
}

// ReadSigned reads the value of a cookie, which is date|data|signature in base64, with
// data in base64 again. It reports whether the value has this form.
func ReadSigned(value string) (signed Signed, ok bool) {
	outer, err := base64.URLEncoding.DecodeString(value)
	parts := strings.SplitN(string(outer), "|", 3)
	if err != nil || len(parts) != 3 {
		return Signed{}, false
	}
	data, err := base64.URLEncoding.DecodeString(parts[1])
	return Signed{parts[0], printable(string(data)), []byte(parts[2])}, err == nil
}

// readable decodes a cookie as anyone can, without a key. In a cookie that is not
// signed, characters that a cookie cannot hold are escaped as in a URL.
func readable(value string) (text string, signed bool) {
	if cookie, ok := ReadSigned(value); ok {
		return cookie.Text, true
	}
	if plain, err := url.QueryUnescape(value); err == nil {
		value = plain
	}
	return printable(value), false
}

// printable replaces characters that cannot be printed by spaces.
func printable(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return r == unicode.ReplacementChar || !unicode.IsPrint(r)
	})
	return strings.Join(words, " ")
}
