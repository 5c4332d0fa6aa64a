package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Handle lets a handler of net/http answer the requests of a pattern, a method
// and a path such as "GET /login", under all that New does for a request. The
// handler can call Show and Fail.
func Handle(e *echo.Echo, pattern string, handler http.Handler, middleware ...echo.MiddlewareFunc) {
	method, path, _ := strings.Cut(pattern, " ")
	e.Add(method, path, func(c echo.Context) error {
		ctx := context.WithValue(c.Request().Context(), frameKey{}, c)
		handler.ServeHTTP(c.Response(), c.Request().WithContext(ctx))
		return nil
	}, middleware...)
}

type frameKey struct{}

func frameOf(r *http.Request) echo.Context { return r.Context().Value(frameKey{}).(echo.Context) }

// Show answers a request of Handle with one of the pages that New was given.
func Show(r *http.Request, status int, page string, data any) {
	if err := frameOf(r).Render(status, page, data); err != nil {
		Fail(r, err)
	}
}

// Fail answers a request of Handle with the page that explains err.
func Fail(r *http.Request, err error) { frameOf(r).Error(err) }
