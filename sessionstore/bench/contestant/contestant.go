// Package contestant serves one and the same small app on each of the session
// stores that are compared: log in, count visits, log out.
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

// The lives of a session, the same for each store that knows the two.
const (
	IdleTimeout = time.Hour
	MaxAge      = 8 * time.Hour
)

// connections is the size of each store's pool: one for each request that is
// under way at the same time, so that none waits for another's.
const connections = 64

// Contestant is a store, or what it is compared with.
type Contestant struct {
	// Name is the word for it on the command line and in the tables.
	Name string
	// About says in a line what it is.
	About string
	// Peer marks the stores of others.
	Peer bool

	serve func(l net.Listener, redisAddr string) error
}

// All are the contestants, in the order of the tables.
var All = []Contestant{
	{Name: Floor, About: "no store: one pipelined round trip, written by hand", serve: onEcho(newFloor)},
	{Name: Twin, About: "the very same program again: how far equal things lie apart", serve: onEcho(newFloor)},
	{Name: BatchedFloor, About: "the floor on rueidis, which sends the commands of all requests of a moment together", serve: onEcho(newBatchedFloor)},
	{Name: Ours, About: "sessionstore on Echo, which sets the idle end at each visit as the others do (TouchEvery(0))", serve: onEcho(oursWith())},
	{Name: OursBatched, About: "the same with Batching, which sends the visits of all requests of a moment together", serve: onEcho(oursWith(sessionstore.Batching()))},
	{Name: OursThrottled, About: "the same with both, and the idle end set at most once a minute, as by default", serve: onEcho(oursWith(sessionstore.Batching(), sessionstore.TouchEvery(time.Minute)))},
	{Name: "scs", About: "alexedwards/scs with goredisstore on Echo", Peer: true, serve: onEcho(newSCS)},
	{Name: "gorilla", About: "gorilla/sessions with boj/redistore, by echo-contrib", Peer: true, serve: onEcho(newGorilla)},
	{Name: "fiber", About: "Fiber's session middleware with gofiber/storage, on Fiber's own HTTP server", Peer: true, serve: onFiber},
}

// The contestants that the comparison knows by name.
const (
	Floor         = "floor"
	Twin          = "floor again"
	BatchedFloor  = "floor, batching"
	Ours          = "this store"
	OursBatched   = "this, batching"
	OursThrottled = "this, throttled"
)

// Serve runs a contestant on a free loopback port. Its first line of output is
// its address, as package launch expects it. It returns when it cannot go on.
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
	return fmt.Errorf("no contestant is called %q", name)
}

// errLoggedOut is what visit returns to a browser without a login.
var errLoggedOut = errors.New("not logged in")

// store is what a contestant does for the app.
type store interface {
	// middleware stands around every request.
	middleware(next echo.HandlerFunc) echo.HandlerFunc
	login(c echo.Context, username string) error
	// visit counts a visit in a session, keeps it alive for IdleTimeout more,
	// and reads who it belongs to.
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

// newClient is the same for all that use go-redis: as the workshop's own apps
// have it.
func newClient(addr string) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: addr, PoolSize: connections, PipelinePoolSize: -1,
		ContextTimeoutEnabled: true, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// alone is for stores that need no middleware.
type alone struct{}

func (alone) middleware(next echo.HandlerFunc) echo.HandlerFunc { return next }
