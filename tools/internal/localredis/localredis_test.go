package localredis_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/tools/internal/localredis"
	"example.com/session-workshop/tools/internal/netns"
	"example.com/session-workshop/tools/internal/repotest"
)

func TestBothKindsAreFoundWhileTheyRun(t *testing.T) {
	for kind, addr := range map[string]string{"real": repotest.FreeAddress(t), "embedded": "127.0.0.1:0"} {
		t.Run(kind, func(t *testing.T) {
			if _, err := redisserver.Find(); err != nil && kind == "real" {
				t.Skip("NOT tested: a real Redis. ", err)
			}
			server, err := localredis.Start(addr)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
			if found, err := localredis.Ask(t.Context(), server.Addr); !found || err != nil {
				t.Errorf("it is found: %v, %v", found, err)
			}
			if isEmbedded := server.Name == "the embedded one"; isEmbedded != (kind == "embedded") || server.Name == "" {
				t.Errorf("it is %q", server.Name)
			}
			if again, err := localredis.Start(server.Addr); err == nil {
				again.Close()
				t.Error("a second one starts on the same port")
			}
			server.Close()
			if found, err := localredis.Ask(t.Context(), server.Addr); found || err != nil || netns.Taken(server.Addr) {
				t.Errorf("when it is closed it is found: %v, %v", found, err)
			}
		})
	}
}

func TestWhatIsNoRedisForTheWorkshopIsAnError(t *testing.T) {
	web := httptest.NewServer(nil)
	defer web.Close()
	locked := redistest.StartServer(t, "--requirepass", "correct-horse")
	for addr, want := range map[string]string{web.Listener.Addr().String(): "it cannot be used", locked.Addr: "asks for a password"} {
		if found, err := localredis.Ask(t.Context(), addr); found || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "REDIS_URL") {
			t.Errorf("found: %v, and the error is %v, want %q", found, err, want)
		}
	}
}
