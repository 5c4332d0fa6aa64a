package session

import (
	"encoding/base64"
	"net/http"
)

// CookieName is the name of the cookie that carries the token.
const CookieName = "workshop_session"

// TokenOf returns the token that the browser brought, empty where it brought
// none, or something that is no token.
func TokenOf(r *http.Request) Token {
	cookie, err := r.Cookie(CookieName)
	if err != nil || len(cookie.Value) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return ""
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(cookie.Value); err != nil {
		return ""
	}
	return Token(cookie.Value)
}

// SetCookie gives the browser a token. secure is true where people reach the
// app over https://. The cookie has no age: Redis alone decides how long it is
// worth something.
func SetCookie(w http.ResponseWriter, t Token, secure bool) {
	http.SetCookie(w, cookie(t, secure))
}

// DeleteCookie takes the cookie from the browser.
func DeleteCookie(w http.ResponseWriter, secure bool) {
	c := cookie("", secure)
	c.MaxAge = -1
	http.SetCookie(w, c)
}

func cookie(t Token, secure bool) *http.Cookie {
	return &http.Cookie{
		Name: CookieName, Value: string(t), Path: "/",
		Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
