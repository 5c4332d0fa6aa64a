package contestant

import (
	"errors"

	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

// ours is our store, with all its defaults but the lives.
type ours struct {
	alone
	sessions *sessionstore.Store
}

func newOurs(redisAddr string) (store, error) {
	return oursOn(newClient(redisAddr)), nil
}

func newOursPiped(redisAddr string) (store, error) {
	piped, err := newClient(redisAddr).AutoPipeline()
	if err != nil {
		return nil, err
	}
	return oursOn(piped), nil
}

func oursOn(rdb redis.UniversalClient) ours {
	return ours{sessions: sessionstore.New(rdb, sessionstore.IdleTimeout(IdleTimeout), sessionstore.MaxAge(MaxAge))}
}

func (o ours) session(c echo.Context) *sessionstore.Session {
	return o.sessions.Of(c.Response(), c.Request())
}

func (o ours) login(c echo.Context, username string) error {
	return o.session(c).Login(c.Request().Context(), username)
}

func (o ours) visit(c echo.Context) (string, int64, error) {
	s := o.session(c)
	visits, err := s.Incr(c.Request().Context(), "visits", 1)
	if errors.Is(err, sessionstore.ErrNoSession) {
		err = errLoggedOut
	}
	return s.Username(), visits, err
}

func (o ours) logout(c echo.Context) error {
	return o.session(c).Logout(c.Request().Context())
}
