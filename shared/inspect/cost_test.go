package inspect_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/web"
)

// allocations returns the lowest number of allocations for a page, out of many tries:
// the pools of Echo and of the templates lose things at a garbage collection, and on
// purpose under the race detector.
func allocations(attach func(e *echo.Echo)) float64 {
	e := web.New(map[string]string{"index": "<p>Hello {{.}}</p>"})
	attach(e)
	e.GET("/", func(c echo.Context) error { return c.Render(http.StatusOK, "index", "aaa") })
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	fewest := math.Inf(1)
	for range 200 {
		fewest = min(fewest, testing.AllocsPerRun(1, func() { e.ServeHTTP(httptest.NewRecorder(), request) }))
	}
	return fewest
}

func TestAPanelThatIsOffCostsNothing(t *testing.T) {
	panel := inspect.Panel{Cookie: "workshop_login"}
	without := allocations(func(*echo.Echo) {})
	off := allocations(func(e *echo.Echo) { inspect.Attach(e, config.Config{UnderTheHood: false}, panel) })
	on := allocations(func(e *echo.Echo) { inspect.Attach(e, config.Config{UnderTheHood: true}, panel) })
	t.Logf("allocations a page: %v without the panel, %v with it switched off, %v with it", without, off, on)
	if off > without || on <= off {
		t.Errorf("allocations a page: %v without the panel, %v with it switched off, %v with it", without, off, on)
	}
}
