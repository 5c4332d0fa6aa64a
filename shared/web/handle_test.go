package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

func TestAHandlerOfNetHTTPHasThePagesAndTheRules(t *testing.T) {
	logged(t)
	server := serveTest(t, func(e *echo.Echo) {
		Handle(e, "GET /hello", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { Show(r, http.StatusAccepted, "hello", "ada") }))
		Handle(e, "GET /broken", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { Show(r, http.StatusOK, "broken", 1) }))
		Handle(e, "GET /fails", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { Fail(r, errors.New("a mistake")) }))
		Handle(e, "GET /away", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { Fail(r, away{}) }))
		Handle(e, "GET /deadline", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ok := r.Context().Deadline(); !ok {
				http.Error(w, "a request without a deadline", http.StatusInternalServerError)
			}
		}))
		Handle(e, "GET /logout", http.NotFoundHandler(), ConfirmFromOtherSites)
	})
	for path, want := range map[string]struct {
		status int
		shows  string
	}{
		"/hello":    {http.StatusAccepted, "<p>Hello ada</p>\n</main>"},
		"/broken":   {http.StatusInternalServerError, "The terminal that runs it says what"},
		"/fails":    {http.StatusInternalServerError, "The terminal that runs it says what"},
		"/away":     {http.StatusServiceUnavailable, "Try again"},
		"/deadline": {http.StatusOK, ""},
		"/logout":   {http.StatusOK, "A link on another site brought you here"},
	} {
		response, body := do(t, http.MethodGet, server.URL+path, "Sec-Fetch-Site", "cross-site")
		if response.StatusCode != want.status || !strings.Contains(body, want.shows) {
			t.Errorf("%s is answered with %d: %s", path, response.StatusCode, body)
		}
	}
	if response, _ := do(t, http.MethodPost, server.URL+"/hello"); response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST to a handler for GET is answered with %d", response.StatusCode)
	}
}
