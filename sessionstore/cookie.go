package sessionstore

import "net/http"

// Of returns the session of a request. It asks Redis nothing.
func (s *Store) Of(w http.ResponseWriter, r *http.Request) *Session {
	return &Session{store: s, w: w, token: s.tokenIn(r)}
}

// tokenIn reads the cookie. Two different cookies of our name count as none:
// one of them was set by somebody else, and nobody can tell which.
func (s *Store) tokenIn(r *http.Request) token {
	cookies := r.CookiesNamed(s.cookieName)
	if len(cookies) == 0 {
		return ""
	}
	for _, other := range cookies[1:] {
		if other.Value != cookies[0].Value {
			return ""
		}
	}
	t, _ := parseToken(cookies[0].Value)
	return t
}

// cookie has no age: the browser keeps it until it is closed, and Redis alone
// decides how long it is worth something.
func (s *Store) cookie(t token) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName, Value: string(t), Path: "/",
		Secure: !s.plainHTTP, HttpOnly: true, SameSite: s.sameSite,
	}
}

func (s *Store) expiredCookie() *http.Cookie {
	c := s.cookie("")
	c.MaxAge = -1
	return c
}
