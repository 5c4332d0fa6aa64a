package contract_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/contract"
	"example.com/session-workshop/shared/redistest"
)

const normalTTL = 10 * time.Second

// run serves a program and returns the failures of those checks of a step
// that pick accepts, by the checks' names.
func run(t *testing.T, p *program, step int, target contract.Target, pick func(contract.Check) bool) map[string]error {
	t.Helper()
	target.Redis = p.redis
	return runHandler(t, p, step, target, pick)
}

func runHandler(t *testing.T, h http.Handler, step int, target contract.Target, pick func(contract.Check) bool) map[string]error {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	target.URL = server.URL
	failures := map[string]error{}
	for _, check := range contract.Step(step) {
		if !pick(check) {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		err := check.Run(ctx, target)
		cancel()
		if err == nil {
			continue
		}
		failures[check.Name] = err
		var failure *contract.Failure
		if !errors.As(err, &failure) || failure.Expected == "" || failure.Got == "" {
			t.Errorf("%q failed without expected and got: %v", check.Name, err)
		}
	}
	return failures
}

func atOnce(c contract.Check) bool    { return c.Group == contract.Lesson && !c.Waits }
func waiting(c contract.Check) bool   { return c.Group == contract.Lesson && c.Waits }
func houseOnly(c contract.Check) bool { return c.Group == contract.House }

func TestRightProgramsPassTheLesson(t *testing.T) {
	t.Run("step 1", func(t *testing.T) {
		expectNone(t, run(t, rightProgram(1, nil, 0), 1, contract.Target{}, atOnce))
	})
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for step := 2; step <= 4; step++ {
			t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
				p := rightProgram(step, r.Client, normalTTL)
				expectNone(t, run(t, p, step, contract.Target{}, atOnce))
				expectNothingLeft(t, p)
			})
		}
	})
}

func TestRightProgramsPassTheWait(t *testing.T) {
	const short = time.Second
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for step := 3; step <= 4; step++ {
			t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
				p := rightProgram(step, r.Client, short)
				expectNone(t, run(t, p, step, contract.Target{TTL: short}, waiting))
				expectNothingLeft(t, p)
			})
		}
	})
}

func TestChecksMayRunSideBySide(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		p := rightProgram(4, r.Client, normalTTL)
		server := httptest.NewServer(p)
		defer server.Close()
		var wg sync.WaitGroup
		for _, check := range contract.Step(4) {
			if !atOnce(check) {
				continue
			}
			wg.Go(func() {
				if err := check.Run(t.Context(), contract.Target{URL: server.URL, Redis: r.Client}); err != nil {
					t.Errorf("%s: %v", check.Name, err)
				}
			})
		}
		wg.Wait()
		expectNothingLeft(t, p)
	})
}

func expectNone(t *testing.T, failures map[string]error) {
	t.Helper()
	for name, err := range failures {
		t.Errorf("%s: %v", name, err)
	}
}

// expectNothingLeft wants no key of the program in Redis any more.
func expectNothingLeft(t *testing.T, p *program) {
	t.Helper()
	left := p.redis.Scan(t.Context(), 0, p.prefix+"*", 1000).Iterator()
	for left.Next(t.Context()) {
		t.Errorf("the checks left the key %s", left.Val())
	}
	if err := left.Err(); err != nil {
		t.Error(err)
	}
}

// wrong is a program with one mistake.
type wrong struct {
	step    int
	mistake string
	spoil   func(p *program)
	// caught is the check meant for it, hint a part of that check's hint.
	caught, hint string
	// also are other checks that cannot pass with this mistake.
	also []string
}

// The checks that several mistakes break.
const (
	firstTTL   = "the first visit gives the key a TTL"
	refilled   = "every visit fills the TTL up again"
	leftAlone  = "other requests leave the TTL alone"
	fromRedis  = "the page shows the number that is in Redis"
	inRedis    = "Redis holds the count"
	atSameTime = "30 visits at the same time count 30"
	newCookie  = "every login gets a new cookie value"
)

