package contestant

import (
	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"
)

// ofSCS is alexedwards/scs. Its middleware loads the session before the
// handler, and saves it before the first byte of the answer.
type ofSCS struct{ sessions *scs.SessionManager }

func newSCS(redisAddr string) (store, error) {
	manager := scs.New()
	manager.Store = goredisstore.New(newClient(redisAddr))
	manager.IdleTimeout, manager.Lifetime = IdleTimeout, MaxAge
	return ofSCS{manager}, nil
}

func (o ofSCS) middleware(next echo.HandlerFunc) echo.HandlerFunc {
	return echo.WrapMiddleware(o.sessions.LoadAndSave)(next)
}

func (o ofSCS) login(c echo.Context, username string) error {
	ctx := c.Request().Context()
	if err := o.sessions.RenewToken(ctx); err != nil {
		return err
	}
	o.sessions.Put(ctx, "username", username)
	return nil
}

func (o ofSCS) visit(c echo.Context) (string, int64, error) {
	ctx := c.Request().Context()
	username := o.sessions.GetString(ctx, "username")
	if username == "" {
		return "", 0, errLoggedOut
	}
	visits := o.sessions.GetInt64(ctx, "visits") + 1
	o.sessions.Put(ctx, "visits", visits)
	return username, visits, nil
}

func (o ofSCS) logout(c echo.Context) error {
	return o.sessions.Destroy(c.Request().Context())
}
