package contestant

import (
	"crypto/rand"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/redis/rueidis"
)

// batchedFloor is floor on rueidis, which sends the commands of concurrent requests
// together (https://github.com/redis/rueidis#auto-pipelining).
type batchedFloor struct {
	alone
	rdb rueidis.Client
}

func newBatchedFloor(redisAddr string) (store, error) {
	rdb, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{redisAddr}, DisableCache: true})
	return batchedFloor{rdb: rdb}, err
}

func (f batchedFloor) login(c echo.Context, username string) error {
	key := "floor:" + rand.Text()
	for _, answer := range f.rdb.DoMulti(c.Request().Context(),
		f.rdb.B().Hset().Key(key).FieldValue().FieldValue("username", username).Build(),
		f.rdb.B().Pexpire().Key(key).Milliseconds(IdleTimeout.Milliseconds()).Build(),
	) {
		if err := answer.Error(); err != nil {
			return err
		}
	}
	c.SetCookie(&http.Cookie{Name: floorCookie, Value: key, Path: "/", HttpOnly: true})
	return nil
}

func (f batchedFloor) visit(c echo.Context) (string, int64, error) {
	cookie, err := c.Cookie(floorCookie)
	if err != nil {
		return "", 0, errLoggedOut
	}
	answers := f.rdb.DoMulti(c.Request().Context(),
		f.rdb.B().Hincrby().Key(cookie.Value).Field("visits").Increment(1).Build(),
		f.rdb.B().Pexpire().Key(cookie.Value).Milliseconds(IdleTimeout.Milliseconds()).Build(),
		f.rdb.B().Hgetall().Key(cookie.Value).Build(),
	)
	visits, err := answers[0].AsInt64()
	if err != nil {
		return "", 0, err
	}
	all, err := answers[2].AsStrMap()
	return all["username"], visits, err
}

func (f batchedFloor) logout(c echo.Context) error {
	cookie, err := c.Cookie(floorCookie)
	if err != nil {
		return nil
	}
	return f.rdb.Do(c.Request().Context(), f.rdb.B().Unlink().Key(cookie.Value).Build()).Error()
}
