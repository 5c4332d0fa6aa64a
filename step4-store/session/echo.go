package session

import "github.com/labstack/echo/v4"

const contextKey = "example.com/session-workshop/session"

// Middleware gives every request its Session. It asks Redis nothing.
func Middleware(store *Store) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Set(contextKey, store.Of(c.Response(), c.Request()))
			return next(c)
		}
	}
}

// From returns the session that Middleware made. Without Middleware it panics:
// that is a mistake in the program.
func From(c echo.Context) *Session { return c.Get(contextKey).(*Session) }
