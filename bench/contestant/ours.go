package contestant

import (
	"errors"

	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/step4-store/session"
)

// ours is the store of step 4, with all its defaults but the lives.
type ours struct{ sessions *session.Store }

func newOurs(redisAddr string) (store, error) {
	rdb, err := opened(redisAddr)
	if err != nil {
		return nil, err
	}
	return oursOn(rdb), nil
}

func newOursPiped(redisAddr string) (store, error) {
	rdb, err := opened(redisAddr)
	if err != nil {
		return nil, err
	}
	piped, err := rdb.AutoPipeline()
	if err != nil {
		return nil, err
	}
	return oursOn(piped), nil
}

func oursOn(rdb redis.UniversalClient) ours {
	return ours{session.New(rdb, session.IdleTimeout(IdleTimeout), session.MaxAge(MaxAge))}
}

func (o ours) middleware(next echo.HandlerFunc) echo.HandlerFunc {
	return session.Middleware(o.sessions)(next)
}

func (o ours) login(c echo.Context, username string) error {
	return session.From(c).Login(c.Request().Context(), username)
}

func (o ours) visit(c echo.Context) (string, int64, error) {
	s := session.From(c)
	visits, err := s.Incr(c.Request().Context(), "visits", 1)
	if errors.Is(err, session.ErrNoSession) {
		err = errLoggedOut
	}
	return s.Username(), visits, err
}

func (o ours) logout(c echo.Context) error {
	return session.From(c).Logout(c.Request().Context())
}
