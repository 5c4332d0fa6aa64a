package contestant

import (
	"crypto/rand"

	"github.com/boj/redistore"
	"github.com/labstack/echo-contrib/session"
	"github.com/labstack/echo/v4"
)

// gorilla is gorilla/sessions with boj/redistore, which resets the idle timeout only
// when the session is saved. Its Redis client is redigo; by default it sends PING
// whenever it takes a connection from the pool.
type gorilla struct{ middle echo.MiddlewareFunc }

const gorillaCookie = "session"

func newGorilla(redisAddr string) (store, error) {
	sessions, err := redistore.NewRediStore(connections, "tcp", redisAddr, "", "", []byte(rand.Text()+rand.Text()))
	if err != nil {
		return nil, err
	}
	sessions.SetMaxAge(int(IdleTimeout.Seconds()))
	return gorilla{session.Middleware(sessions)}, nil
}

func (g gorilla) middleware(next echo.HandlerFunc) echo.HandlerFunc { return g.middle(next) }

func (g gorilla) login(c echo.Context, username string) error {
	s, err := session.Get(gorillaCookie, c)
	if err != nil {
		return err
	}
	s.Values["username"] = username
	return s.Save(c.Request(), c.Response())
}

func (g gorilla) visit(c echo.Context) (string, int64, error) {
	s, err := session.Get(gorillaCookie, c)
	if err != nil {
		return "", 0, err
	}
	username, _ := s.Values["username"].(string)
	if username == "" {
		return "", 0, errLoggedOut
	}
	before, _ := s.Values["visits"].(int64)
	s.Values["visits"] = before + 1
	return username, before + 1, s.Save(c.Request(), c.Response())
}

func (g gorilla) logout(c echo.Context) error {
	s, err := session.Get(gorillaCookie, c)
	if err != nil {
		return err
	}
	s.Options.MaxAge = -1
	return s.Save(c.Request(), c.Response())
}
