package browser

import (
	"strings"
	"testing"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
)

const (
	step1 = "step1-no-redis"
	step2 = "step2-visits"
	step3 = "step3-ttl"
	step4 = "step4-store"
)

// lasting are the options of a Redis that keeps its data after a crash.
var lasting = []string{"--appendonly", "yes", "--appendfsync", "always"}

// open starts a step on a separate Redis, and opens a tab. The TTL is longer
// than a test, which shortens it to bring about an end.
func open(t *testing.T, step string, redisOptions ...string) (*tab, *redistest.Server) {
	t.Helper()
	redis := redistest.StartServer(t, redisOptions...)
	return openTab(t, steptest.Start(t, "../../"+step, "REDIS_URL="+redis.URL, "SESSION_TTL=2m")), redis
}

// eachStep runs a test on some of the steps, each with a separate Redis.
func eachStep(t *testing.T, steps []string, run func(t *testing.T, step string, b *tab, redis *redistest.Server)) {
	for _, step := range steps {
		t.Run(step, func(t *testing.T) {
			b, redis := open(t, step)
			run(t, step, b, redis)
		})
	}
}

// key returns the key of the visitor, as the panel shows it.
func (b *tab) key() string {
	b.t.Helper()
	return eval[string](b, `document.querySelector("#holds code").textContent`)
}

func TestThePageShowsAVisitAndItsCommands(t *testing.T) {
	testall.Only(t)
	for step, shown := range map[string][]string{
		step1: {"This request asked Redis Nothing. 0 round trips.", "Your browser holds The cookie workshop_login", "not secret"},
		step2: {"HINCRBY workshop:user:grace visits 1 (integer) 2 1 round trip,", "visits 2", "lives for ever"},
		step3: {"MULTI OK HINCRBY workshop:user:grace visits 1 QUEUED EXPIRE workshop:user:grace 120 QUEUED EXEC 1) (integer) 2 2) (integer) 1 together, 1 round trip,", "visits 2", "TTL"},
		step4: {"EVALSHA", "1 round trip,", "visits 2", "username grace", "TTL", "a random token."},
	} {
		t.Run(step, func(t *testing.T) {
			b, _ := open(t, step)
			b.login("grace")
			if step != step1 {
				b.mustShow("Visits: 1")
			}
			b.reload()
			if step != step1 {
				b.mustShow("Visits: 2")
			}
			b.mustShow(append(shown, "Logged in as grace", "Served by "+strings.TrimPrefix(b.home, "http://")+", process")...)
			b.logout()
			// The panel shows hashes, which may contain a name of the letters a
			// to f.
			b.mustHide("grace")
			b.mustShow("No cookie")
		})
	}
}

func TestAnEndedSession(t *testing.T) {
	testall.Only(t)
	after := map[string][]string{
		step3: {"Logged in as ada.", "Visits: 1"},
		step4: {"You are not logged in", "Your session has ended: it was idle for 2 minutes, or was logged out", "It is gone: you are logged out."},
	}
	eachStep(t, []string{step3, step4}, func(t *testing.T, step string, b *tab, redis *redistest.Server) {
		b.login("ada")
		b.reload()
		b.mustShow("Visits: 2")
		if err := redis.Client.PExpire(t.Context(), b.key(), 0).Err(); err != nil {
			t.Fatal(err)
		}
		b.reload()
		b.mustShow(after[step]...)
		if step == step4 {
			b.login("ada")
			b.mustShow("Visits: 1")
		}
	})
}

func TestRedisStopsAndComesBack(t *testing.T) {
	testall.Only(t)
	for _, step := range []string{step2, step3, step4} {
		t.Run(step, func(t *testing.T) {
			b, redis := open(t, step, lasting...)
			b.login("ada")
			b.mustShow("Visits: 1")
			redis.Kill()
			if status := b.reload(); status != 503 {
				t.Errorf("status %d while Redis is stopped", status)
			}
			b.mustShow("Redis does not answer", "ou are not logged out", "(error)")
			b.mustHide("in time")
			// The error page has not asked Redis again.
			b.mustHide("Redis holds for you")
			redis.Restart()
			if status := b.click(`main a[href="/"]`); status != 200 {
				t.Errorf("status %d when Redis is back", status)
			}
			b.mustShow("Logged in as ada", "Visits: 2")
		})
	}
}

// A restarted Redis knows no scripts, and gets the source.
func TestTheSourceOfAScriptIsShownByItsName(t *testing.T) {
	testall.Only(t)
	b, redis := open(t, step4)
	b.login("ada")
	if err := redis.Client.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	b.reload()
	b.mustShow("Visits: 2", "EVALSHA visit 1", "NOSCRIPT", "EVAL visit 1", "2 round trips in all.")
	b.mustHide("redis.call")
}

func TestWithoutJavaScript(t *testing.T) {
	testall.Only(t)
	eachStep(t, []string{step1, step2, step3, step4}, func(t *testing.T, step string, b *tab, _ *redistest.Server) {
		b.withoutScripts()
		b.login("ada")
		b.mustShow("Under the hood", "This request asked Redis", "Your browser holds", "Served by")
		if step == step3 || step == step4 {
			b.mustShow("visits 1", "120 s")
		}
		b.logout()
	})
}