var wrongs = []wrong{
	{
		step: 1, mistake: "the login in a variable of the server",
		spoil: func(p *program) {
			name := ""
			p.logIn = func(_ *http.Request, n string) (string, error) { name = n; return "here", nil }
			p.who = func(context.Context, string) (string, error) { return name, nil }
		},
		caught: "a second browser is not logged in", hint: "variable",
		also: []string{
			"two names in two browsers stay apart", "a changed cookie does not log anybody in",
			"after logout the page says You are not logged in",
		},
	},
	{
		step: 1, mistake: "other words for the page of nobody",
		spoil:  func(p *program) { p.loggedOut = "Please log in" },
		caught: "without a login, / says You are not logged in", hint: "exactly",
		also: []string{
			"a second browser is not logged in", "after logout the page says You are not logged in",
			"a changed cookie does not log anybody in",
		},
	},
	{
		step: 1, mistake: "another name for the form field",
		spoil:  func(p *program) { p.form = `<form method="post"><input name=user><button>Login</button></form>` },
		caught: "/login shows a form with a field username", hint: "named username",
	},
	{
		step: 1, mistake: "a redirect back to the form",
		spoil:  func(p *program) { p.afterLogin = "/login" },
		caught: "after login the browser is sent back to /", hint: "redirect",
	},
	{
		step: 1, mistake: "other words for the page of somebody",
		spoil:  func(p *program) { p.greeting = "Hello" },
		caught: "after login the page says Logged in as and your name", hint: "Set-Cookie",
		also: []string{
			"a second browser is not logged in", "two names in two browsers stay apart",
			"a login under another name replaces the first", "after logout the page says You are not logged in",
			"after logout you can log in again", "a name with HTML in it is shown as text",
		},
	},
	{
		step: 1, mistake: "a second login that changes nothing",
		spoil: func(p *program) {
			p.logIn = func(r *http.Request, name string) (string, error) {
				if c, err := r.Cookie(cookieName); err == nil {
					return c.Value, nil
				}
				return sign(name), nil
			}
		},
		caught: "a login under another name replaces the first", hint: "set the cookie anew",
	},
	{
		step: 1, mistake: "a list of cookies that logged out",
		spoil: func(p *program) {
			var ended sync.Map
			p.logOut = func(_ context.Context, cookie string) error { ended.Store(cookie, true); return nil }
			p.who = func(_ context.Context, cookie string) (string, error) {
				if _, found := ended.Load(cookie); found {
					return "", nil
				}
				return verify(cookie), nil
			}
		},
		caught: "after logout you can log in again", hint: "leave something behind",
	},
	{
		step: 1, mistake: "a cookie without a signature",
		spoil: func(p *program) {
			p.logIn = func(_ *http.Request, name string) (string, error) {
				return base64.RawURLEncoding.EncodeToString([]byte(name)), nil
			}
			p.who = func(_ context.Context, cookie string) (string, error) {
				name, err := base64.RawURLEncoding.DecodeString(cookie)
				if err != nil {
					return "", nil
				}
				return string(name), nil
			}
		},
		caught: "a changed cookie does not log anybody in", hint: "signed",
	},
	{
		step: 1, mistake: "a logout that keeps the cookie",
		spoil:  func(p *program) { p.keepCookie = true },
		caught: "after logout the page says You are not logged in", hint: "Max-Age=0",
	},
	{
		step: 2, mistake: "a name not escaped",
		spoil:  func(p *program) { p.escape = func(name string) string { return name } },
		caught: "a name with HTML in it is shown as text", hint: "Escape",
	},
	{
		step: 2, mistake: "a counter in memory, written to Redis",
		spoil: func(p *program) {
			counts := counter{}
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				n := counts.add(name)
				return n, highest.Run(ctx, p.redis, []string{p.userKey(name)}, n).Err()
			})
		},
		caught: fromRedis, hint: "counter in the app's memory",
	},
	{
		step: 2, mistake: "a counter in memory alone",
		spoil: func(p *program) {
			counts := counter{}
			p.countBy(func(_ context.Context, name string) (int64, error) { return counts.add(name), nil })
		},
		caught: inRedis, hint: "Redis hash",
		also: []string{fromRedis, atSameTime},
	},
	{
		step: 2, mistake: "read, add, write back",
		spoil: func(p *program) {
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				n, err := p.redis.HGet(ctx, p.userKey(name), "visits").Int64()
				if err != nil && !errors.Is(err, redis.Nil) {
					return 0, err
				}
				// What a slow page does between the two.
				time.Sleep(5 * time.Millisecond)
				return n + 1, p.redis.HSet(ctx, p.userKey(name), "visits", n+1).Err()
			})
		},
		caught: atSameTime, hint: "HINCRBY",
	},
	{
		step: 2, mistake: "the key deleted at logout",
		spoil: func(p *program) {
			p.logOut = func(ctx context.Context, cookie string) error {
				return p.redis.Del(ctx, p.userKey(verify(cookie))).Err()
			}
		},
		caught: "after logout and login the count goes on", hint: "leave the key",
	},
	{
		step: 2, mistake: "a visit counted on every page",
		spoil: func(p *program) {
			p.elsewhere = func(ctx context.Context, cookie string) {
				p.redis.HIncrBy(ctx, p.userKey(verify(cookie)), "visits", 1)
			}
		},
		caught: "only a visit of / counts", hint: "middleware",
		// Their logout and second login are pages too.
		also: []string{"after logout and login the count goes on"},
	},
	{
		step: 2, mistake: "the login counted as a visit",
		spoil: func(p *program) {
			p.logIn = func(r *http.Request, name string) (string, error) {
				return sign(name), p.redis.HIncrBy(r.Context(), p.userKey(name), "visits", 1).Err()
			}
		},
		caught: "the first visit says Visits: 1", hint: "login itself is not a visit",
		also: []string{
			"every visit adds one", inRedis, fromRedis, "two names in two browsers stay apart",
			"only a visit of / counts", "two browsers with one name share one count",
			"after logout and login the count goes on", atSameTime,
		},
	},
	{
		step: 2, mistake: "one key for all names",
		spoil: func(p *program) {
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				defer p.redis.HIncrBy(ctx, p.userKey(name), "visits", 1)
				return p.redis.HIncrBy(ctx, p.prefix+"all", "visits", 1).Result()
			})
		},
		caught: "two names in two browsers stay apart", hint: "missing in the Redis key",
		also: []string{
			"the first visit says Visits: 1", "every visit adds one", inRedis, fromRedis, "only a visit of / counts",
			"two browsers with one name share one count", "after logout and login the count goes on", atSameTime,
		},
	},
	{
		step: 3, mistake: "no EXPIRE",
		spoil: func(p *program) {
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				return p.redis.HIncrBy(ctx, p.userKey(name), "visits", 1).Result()
			})
		},
		caught: firstTTL, hint: "Is EXPIRE sent",
		also: []string{refilled},
	},
	{
		step: 3, mistake: "EXPIRE before HINCRBY",
		spoil: func(p *program) {
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				tx := p.redis.TxPipeline()
				tx.Expire(ctx, p.userKey(name), p.ttl)
				n := tx.HIncrBy(ctx, p.userKey(name), "visits", 1)
				_, err := tx.Exec(ctx)
				return n.Val(), err
			})
		},
		caught: firstTTL, hint: "with EXPIRE first",
	},
	{
		step: 3, mistake: "a TTL on the first visit only",
		spoil: func(p *program) {
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				n, err := p.redis.HIncrBy(ctx, p.userKey(name), "visits", 1).Result()
				if n == 1 && err == nil {
					err = p.redis.Expire(ctx, p.userKey(name), p.ttl).Err()
				}
				return n, err
			})
		},
		caught: refilled, hint: "not only the first one",
	},
	{
		step: 3, mistake: "EXPIRE on every page",
		spoil: func(p *program) {
			p.elsewhere = func(ctx context.Context, cookie string) {
				p.redis.Expire(ctx, p.userKey(verify(cookie)), p.ttl)
			}
		},
		caught: leftAlone, hint: "middleware",
	},
	{
		step: 3, mistake: "logged out when the count is gone",
		spoil: func(p *program) {
			right := p.visit
			p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
				name, n, err := right(ctx, cookie)
				if err == nil && n == 1 && !p.redis.SetNX(ctx, p.userKey(name)+":seen", 1, p.ttl).Val() {
					err = errNoSession
				}
				return name, n, err
			}
		},
		caught: "when the key is gone you are still logged in, and Visits is 1", hint: "nobody is logged out",
	},
	{
		step: 4, mistake: "sessions in the server's memory",
		spoil: func(p *program) {
			var names sync.Map
			counts := counter{}
			p.logIn = func(_ *http.Request, name string) (string, error) {
				token := newToken()
				names.Store(token, name)
				return token, nil
			}
			p.visit = func(_ context.Context, cookie string) (string, int64, error) {
				name, ok := names.Load(cookie)
				if !ok {
					return "", 0, errNoSession
				}
				return name.(string), counts.add(cookie), nil
			}
			p.logOut = func(_ context.Context, cookie string) error { names.Delete(cookie); return nil }
		},
		caught: "the login lives in Redis", hint: "makes a new hash in Redis",
		// Every check that looks for the session in Redis.
		also: []string{
			"the count is in the hash of the login", fromRedis, atSameTime, "Redis does not hold the cookie's value",
			"logout deletes the session in Redis", "after logout a copied cookie is dead",
			"login gives the session a TTL", firstTTL, refilled, leftAlone,
			"when the session is gone you are logged out, and a new login starts at 1",
		},
	},
	{
		step: 4, mistake: "the count beside the session",
		spoil: func(p *program) {
			right := p.visit
			p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
				name, _, err := right(ctx, cookie)
				if err != nil {
					return "", 0, err
				}
				n, err := p.redis.HIncrBy(ctx, p.sessionKey(cookie), "count", 1).Result()
				p.redis.HDel(ctx, p.sessionKey(cookie), "visits")
				return name, n, err
			}
		},
		caught: "the count is in the hash of the login", hint: "field visits",
		also: []string{fromRedis, atSameTime},
	},
	{
		step: 4, mistake: "a count that outlives the session",
		spoil: func(p *program) {
			var counts sync.Map
			right := p.logIn
			p.logIn = func(r *http.Request, name string) (string, error) {
				token, err := right(r, name)
				if old, ok := counts.Load(name); ok && err == nil {
					err = p.redis.HSet(r.Context(), p.sessionKey(token), "visits", old).Err()
				}
				return token, err
			}
			p.logOut = func(ctx context.Context, cookie string) error {
				session := p.redis.HGetAll(ctx, p.sessionKey(cookie)).Val()
				counts.Store(session["username"], session["visits"])
				return p.redis.Del(ctx, p.sessionKey(cookie)).Err()
			}
		},
		caught: "after logout a new login starts at Visits: 1", hint: "the count belongs to the session",
	},
	{
		step: 4, mistake: "a logout that leaves the session alive",
		spoil:  func(p *program) { p.logOut = func(context.Context, string) error { return nil } },
		caught: "logout deletes the session in Redis", hint: "DEL",
		also: []string{"after logout a copied cookie is dead"},
	},
	{
		step: 4, mistake: "a visit that brings a session back",
		spoil: func(p *program) {
			right := p.visit
			p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
				name, n, err := right(ctx, cookie)
				if errors.Is(err, errNoSession) && cookie != "" {
					p.redis.HIncrBy(ctx, p.sessionKey(cookie), "visits", 1)
					p.redis.PExpire(ctx, p.sessionKey(cookie), p.ttl)
				}
				return name, n, err
			}
		},
		caught: "a made-up cookie is not logged in and makes no key", hint: "make a key that is not there",
		also: []string{
			"after logout a copied cookie is dead",
			"when the session is gone you are logged out, and a new login starts at 1",
		},
	},
	{
		step: 4, mistake: "a token taken from the browser",
		spoil: func(p *program) {
			p.logIn = func(r *http.Request, name string) (string, error) {
				if sent, err := r.Cookie(cookieName); err == nil && p.redis.Exists(r.Context(), p.sessionKey(sent.Value)).Val() == 0 {
					return p.newSession(sent.Value, name)
				}
				return p.newSession(newToken(), name)
			}
		},
		caught: "login does not take a cookie value that was there before", hint: "fixation",
	},
	{
		step: 4, mistake: "the token used again by the next login",
		spoil: func(p *program) {
			p.logIn = func(r *http.Request, name string) (string, error) {
				if sent, err := r.Cookie(cookieName); err == nil && p.redis.Exists(r.Context(), p.sessionKey(sent.Value)).Val() == 1 {
					return p.newSession(sent.Value, name)
				}
				return p.newSession(newToken(), name)
			}
		},
		caught: newCookie, hint: "new random token in every login",
	},
	{
		step: 4, mistake: "the name readable in the cookie",
		spoil: func(p *program) {
			p.logIn = func(_ *http.Request, name string) (string, error) {
				return p.newSession(newToken()+"."+strings.TrimRight(sign(name), "="), name)
			}
		},
		caught: "the cookie does not contain your name", hint: "random token",
	},
	{
		step: 4, mistake: "two browsers in one session",
		spoil: func(p *program) {
			var mu sync.Mutex
			tokens := map[string]string{}
			p.logIn = func(r *http.Request, name string) (string, error) {
				mu.Lock()
				defer mu.Unlock()
				if token := tokens[name]; p.redis.Exists(r.Context(), p.sessionKey(token)).Val() == 1 {
					return token, nil
				}
				token, err := p.newSession(newToken(), name)
				tokens[name] = token
				return token, err
			}
		},
		caught: "two browsers with one name are two sessions", hint: "random token of this login",
		also: []string{newCookie, "logout in one browser leaves the other one logged in"},
	},
	{
		step: 4, mistake: "the token itself in Redis",
		spoil: func(p *program) {
			newSession := p.logIn
			p.logIn = func(r *http.Request, name string) (string, error) {
				token, err := newSession(r, name)
				if err == nil {
					err = p.redis.HSet(r.Context(), p.sessionKey(token), "token", token).Err()
				}
				return token, err
			}
		},
		caught: "Redis does not hold the cookie's value", hint: "SHA-256",
	},
	{
		step: 4, mistake: "a cookie set by every page",
		spoil: func(p *program) {
			p.viewed = func(w http.ResponseWriter, r *http.Request) {
				if c, err := r.Cookie(cookieName); err == nil {
					http.SetCookie(w, &http.Cookie{Name: cookieName, Value: c.Value, Path: "/"})
				}
			}
		},
		caught: "a page view sets no cookie", hint: "Only login and logout",
	},
	{
		step: 4, mistake: "a login without a TTL",
		spoil: func(p *program) {
			p.logIn = func(r *http.Request, name string) (string, error) {
				token := newToken()
				return token, p.redis.HSet(r.Context(), p.sessionKey(token), "username", name).Err()
			}
		},
		caught: "login gives the session a TTL", hint: "never comes back",
	},
	{
		step: 4, mistake: "no EXPIRE in a visit",
		spoil: func(p *program) {
			p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
				name, err := p.who(ctx, cookie)
				if err != nil || name == "" {
					return "", 0, errNoSession
				}
				n, err := p.redis.HIncrBy(ctx, p.sessionKey(cookie), "visits", 1).Result()
				return name, n, err
			}
		},
		caught: refilled, hint: "every visit sends EXPIRE",
	},
	{
		step: 4, mistake: "a session kept in memory too",
		spoil: func(p *program) {
			var names sync.Map
			right := p.visit
			counts := counter{}
			p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
				name, n, err := right(ctx, cookie)
				if known, ok := names.Load(cookie); ok && errors.Is(err, errNoSession) {
					return known.(string), counts.add(cookie), nil
				}
				if err == nil {
					names.Store(cookie, name)
				}
				return name, n, err
			}
			p.logOut = func(ctx context.Context, cookie string) error {
				names.Delete(cookie)
				return p.redis.Del(ctx, p.sessionKey(cookie)).Err()
			}
		},
		caught: "when the session is gone you are logged out, and a new login starts at 1", hint: "The session in Redis is the login",
	},
}

