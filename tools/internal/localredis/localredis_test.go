package localredis_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/tools/internal/localredis"
)

func TestAServerThatTheWorkshopCannotUseIsAnError(t *testing.T) {
	web := httptest.NewServer(nil)
	defer web.Close()
	locked := redistest.StartServer(t, "--requirepass", "correct-horse")
	for addr, want := range map[string]string{web.Listener.Addr().String(): "it cannot be used", locked.Addr: "asks for a password"} {
		if found, err := localredis.Ask(t.Context(), addr); found || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "REDIS_URL") {
			t.Errorf("found: %v, and the error is %v, want %q", found, err, want)
		}
	}
}
