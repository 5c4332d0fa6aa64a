// Package web holds what every step's web server needs and no lesson is
// about: middleware, the frame around a page, error pages, listening and
// stopping.
package web

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"example.com/session-workshop/shared/config"
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
	e.Use(middleware.RecoverWithConfig(recovery), middleware.SecureWithConfig(securityHeaders), refuseAhead, refuseOtherNames, refuseOtherSites, refuseTwoCookies, receive, withDeadline)
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

// refuseAhead keeps what a browser asks for ahead of the visitor, who may never
// come to see it, from logging out or counting a visit. Browsers say so in
// Sec-Purpose (https://fetch.spec.whatwg.org/#sec-purpose-header), older ones in
// the others.
func refuseAhead(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
			if c.Request().Header.Get(name) != "" {
				c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
				return c.NoContent(http.StatusServiceUnavailable)
			}
		}
		return next(c)
	}
}

// refuseOtherNames keeps an app that listens for its own machine, with a public
// key, from being published by a proxy that its settings know nothing of. A form
// of the site that PUBLIC_URL names is our own, whatever a proxy made of Host.
func refuseOtherNames(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		cfg, r := c.Echo().Renderer.(*renderer).cfg, c.Request()
		public := cfg.PublicURL
		known := public != nil && config.HostOf(public.Scheme, r.Host) == public.Host
		if config.IsLoopback(cfg.Host) && !isLocal(r.Host) && !known && !isForAll(c) {
			return echo.NewHTTPError(http.StatusMisdirectedRequest)
		}
		if public != nil && strings.EqualFold(r.Header.Get("Origin"), public.Scheme+"://"+public.Host) {
			r.Host = public.Host
		}
		if cfg.HTTPS() {
			c.Response().Header().Set(echo.HeaderStrictTransportSecurity, "max-age=31536000")
		}
		return next(c)
	}
}

// isLocal reports whether the Host of a request is always this machine
// (https://www.rfc-editor.org/rfc/rfc6761#section-6.3).
func isLocal(host string) bool {
	name := strings.TrimSuffix(strings.ToLower((&url.URL{Host: host}).Hostname()), ".")
	return strings.HasSuffix("."+name, ".localhost") || config.IsLoopback(name)
}

// refuseTwoCookies says so when there are different cookies of our name: another
// path or domain has one too, which no login of ours replaces.
func refuseTwoCookies(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		all := c.Request().CookiesNamed(c.Echo().Renderer.(*renderer).login.Cookie)
		differs := func(other *http.Cookie) bool { return other.Value != all[0].Value }
		if slices.ContainsFunc(all, differs) && !isForAll(c) {
			return echo.NewHTTPError(http.StatusConflict)
		}
		return next(c)
	}
}

// isForAll reports whether a request is for what is the same for everybody: a
// file, or whether the process is up.
func isForAll(c echo.Context) bool {
	return c.Path() == "/healthz" || strings.HasPrefix(c.Path(), "/assets")
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

// answerHEAD gives every page an answer to HEAD: that of GET, but counts nothing
// and logs nobody out.
func answerHEAD(e *echo.Echo) {
	head := map[string]echo.HandlerFunc{
		"/": func(c echo.Context) error {
			c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
			return c.HTML(http.StatusOK, "")
		},
		"/logout": ConfirmFromOtherSites(func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, "/") }),
	}
	for _, route := range e.Routes() {
		if route.Method == http.MethodGet {
			handler, ok := head[route.Path]
			if !ok {
				handler = asGET
			}
			e.HEAD(route.Path, handler)
		}
	}
}

func asGET(c echo.Context) error {
	c.Echo().Router().Find(http.MethodGet, c.Request().URL.Path, c)
	return c.Handler()(c)
}