func TestWrongProgramsAreCaught(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for _, w := range wrongs {
			t.Run(fmt.Sprintf("step %d: %s", w.step, w.mistake), func(t *testing.T) {
				p := rightProgram(w.step, r.Client, normalTTL)
				w.spoil(p)
				failures := run(t, p, w.step, contract.Target{}, atOnce)
				for name, err := range failures {
					t.Logf("%s: %v", name, err)
				}
				expectExactly(t, failures, append(w.also, w.caught))
				expectHint(t, w)
				deleteAll(t, p)
			})
		}
	})
}

// A check that no wrong program fails may be one that cannot fail.
func TestEveryCheckOfTheLessonCatchesSomething(t *testing.T) {
	caught := map[string]bool{}
	for _, w := range wrongs {
		caught[w.caught] = true
		for _, name := range w.also {
			caught[name] = true
		}
	}
	for step := 1; step <= 4; step++ {
		for _, check := range contract.Step(step) {
			if atOnce(check) && !caught[check.Name] {
				t.Errorf("no wrong program fails %q", check.Name)
			}
		}
	}
}

func expectExactly(t *testing.T, failures map[string]error, want []string) {
	t.Helper()
	for _, name := range want {
		if failures[name] == nil {
			t.Errorf("%q passed", name)
		}
		delete(failures, name)
	}
	for name := range failures {
		t.Errorf("%q failed, which is not meant for this mistake", name)
	}
}

