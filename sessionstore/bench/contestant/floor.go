package contestant

import (
	"crypto/rand"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"
)

// floor is the least that a visit can cost: the cookie is the key, and three commands
// take one round trip. It is not a safe session store: an invented cookie makes a key,
// a late visit brings a session back after its logout, and no session has an absolute
// end.
type floor struct {
	alone
	rdb *redis.Client
}

const floorCookie = "floor"

func newFloor(redisAddr string) (store, error) {
	return floor{rdb: newClient(redisAddr)}, nil
}

func (f floor) login(c echo.Context, username string) error {
	key := "floor:" + rand.Text()
	_, err := f.rdb.Pipelined(c.Request().Context(), func(p redis.Pipeliner) error {
		p.HSet(c.Request().Context(), key, "username", username)
		p.PExpire(c.Request().Context(), key, IdleTimeout)
		return nil
	})
	if err != nil {
		return err
	}
	c.SetCookie(&http.Cookie{Name: floorCookie, Value: key, Path: "/", HttpOnly: true})
	return nil
}

func (f floor) visit(c echo.Context) (string, int64, error) {
	cookie, err := c.Cookie(floorCookie)
	if err != nil {
		return "", 0, errLoggedOut
	}
	ctx := c.Request().Context()
	var visits *redis.IntCmd
	var all *redis.MapStringStringCmd
	_, err = f.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		visits = p.HIncrBy(ctx, cookie.Value, "visits", 1)
		p.PExpire(ctx, cookie.Value, IdleTimeout)
		all = p.HGetAll(ctx, cookie.Value)
		return nil
	})
	if err != nil {
		return "", 0, err
	}
	return all.Val()["username"], visits.Val(), nil
}

func (f floor) logout(c echo.Context) error {
	cookie, err := c.Cookie(floorCookie)
	if err != nil {
		return nil
	}
	return f.rdb.Unlink(c.Request().Context(), cookie.Value).Err()
}
