// Package contestant serves the same small app on each of the compared session stores:
// log in, count visits, log out.
package contestant

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"example.com/session-workshop/sessionstore"
)

// The lifetimes of a session, for each store that has them.
const (
	IdleTimeout = time.Hour
	MaxAge      = 8 * time.Hour
)

// connections is the pool size of each store. There are at most as many requests in
// flight, so no request waits for a connection.
const connections = 64

// Contestant is a store, or a baseline for the comparison.
type Contestant struct {
	// Name is its name on the command line and in the tables.
	Name string
	// About describes it in one line.
	About string
	// Peer marks the stores of others.
	Peer bool

	serve func(l net.Listener, redisAddr string) error
}

// All has the contestants in the order of the tables.
var All = []Contestant{
	{Name: Floor, About: "no store: one pipelined round trip, written by hand", serve: onEcho(newFloor)},
	{Name: Twin, About: "the same program again, which shows how far two equal programs differ", serve: onEcho(newFloor)},
	{Name: BatchedFloor, About: "the floor on rueidis, which sends the commands of concurrent requests together", serve: onEcho(newBatchedFloor)},
	{Name: Ours, About: "sessionstore on Echo, with the idle end set at each visit as in the other stores (TouchEvery(0))", serve: onEcho(oursWith())},
	{Name: OursBatched, About: "the same with Batching, which sends the visits of concurrent requests together", serve: onEcho(oursWith(sessionstore.Batching()))},
	{Name: OursThrottled, About: "the same with Batching, and the idle end set at most once a minute, as by default", serve: onEcho(oursWith(sessionstore.Batching(), sessionstore.TouchEvery(time.Minute)))},
	{Name: "scs", About: "alexedwards/scs with goredisstore on Echo", Peer: true, serve: onEcho(newSCS)},
	{Name: "gorilla", About: "gorilla/sessions with boj/redistore, by echo-contrib", Peer: true, serve: onEcho(newGorilla)},
	{Name: "fiber", About: "Fiber's session middleware with gofiber/storage, on Fiber's own HTTP server", Peer: true, serve: onFiber},
}

// The names of the contestants that the comparison treats specially.
const (
	Floor         = "floor"
	Twin          = "floor again"
	BatchedFloor  = "floor, batching"
	Ours          = "this store"
	OursBatched   = "this, batching"
	OursThrottled = "this, throttled"
)

// Serve runs a contestant on a free loopback port, with the Redis at redisAddr,
// host:port. Its first line of output is its address, as package launch expects. It
// returns only with an error.
func Serve(name, redisAddr string) error {
	for _, c := range All {
		if c.Name != name {
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		fmt.Printf("%s is running: http://%s\n", name, l.Addr())
		return c.serve(l, redisAddr)
	}
	return fmt.Errorf("no contestant has the name %q", name)
}

// errLoggedOut is the error of a visit without a login.
var errLoggedOut = errors.New("not logged in")

// store is what a contestant does for the app.
type store interface {
	// middleware wraps every request.
	middleware(next echo.HandlerFunc) echo.HandlerFunc
	login(c echo.Context, username string) error
	// visit counts a visit, resets the idle timeout and reads the user of the
	// session.
	visit(c echo.Context) (username string, visits int64, err error)
	logout(c echo.Context) error
}

func onEcho(newStore func(redisAddr string) (store, error)) func(net.Listener, string) error {
	return func(l net.Listener, redisAddr string) error {
		s, err := newStore(redisAddr)
		if err != nil {
			return err
		}
		return http.Serve(l, handler(s))
	}
}

func handler(s store) http.Handler {
	e := echo.New()
	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	app := e.Group("", s.middleware)
	app.GET("/", func(c echo.Context) error {
		username, visits, err := s.visit(c)
		if errors.Is(err, errLoggedOut) {
			return c.String(http.StatusOK, "You are not logged in\n")
		}
		if err != nil {
			return err
		}
		return c.String(http.StatusOK, page(username, visits))
	})
	app.POST("/login", func(c echo.Context) error {
		if err := s.login(c, c.FormValue("username")); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/")
	})
	app.POST("/logout", func(c echo.Context) error {
		if err := s.logout(c); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/")
	})
	return e
}

func page(username string, visits int64) string {
	return fmt.Sprintf("Logged in as %s. Visits: %d\n", username, visits)
}

// newClient returns the client of all contestants on go-redis, with options as in the
// apps of the workshop.
func newClient(addr string) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: addr, PoolSize: connections, PipelinePoolSize: -1,
		ContextTimeoutEnabled: true, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// alone is embedded in stores that need no middleware.
type alone struct{}

func (alone) middleware(next echo.HandlerFunc) echo.HandlerFunc { return next }