func expectHint(t *testing.T, w wrong) {
	t.Helper()
	for _, check := range contract.Step(w.step) {
		if check.Name == w.caught {
			if !strings.Contains(check.Hint, w.hint) {
				t.Errorf("the hint %q does not say %q", check.Hint, w.hint)
			}
			return
		}
	}
	t.Errorf("step %d has no check %q", w.step, w.caught)
}

// deleteAll deletes what a wrong program left under no user's name.
func deleteAll(t *testing.T, p *program) {
	t.Helper()
	keys := p.redis.Scan(t.Context(), 0, p.prefix+"*", 1000).Iterator()
	for keys.Next(t.Context()) {
		if err := p.redis.Del(t.Context(), keys.Val()).Err(); err != nil {
			t.Error(err)
		}
	}
	if err := keys.Err(); err != nil {
		t.Error(err)
	}
}

func TestTheWaitCatchesAWrongTTL(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for step := 3; step <= 4; step++ {
			t.Run(fmt.Sprintf("step %d, too short", step), func(t *testing.T) {
				p := rightProgram(step, r.Client, time.Second)
				failures := run(t, p, step, contract.Target{TTL: 3 * time.Second}, waiting)
				expectOneSaying(t, failures, "it was gone after")
			})
			t.Run(fmt.Sprintf("step %d, none", step), func(t *testing.T) {
				p := rightProgram(step, r.Client, normalTTL)
				right := p.visit
				p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
					name, n, err := right(ctx, cookie)
					p.redis.Persist(ctx, p.userKey(name))
					p.redis.Persist(ctx, p.sessionKey(cookie))
					return name, n, err
				}
				failures := run(t, p, step, contract.Target{}, waiting)
				expectOneSaying(t, failures, "lives for ever")
			})
		}
	})
}

