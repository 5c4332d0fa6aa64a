package sessionstore

import (
	"context"
	"errors"
	"net/http"
	"slices"
)

// Of returns the session of a request. It asks Redis nothing. Each call returns
// another Session, unless the request came through Handler.
func (s *Store) Of(w http.ResponseWriter, r *http.Request) *Session {
	if session, ok := r.Context().Value(contextKey{s}).(*Session); ok {
		return session
	}
	session := &Session{store: s, w: w}
	session.token, session.conflicting = s.tokensIn(r)
	return session
}

// Handler makes one Session of each request: all calls of Of in next, with this
// request, return it. So a handler knows what a middleware has read, and who a
// login has just logged in. It asks Redis nothing.
func (s *Store) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := s.Of(w, r)
		ctx := context.WithValue(context.WithValue(r.Context(), contextKey{s}, session), fromKey{}, session)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// From returns the session that Handler made of the request of ctx, nil without
// one. If there are handlers of several stores, it is that of the innermost.
func From(ctx context.Context) *Session {
	session, _ := ctx.Value(fromKey{}).(*Session)
	return session
}

type fromKey struct{}

// RequireLogin lets only requests of users who are logged in pass to next, and
// visits their session; login answers the others, for instance with a redirect to
// a form. If Redis is not available the answer is 503, with Retry-After and without
// a change to the cookie; see UnavailablePage.
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

// retryAfter is in seconds. A failover takes a few of them.
const retryAfter = "5"

func unavailableText(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "The service is not available at the moment. Try again in a few seconds.", http.StatusServiceUnavailable)
}

// contextKey finds the session of a store in a request.
type contextKey struct{ *Store }

// maxTokens is how many tokens of a request count. A browser brings one; many
// more would only make work for Redis.
const maxTokens = 16

// tokensIn reads the cookie. Two different cookies of our name count as none for a
// visit: this store did not set one of them, and cannot tell which. Their
// well-formed tokens are rivals, so that a logout ends the sessions of all of them.
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

// cookie has no age unless a login sets one: the browser keeps it until it is
// closed, and Redis alone decides how long it is worth something.
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
