package redisconn_test

import (
	"errors"
	"strings"
	"testing"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
)

func TestThePageSaysInWhichWayRedisIsAway(t *testing.T) {
	for want, harm := range map[string]func(*redistest.Server){
		"nothing answers there (connection refused). Is that Redis running?": (*redistest.Server).Kill,
		"got no answer in time. Is that Redis running?":                      (*redistest.Server).Pause,
		"it cannot serve now: OOM command not allowed": func(s *redistest.Server) {
			s.Client.ConfigSet(t.Context(), "maxmemory", "1")
		},
	} {
		t.Run(want, func(t *testing.T) {
			server := redistest.StartServer(t)
			conn, err := redisconn.Open(t.Context(), config.Config{RedisURL: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			harm(server)
			visit := func() string {
				err := conn.Client.HIncrBy(t.Context(), "workshop:test", "visits", 1).Err()
				var down *redisconn.DownError
				if !errors.As(err, &down) {
					t.Fatalf("got %v", err)
				}
				_, _, text := down.Explain()
				return text
			}
			// The first can meet a connection that was open before.
			visit()
			if text := visit(); !strings.Contains(text, "The app asked Redis at "+server.Addr+", and "+want) {
				t.Errorf("the page says: %s", text)
			}
		})
	}
}