func expectOneSaying(t *testing.T, failures map[string]error, part string) {
	t.Helper()
	if len(failures) != 1 {
		t.Errorf("%d checks failed, want 1", len(failures))
	}
	for name, err := range failures {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v: does not say %q", name, err, part)
		}
	}
}

// What the lesson's programs have of our own rules.
var plainHas = []string{
	"the login form has a button Login", "the page has the exact words", "HEAD counts nothing",
	"a form of this site is taken",
}

// The lesson's programs know nothing of our own rules, so every other house
// check must see something wrong in them.
func TestHouseChecksCatchAPlainProgram(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for step := 1; step <= 4; step++ {
			t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
				p := rightProgram(step, r.Client, normalTTL)
				has := plainHas
				if step == 1 {
					// Without a key in Redis, spaces that HTML folds cannot be seen.
					has = append(slices.Clone(has), "spaces around a name are taken off")
				}
				failures := run(t, p, step, contract.Target{}, houseOnly)
				for _, check := range contract.Step(step) {
					if houseOnly(check) && (failures[check.Name] == nil) != slices.Contains(has, check.Name) {
						t.Errorf("%q: %v", check.Name, failures[check.Name])
					}
				}
				deleteAll(t, p)
			})
		}
	})
}

// Each of these takes one thing away that the plain program has.
func TestHouseChecksCatchOneMistake(t *testing.T) {
	changed := func(from, to string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				answer := httptest.NewRecorder()
				next.ServeHTTP(answer, r)
				for name, values := range answer.Header() {
					w.Header()[name] = values
				}
				w.WriteHeader(answer.Code)
				io.WriteString(w, strings.ReplaceAll(answer.Body.String(), from, to))
			})
		}
	}
	headCounts := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked := r.Clone(r.Context())
			if r.Method == http.MethodHead {
				asked.Method = http.MethodGet
			}
			next.ServeHTTP(w, asked)
		})
	}
	refusesOrigin := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Origin") != "" {
				http.Error(w, "forbidden", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for caught, spoil := range map[string]func(http.Handler) http.Handler{
			"the login form has a button Login": changed("Login</button>", "Send</button>"),
			"the page has the exact words":      changed("</b>.", "</b>"),
			"HEAD counts nothing":               headCounts,
			"a form of this site is taken":      refusesOrigin,
		} {
			t.Run(caught, func(t *testing.T) {
				p := rightProgram(2, r.Client, normalTTL)
				only := func(c contract.Check) bool { return c.Name == caught }
				failures := runHandler(t, spoil(p), 2, contract.Target{Redis: r.Client}, only)
				expectExactly(t, failures, []string{caught})
				expectNothingLeft(t, p)
			})
		}
	})
}

