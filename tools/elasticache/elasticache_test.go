package elasticache_test

import (
	"context"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/elasticache"
	"example.com/session-workshop/tools/elasticache/elasticachetest"
)

// With TLS and the rights of the access string, each step does everything that
// it does on a Redis without either.
func TestTheStepsPassTheirContract(t *testing.T) {
	testall.Only(t)
	for name, cluster := range map[string]bool{"primary and replica": false, "cluster mode": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, cluster)
			// The steps run in their own group, because nothingDenied waits for
			// all of them.
			t.Run("steps", func(t *testing.T) {
				for step := 2; step <= steps.Count; step++ {
					t.Run(steps.Folder(step), func(t *testing.T) {
						t.Parallel()
						steptest.Check(t, "../../"+steps.Folder(step), step, admin(t, s), s.Environment()...)
					})
				}
			})
			nothingDenied(t, s)
		})
	}
}

// A service that uses a store gives its user only these rights. The panel, and
// the page that names the type of a key, need more, so only the lesson is
// checked.
func TestAStoreNeedsNoMoreThanItsAccessString(t *testing.T) {
	testall.Only(t)
	for app, rights := range map[string]string{
		"step4-store": elasticache.Step4AccessString, "sessionstore/example": elasticache.StoreAccessString,
	} {
		for name, cluster := range map[string]bool{"primary and replica": false, "cluster mode": true} {
			t.Run(app+", "+name, func(t *testing.T) {
				t.Parallel()
				s := elasticachetest.Start(t, elasticache.Options{Cluster: cluster, AccessString: rights})
				running := steptest.Start(t, "../../"+app, append(s.Environment(), "UNDER_THE_HOOD=off")...)
				for _, check := range contract.StepGroup(4, contract.Lesson) {
					if check.Wire {
						continue // The stand-in has no proxy that could count round trips.
					}
					if err := check.Run(t.Context(), contract.Target{URL: running.URL, Redis: admin(t, s)}); err != nil {
						t.Errorf("%s: %v", check.ID, err)
					}
				}
				nothingDenied(t, s)
			})
		}
	}
}

// The answers are the ones that a user gets in redis-cli.
func TestTheStandInRefusesWhatElastiCacheRefuses(t *testing.T) {
	s := start(t, false)
	app := open(t, s)
	for _, command := range elasticache.Refused {
		refused(t, app, "unknown command", command)
		refused(t, admin(t, s), "unknown command", command)
	}
	for _, words := range []string{
		"KEYS *", "FLUSHALL", "SCAN 0", "INFO", "ACL LIST", "CLIENT LIST", "MONITOR", "FAILOVER",
		"HGETALL other:key", "HSET other:key a b", "SET workshop:a b",
	} {
		refused(t, app, "NOPERM", strings.Fields(words)...)
	}
	for _, words := range []string{"PING", "HGETALL workshop:user:aaa", "TYPE workshop:user:aaa", "PTTL workshop:user:aaa"} {
		if err := do(t, app, strings.Fields(words)...); err != nil {
			t.Errorf("%s: %v", words, err)
		}
	}
}

func TestAPlainStandInNeedsNoLoginAndRefusesTheSameCommands(t *testing.T) {
	s := elasticachetest.Start(t, elasticache.Options{Plain: true})
	app := open(t, s)
	for _, command := range elasticache.Refused {
		refused(t, app, "unknown command", command)
	}
	for _, words := range []string{"HSET workshop:user:aaa visits 1", "KEYS *", "SCAN 0"} {
		if err := do(t, app, strings.Fields(words)...); err != nil {
			t.Errorf("%s: %v", words, err)
		}
	}
	// Switch loses nothing. After Fail, the replica may lack the last write.
	if err := s.Switch(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait.ForSuccess(t, func() error { return do(t, app, "HGET", "workshop:user:aaa", "visits") })
}

func TestWrongSettingsAreRefusedWithAReason(t *testing.T) {
	one, cluster := start(t, false), start(t, true)
	user := "rediss://" + elasticache.User + ":"
	for _, c := range []struct {
		name string
		cfg  config.Config
		why  string
	}{
		{"without TLS", config.Config{RedisURL: "redis://" + one.Addr()}, "rediss://"},
		{"without its CA", config.Config{RedisURL: one.URL()}, "REDIS_CA_FILE"},
		{"without a password", config.Config{RedisURL: "rediss://" + one.Addr(), RedisCAFile: one.CAFile}, "asks for a password"},
		{"with another password", config.Config{RedisURL: user + "hunter2@" + one.Addr(), RedisCAFile: one.CAFile}, "password is wrong"},
		{"cluster mode without REDIS_CLUSTER", config.Config{RedisURL: cluster.URL(), RedisCAFile: cluster.CAFile}, "REDIS_CLUSTER=true"},
		{"REDIS_CLUSTER without cluster mode", config.Config{RedisURL: one.URL(), RedisCAFile: one.CAFile, RedisCluster: true}, "not a cluster"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := redisconn.Open(t.Context(), c.cfg)
			if err == nil {
				conn.Close()
				t.Fatal("the connection was accepted")
			}
			if !strings.Contains(err.Error(), c.why) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %q", err, c.why)
			}
		})
	}
}

func start(t *testing.T, cluster bool) *elasticache.StandIn {
	t.Helper()
	return elasticachetest.Start(t, elasticache.Options{Cluster: cluster})
}

func admin(t *testing.T, s *elasticache.StandIn) redis.UniversalClient {
	t.Helper()
	client := s.Admin()
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func open(t *testing.T, s *elasticache.StandIn) redis.UniversalClient {
	t.Helper()
	conn, err := redisconn.Open(t.Context(), config.Config{RedisURL: s.URL(), RedisCAFile: s.CAFile})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.Client
}

func do(t *testing.T, client redis.UniversalClient, words ...string) error {
	args := make([]any, len(words))
	for i, word := range words {
		args[i] = word
	}
	return client.Do(t.Context(), args...).Err()
}

func refused(t *testing.T, client redis.UniversalClient, why string, words ...string) {
	t.Helper()
	if err := do(t, client, words...); err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("%s: got %v, want %s", strings.Join(words, " "), err, why)
	}
}

// nothingDenied finds commands of an app that were denied, even if the app
// worked without them.
func nothingDenied(t *testing.T, s *elasticache.StandIn) {
	t.Helper()
	look := func(ctx context.Context, node *redis.Client) error {
		denied, err := node.ACLLog(ctx, 10).Result()
		for _, entry := range denied {
			t.Errorf("denied to %s: the %s %q", entry.Username, entry.Reason, entry.Object)
		}
		return err
	}
	var err error
	switch client := admin(t, s).(type) {
	case *redis.ClusterClient:
		err = client.ForEachMaster(t.Context(), look)
	case *redis.Client:
		err = look(t.Context(), client)
	}
	if err != nil {
		t.Fatal(err)
	}
}
