package redisconn_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
)

func TestThePageSaysWhyRedisDoesNotAnswer(t *testing.T) {
	for want, harm := range map[string]func(*redistest.Server){
		"nothing answers there (connection refused). Is that Redis running?": (*redistest.Server).Kill,
		"got no answer in time. Is that Redis running?":                      (*redistest.Server).Pause,
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
				return text.EN
			}
			// The first visit can use a connection from before.
			visit()
			if text := visit(); !strings.Contains(text, "The app asked Redis at "+server.Addr+", and "+want) {
				t.Errorf("the page says: %s", text)
			}
		})
	}
}

// ways holds how steps 2 to 4 count a visit.
var ways = map[string]func(ctx context.Context, rdb redis.UniversalClient) error{
	"a command": func(ctx context.Context, rdb redis.UniversalClient) error {
		return rdb.HIncrBy(ctx, "workshop:test", "visits", 1).Err()
	},
	"MULTI": func(ctx context.Context, rdb redis.UniversalClient) error {
		_, err := rdb.TxPipelined(ctx, func(multi redis.Pipeliner) error {
			multi.HIncrBy(ctx, "workshop:test", "visits", 1)
			multi.Expire(ctx, "workshop:test", 1e10)
			return nil
		})
		return err
	},
	"a script": func(ctx context.Context, rdb redis.UniversalClient) error {
		return redis.NewScript("return redis.call('HINCRBY', KEYS[1], 'visits', 1)").Run(ctx, rdb, []string{"workshop:test"}).Err()
	},
}

func TestThePageSaysWhyRedisRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		harm         [][]any
		page, reason string
	}{
		"no memory":              {[][]any{{"config", "set", "maxmemory", "1"}}, "it answered: it has no memory left.", "OOM"},
		"a replica":              {[][]any{{"replicaof", "127.0.0.1", "1"}}, "it answered: it is a replica, which takes no changes.", "READONLY"},
		"too few replicas":       {[][]any{{"config", "set", "min-replicas-to-write", "1"}}, "it answered: it has too few replicas to take changes.", "NOREPLICAS"},
		"a command is forbidden": {[][]any{{"acl", "setuser", "default", "-hincrby"}}, "it answered: the app's user lacks the right `+hincrby`.", "NOPERM"},
		"the keys are forbidden": {[][]any{{"acl", "setuser", "default", "resetkeys", "~other:*"}}, "it answered: the app's user lacks the right to the keys, `~workshop:*`.", "NOPERM"},
		"a full disk":            {nil, "it answered: it cannot write to its disk", "MISCONF"},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.StartServer(t, "--enable-protected-configs", "yes")
			conn, err := redisconn.Open(t.Context(), config.Config{Name: "Step 4", RedisURL: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for _, command := range c.harm {
				if err := server.Client.Do(t.Context(), command...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			if c.harm == nil {
				fillDisk(t, server)
			}
			for way, visit := range ways {
				err := visit(t.Context(), conn.Client)
				var down *redisconn.DownError
				if !errors.As(err, &down) {
					t.Errorf("%s: got %v", way, err)
					continue
				}
				status, title, text := down.Explain()
				if status != http.StatusServiceUnavailable || title.EN != "Redis refuses" || !strings.Contains(text.EN, c.page) {
					t.Errorf("%s: the page says: %d %s. %s", way, status, title, text)
				}
				if !strings.Contains(err.Error(), c.reason) {
					t.Errorf("%s: the log says: %v", way, err)
				}
			}
		})
	}
}

// fillDisk makes the server unable to save, as a full disk does: it removes the
// server's folder.
func fillDisk(t *testing.T, server *redistest.Server) {
	t.Helper()
	gone := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]any{{"config", "set", "save", "3600 1000"}, {"config", "set", "dir", gone}} {
		if err := server.Client.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "saving has failed", func() bool {
		_ = server.Client.BgSave(t.Context()).Err()
		return strings.Contains(server.Client.Info(t.Context(), "persistence").Val(), "rdb_last_bgsave_status:err")
	})
}

func TestExpectedErrorsAreNotAnOutage(t *testing.T) {
	redistest.One(t, func(t *testing.T, r *redistest.Redis) {
		conn, err := redisconn.Open(t.Context(), config.Config{RedisURL: r.URL})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		watched := conn.Client.Watch(t.Context(), func(tx *redis.Tx) error {
			r.Client.Set(t.Context(), "workshop:watched", "1", 1e10)
			_, err := tx.TxPipelined(t.Context(), func(multi redis.Pipeliner) error {
				return multi.Get(t.Context(), "workshop:watched").Err()
			})
			return err
		}, "workshop:watched")
		for want, got := range map[error]error{
			redis.Nil:         conn.Client.Get(t.Context(), "workshop:none").Err(),
			redis.TxFailedErr: watched,
			redis.ErrNoScript: conn.Client.EvalSha(t.Context(), strings.Repeat("a", 40), nil).Err(),
		} {
			if _, down := errors.AsType[*redisconn.DownError](got); down || got == nil {
				t.Errorf("got %v, want %v", got, want)
			}
		}
	})
}
