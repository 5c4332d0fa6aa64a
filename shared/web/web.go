// Package web holds the parts of every step's web server that are not a lesson:
// middleware, the frame around a page, error pages, listening and stopping.
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

// patience bounds the time that a request may wait for Redis. After about a second
// a page feels broken (https://www.nngroup.com/articles/response-times-3-important-limits/).
const patience = 800 * time.Millisecond

// contentPolicy lets a page load files of this app only, and forbids scripts and
// styles inside the page.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

//go:embed assets
var assets embed.FS

// New returns an Echo that shows pages. Each page is the text of an html/template,
// by its name; c.Render(status, name, data) puts it into the common frame. New
// panics if a page has a syntax error.
//
// Every request has a context with a deadline. The context of a page also ends when
// the browser goes away. A POST from another site is refused with 403
// (https://pkg.go.dev/net/http#CrossOriginProtection). An error that a handler
// returns becomes an error page.
func New(pages map[string]string) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Renderer = newRenderer(pages)
	e.HTTPErrorHandler = showError
	e.Use(middleware.RecoverWithConfig(recovery), middleware.SecureWithConfig(securityHeaders),
		first(refusePrefetch, refuseOtherHosts, refuseOtherSites(), refuseTwoCookies, receive), withDeadline)
	e.GET("/healthz", func(c echo.Context) error {
		c.Response().Header().Set(titleHeader, e.Renderer.(*renderer).title.EN)
		return c.String(http.StatusOK, "ok\n")
	})
	e.StaticFS("/assets", echo.MustSubFS(assets, "assets"))
	return e
}

var securityHeaders = middleware.SecureConfig{
	ContentSecurityPolicy: contentPolicy,
	ContentTypeNosniff:    "nosniff",
	// With a stricter policy browsers send "Origin: null" with our own forms, as if
	// these were on another site.
	ReferrerPolicy: "same-origin",
}

// first runs checks before the handler. A check that returns an error, or has
// answered the request, is the last.
func first(checks ...func(echo.Context) error) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			for _, check := range checks {
				if err := check(c); err != nil || c.Response().Committed {
					return err
				}
			}
			return next(c)
		}
	}
}

// refusePrefetch refuses what a browser loads in advance: it must not count a visit
// or log out a user who may never open the page. Browsers announce it in Sec-Purpose
// (https://fetch.spec.whatwg.org/#sec-purpose-header), older ones in the others.
func refusePrefetch(c echo.Context) error {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if c.Request().Header.Get(name) != "" {
			c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
			return c.NoContent(http.StatusServiceUnavailable)
		}
	}
	return nil
}

// refuseOtherHosts refuses a Host that is neither this machine nor PUBLIC_URL if the
// app listens on loopback. Otherwise a proxy could publish the app with its public
// key. If a form comes from PUBLIC_URL but a proxy has changed its Host, this function
// corrects the Host, so that refuseOtherSites accepts the form.
func refuseOtherHosts(c echo.Context) error {
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
	return nil
}

// isLocal reports whether the Host of a request always means this machine
// (https://www.rfc-editor.org/rfc/rfc6761#section-6.3).
func isLocal(host string) bool {
	name := strings.TrimSuffix(strings.ToLower((&url.URL{Host: host}).Hostname()), ".")
	return strings.HasSuffix("."+name, ".localhost") || config.IsLoopback(name)
}

// isForAll reports whether the answer is the same for every user: a file, or the
// health of the process.
func isForAll(c echo.Context) bool {
	return c.Path() == "/healthz" || strings.HasPrefix(c.Path(), "/assets")
}

func refuseOtherSites() func(echo.Context) error {
	protection := http.NewCrossOriginProtection()
	return func(c echo.Context) error {
		if err := protection.Check(c.Request()); err != nil {
			return echo.NewHTTPError(http.StatusForbidden).SetInternal(err)
		}
		return nil
	}
}

// refuseTwoCookies refuses different cookies with our name. One of them is for
// another path or domain, and no login of ours replaces it.
func refuseTwoCookies(c echo.Context) error {
	all := c.Request().CookiesNamed(c.Echo().Renderer.(*renderer).login.Cookie)
	differs := func(other *http.Cookie) bool { return other.Value != all[0].Value }
	if slices.ContainsFunc(all, differs) && !isForAll(c) {
		return echo.NewHTTPError(http.StatusConflict)
	}
	return nil
}

func receive(c echo.Context) error { return Receive(c.Response(), c.Request()) }

func withDeadline(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		if c.Request().Method == http.MethodPost || c.Path() == "/logout" {
			// A login or a logout completes even if the browser goes away.
			ctx = context.WithoutCancel(ctx)
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// ConfirmFromOtherSites is a middleware for GET /logout: if a link on another site
// leads there, it shows a logout button instead. Browsers report this in
// Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/); a client without that
// header, like curl, logs out.
func ConfirmFromOtherSites(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		switch c.Request().Header.Get("Sec-Fetch-Site") {
		case "cross-site", "same-site":
			return c.Render(http.StatusOK, confirmPage, nil)
		}
		return next(c)
	}
}

// answerHEAD adds HEAD to every GET, with the same status and headers. HEAD counts
// no visit and logs no user out.
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
