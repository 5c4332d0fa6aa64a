package session

import "net/http"

// Cookie carries the token to the browser and back.
type Cookie struct {
	Name   string
	secure bool
}

// NewCookie returns the app's cookie. https is true if browsers reach the app over
// https://. The browser then sends the cookie only over HTTPS, and because of the
// prefix "__Host-" accepts it only from this very host
// (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3).
func NewCookie(https bool) Cookie {
	if https {
		return Cookie{"__Host-workshop_session", true}
	}
	return Cookie{"workshop_session", false}
}

// Token returns the token that the browser brought. It is empty if the browser
// brought no cookie, or one whose value does not have the shape of a token.
func (c Cookie) Token(r *http.Request) Token {
	cookie, err := r.Cookie(c.Name)
	if err != nil {
		return ""
	}
	return parseToken(cookie.Value)
}

// Set gives the browser a token. The cookie has no age: only Redis decides how
// long the token is valid.
func (c Cookie) Set(w http.ResponseWriter, t Token) {
	http.SetCookie(w, c.with(t))
}

// Delete makes the browser delete the cookie.
func (c Cookie) Delete(w http.ResponseWriter) {
	expired := c.with("")
	expired.MaxAge = -1
	http.SetCookie(w, expired)
}

func (c Cookie) with(t Token) *http.Cookie {
	return &http.Cookie{
		Name: c.Name, Value: string(t), Path: "/",
		Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
