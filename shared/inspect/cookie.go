package inspect

import (
	"encoding/base64"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
)

// cookie is what the browser holds, but never the value itself: a page on a
// projector must not give a login away.
type cookie struct {
	Name   string
	There  bool
	Length int
	Flags  string
	// Readable is what anyone who has the cookie can read in it.
	Readable string
}

func (p Panel) cookie(c echo.Context, cfg config.Config) cookie {
	k := cookie{Name: p.Cookie, Flags: "HttpOnly, SameSite=Lax, Path=/"}
	if cfg.HTTPS() {
		k.Flags += ", Secure"
		if p.Token {
			k.Name = "__Host-" + k.Name
		}
	}
	if sent, err := c.Cookie(k.Name); err == nil {
		k.There, k.Length = true, len(sent.Value)
		if !p.Token {
			k.Readable = readable(sent.Value)
		}
	}
	return k
}

// readable decodes a signed cookie the way anyone can, without any key: it is
// date|data|signature in base64, and so is the data in it.
func readable(value string) string {
	outer, err := base64.URLEncoding.DecodeString(value)
	if err != nil {
		return ""
	}
	parts := strings.SplitN(string(outer), "|", 3)
	if len(parts) < 3 {
		return ""
	}
	data, err := base64.URLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	words := strings.FieldsFunc(string(data), func(r rune) bool {
		return r == unicode.ReplacementChar || !unicode.IsPrint(r)
	})
	return strings.Join(words, " ")
}
