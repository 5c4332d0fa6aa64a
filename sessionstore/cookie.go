package sessionstore

import (
	"context"
	"errors"
	"net/http"
	"slices"
)

// Of returns the session of a request, without a round trip. Each call returns a
// new Session, unless the request came through Handler.
func (s *Store) Of(w http.ResponseWriter, r *http.Request) *Session {
	if session, ok := r.Context().Value(contextKey{s}).(*Session); ok {
		return session
	}
	session := &Session{store: s, w: w}
	session.token, session.conflicting = s.tokensIn(r)
	return session
}

// Handler makes one Session for each request, without a round trip. In next, From
// and Of return it. So a handler sees what middleware has read, and the user whom
// Login has logged in.
func (s *Store) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := s.Of(w, r)
		ctx := context.WithValue(context.WithValue(r.Context(), contextKey{s}, session), fromKey{}, session)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// From returns the session that Handler put into ctx, or nil. If several stores have
// a Handler around the request, it is the session of the innermost.
func From(ctx context.Context) *Session {
	session, _ := ctx.Value(fromKey{}).(*Session)
	return session
}

type fromKey struct{}

// RequireLogin visits the session of each request. If a user is logged in, next
// answers the request, else login, for example with a redirect to a form. If Redis
// is not available, the answer is 503 with Retry-After, and the cookie stays; see
// UnavailablePage.
func (s *Store) RequireLogin(next, login http.Handler) http.Handler {
	return s.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := s.Of(w, r)
		err := session.Refresh(r.Context())
		switch {
		case err == nil && session.Username() != "":
			next.ServeHTTP(w, r)
		case err == nil || errors.Is(err, ErrNoSession):
			login.ServeHTTP(w, r)
		default:
			w.Header().Set("Retry-After", retryAfter)
			w.Header().Set("Cache-Control", "no-store")
			s.unavailable.ServeHTTP(w, r)
		}
	}))
}

// retryAfter is in seconds. A failover takes a few seconds.
const retryAfter = "5"

func unavailableText(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "The service is not available at the moment. Try again in a few seconds.", http.StatusServiceUnavailable)
}

// contextKey is the key of a store's session in a context.
type contextKey struct{ *Store }

// maxTokens limits the tokens that a request can send. A browser sends one; many more
// would only cost Redis time.
const maxTokens = 16

// tokensIn reads the cookie. If the browser sends different cookies with our name, the
// store did not set all of them, and does not know which one is its own. A visit then
// uses none, and a logout ends the sessions of all their tokens.
func (s *Store) tokensIn(r *http.Request) (visitor token, conflicting []token) {
	cookies := r.CookiesNamed(s.cookieName)
	if len(cookies) == 0 {
		return "", nil
	}
	differs := func(c *http.Cookie) bool { return c.Value != cookies[0].Value }
	if !slices.ContainsFunc(cookies, differs) {
		visitor, _ = parseToken(cookies[0].Value)
		return visitor, nil
	}
	for _, c := range cookies {
		if t, ok := parseToken(c.Value); ok && !slices.Contains(conflicting, t) && len(conflicting) < maxTokens {
			conflicting = append(conflicting, t)
		}
	}
	return "", conflicting
}

// cookie returns a cookie without a Max-Age: the browser keeps it until it is closed,
// and only Redis decides how long it is valid. Remember sets an age.
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