func TestNoAppIsAFailureOfEveryCheck(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	for _, check := range contract.Step(1) {
		if err := check.Run(t.Context(), contract.Target{URL: server.URL}); err == nil {
			t.Errorf("%q passed", check.Name)
		}
	}
}

func TestStepsNeedARedis(t *testing.T) {
	for _, check := range contract.Step(2) {
		err := check.Run(t.Context(), contract.Target{URL: "http://127.0.0.1:1"})
		if err == nil || !strings.Contains(err.Error(), "Target.Redis") {
			t.Errorf("%q: %v", check.Name, err)
		}
	}
}

func TestChecksAreWhole(t *testing.T) {
	for step := 1; step <= 4; step++ {
		checks, names, waits := contract.Step(step), map[string]bool{}, 0
		for _, c := range checks {
			if c.Name == "" || c.Hint == "" || c.Run == nil || names[c.Name] {
				t.Errorf("step %d: %q is not whole, or there twice", step, c.Name)
			}
			names[c.Name] = true
			if c.Waits {
				waits++
			}
		}
		lessonsFirst := slices.IsSortedFunc(checks, func(a, b contract.Check) int { return -strings.Compare(string(a.Group), string(b.Group)) })
		if !lessonsFirst {
			t.Errorf("step %d: a house check stands before one of the lesson", step)
		}
		if want := map[int]int{3: 1, 4: 1}[step]; waits != want {
			t.Errorf("step %d: %d checks wait, want %d", step, waits, want)
		}
	}
	if len(contract.Step(0)) != 0 || len(contract.Step(5)) != 0 {
		t.Error("steps 0 and 5 have checks")
	}
}
