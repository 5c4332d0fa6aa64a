package contestant

import (
	"errors"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/sessionstore"
)

// ours is sessionstore.
type ours struct {
	alone
	sessions *sessionstore.Store
}

func oursWith(options ...sessionstore.Option) func(redisAddr string) (store, error) {
	return func(redisAddr string) (store, error) {
		all := append([]sessionstore.Option{
			sessionstore.IdleTimeout(IdleTimeout), sessionstore.MaxAge(MaxAge), sessionstore.TouchEvery(0),
		}, options...)
		return ours{sessions: sessionstore.New(newClient(redisAddr), all...)}, nil
	}
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
