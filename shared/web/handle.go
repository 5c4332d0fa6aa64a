package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Handle registers a net/http handler for a pattern, a method and a path such as
// "GET /login". Its requests have all that New does for a request, and it can call
// Show and Fail.
func Handle(e *echo.Echo, pattern string, handler http.Handler, middleware ...echo.MiddlewareFunc) {
	method, path, _ := strings.Cut(pattern, " ")
	e.Add(method, path, func(c echo.Context) error {
		ctx := context.WithValue(c.Request().Context(), contextKey{}, c)
		handler.ServeHTTP(c.Response(), c.Request().WithContext(ctx))
		return nil
	}, middleware...)
}

type contextKey struct{}

func contextOf(r *http.Request) echo.Context { return r.Context().Value(contextKey{}).(echo.Context) }

// Show answers a request of Handle with one of the pages of New.
func Show(r *http.Request, status int, page string, data any) {
	if err := contextOf(r).Render(status, page, data); err != nil {
		Fail(r, err)
	}
}

// Fail answers a request of Handle with the error page for err.
func Fail(r *http.Request, err error) { contextOf(r).Error(err) }
