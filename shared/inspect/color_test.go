package inspect_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/web"
)

func TestServersOnNeighboringPortsHaveDifferentColors(t *testing.T) {
	e := web.New(map[string]string{"index": "<p>Hello</p>"})
	inspect.Attach(e, config.Config{UnderTheHood: true}, inspect.Panel{})
	e.GET("/", func(c echo.Context) error { return c.Render(http.StatusOK, "index", nil) })
	get := func(address string) string {
		answer := httptest.NewRecorder()
		e.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, address, nil))
		return answer.Body.String()
	}
	color := regexp.MustCompile(`<p class="(color\d)">Served by 127.0.0.1:`)
	before := ""
	for port := 5000; port < 5010; port++ {
		found := color.FindStringSubmatch(get(fmt.Sprintf("http://127.0.0.1:%d/", port)))
		if found == nil || found[1] == before || !strings.Contains(get("http://127.0.0.1/assets/style.css"), "."+found[1]+")") {
			t.Fatalf("the color of port %d is %q, that of the port before is %s", port, found, before)
		}
		before = found[1]
	}
}
