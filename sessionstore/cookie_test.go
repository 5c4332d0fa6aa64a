package sessionstore_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

func TestRequireLoginWithoutRedis(t *testing.T) {
	for name, c := range map[string]struct {
		options    []sessionstore.Option
		body, wait string
	}{
		"by default": {nil, "Try again in a few seconds.", "5"},
		"with a page of the service": {[]sessionstore.Option{sessionstore.UnavailablePage(http.HandlerFunc(
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = io.WriteString(w, "The shop is closed for a minute.")
			}))}, "The shop is closed for a minute.", "60"},
	} {
		t.Run(name, func(t *testing.T) {
			// No server listens on port 1.
			client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
			defer client.Close()
			store := sessionstore.New(client, append(c.options, sessionstore.InsecurePlainHTTP())...)
			r, w := httptest.NewRequest(http.MethodGet, "/account", nil), httptest.NewRecorder()
			r.Header.Set("Cookie", "session="+token)
			never := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				t.Error("RequireLogin called a handler without an answer from Redis")
			})
			store.RequireLogin(never, never).ServeHTTP(w, r)

			if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), c.body) {
				t.Errorf("the answer is %d %s", w.Code, w.Body)
			}
			for header, want := range map[string]string{"Retry-After": c.wait, "Cache-Control": "no-store", "Set-Cookie": ""} {
				if got := w.Header().Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
		})
	}
}
