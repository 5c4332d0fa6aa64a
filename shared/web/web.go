// Package web holds what every step's web server needs and no lesson is
// about: middleware, the frame around a page, error pages, listening and
// stopping.
package web

import (
	"context"
	"embed"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// patience bounds what a request may wait for Redis. A person waits about a
// second before a page feels broken
// (https://www.nngroup.com/articles/response-times-3-important-limits/).
const patience = 800 * time.Millisecond

// contentPolicy lets a page load this app's own files and nothing else, and
// run no script and no style that stands inside it.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

//go:embed assets
var assets embed.FS

// New returns an Echo that shows the given pages: a page is the text of an
// html/template, which c.Render(status, name, data) puts into the common
// frame. A page that cannot be parsed is a mistake in the program: New panics.
//
// Every request gets a context with a deadline, which ends too when the browser
// goes away from a page. A POST from another site is refused with 403
// (https://pkg.go.dev/net/http#CrossOriginProtection), and an error that a
// handler returns becomes a page.
func New(pages map[string]string) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Renderer = newRenderer(pages)
	e.HTTPErrorHandler = showError
	e.Use(middleware.RecoverWithConfig(recovery), middleware.SecureWithConfig(securityHeaders), refuseOtherSites, receive, withDeadline)
	e.GET("/healthz", func(c echo.Context) error {
		c.Response().Header().Set(titleHeader, e.Renderer.(*renderer).title)
		return c.String(http.StatusOK, "ok\n")
	})
	e.StaticFS("/assets", echo.MustSubFS(assets, "assets"))
	return e
}

var securityHeaders = middleware.SecureConfig{
	ContentSecurityPolicy: contentPolicy,
	ContentTypeNosniff:    "nosniff",
	// A stricter policy would make browsers send "Origin: null" with our own
	// forms, which looks like another site.
	ReferrerPolicy: "same-origin",
}

func receive(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := Receive(c.Response(), c.Request()); err != nil {
			return err
		}
		return next(c)
	}
}

func refuseOtherSites(next echo.HandlerFunc) echo.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	return func(c echo.Context) error {
		if err := protection.Check(c.Request()); err != nil {
			return echo.NewHTTPError(http.StatusForbidden).SetInternal(err)
		}
		return next(c)
	}
}

func withDeadline(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		if c.Request().Method == http.MethodPost || c.Path() == "/logout" {
			// A login or a logout is done to its end, even if the browser goes
			// away in the middle of it.
			ctx = context.WithoutCancel(ctx)
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// ConfirmFromOtherSites shows a logout button in place of logging out when a
// link on another site led here. Browsers say so in Sec-Fetch-Site
// (https://www.w3.org/TR/fetch-metadata/); what sends no such header, like
// curl, is let through.
func ConfirmFromOtherSites(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		switch c.Request().Header.Get("Sec-Fetch-Site") {
		case "cross-site", "same-site":
			return c.Render(http.StatusOK, confirmPage, nil)
		}
		return next(c)
	}
}

// answerHEAD gives every page an answer to HEAD: the headers, and nothing
// done. A handler must not run for it, because here even GET / counts.
func answerHEAD(e *echo.Echo) {
	for _, route := range e.Routes() {
		if route.Method != http.MethodGet {
			continue
		}
		e.HEAD(route.Path, func(c echo.Context) error {
			c.Response().Header().Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
			c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
			return c.NoContent(http.StatusOK)
		})
	}
}
