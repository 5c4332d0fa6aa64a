package programs

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Wrong is a mistake that learners make.
type Wrong struct {
	// Step is the step whose right program gets the mistake.
	Step int
	// Mistake describes it in a few words.
	Mistake string
	spoil   func(p *Program)
	// Caught is the id of the check meant for it, Hint a part of that check's
	// first hint.
	Caught, Hint string
	// Also holds the ids of the other checks that fail with this mistake.
	Also []string
}

// Program returns a new program with this mistake.
func (w Wrong) Program(client redis.UniversalClient, ttl time.Duration) *Program {
	p := Right(w.Step, client, ttl)
	w.spoil(p)
	return p
}

// Wrongs holds all the mistakes. Each check of the lesson that does not wait
// catches at least one of them.
var Wrongs = []Wrong{
	{
		Step: 1, Mistake: "the login in a variable of the server",
		spoil: func(p *Program) {
			name := ""
			p.logIn = func(_ *http.Request, n string) (string, error) { name = n; return "here", nil }
			p.who = func(context.Context, string) (string, error) { return name, nil }
		},
		Caught: "second-browser", Hint: "variable",
		Also: []string{"names-apart", "changed-cookie", "logout"},
	},
	{
		Step: 1, Mistake: "other words on the page without a login",
		spoil:  func(p *Program) { p.loggedOut = "Please log in" },
		Caught: "logged-out", Hint: "exactly",
		Also: []string{"second-browser", "logout", "changed-cookie"},
	},
	{
		Step: 1, Mistake: "another name for the form field",
		spoil:  func(p *Program) { p.form = `<form method="post"><input name=user><button>Login</button></form>` },
		Caught: "login-form", Hint: "named username",
	},
	{
		Step: 1, Mistake: "a redirect back to the form",
		spoil:  func(p *Program) { p.afterLogin = "/login" },
		Caught: "login-redirect", Hint: "redirect",
	},
	{
		Step: 1, Mistake: "other words on the page after a login",
		spoil:  func(p *Program) { p.greeting = "Hello" },
		Caught: "logged-in-name", Hint: "Set-Cookie",
		Also: []string{
			"second-browser", "names-apart", "login-replaces", "logout", "login-after-logout", "html-as-text",
		},
	},
	{
		Step: 1, Mistake: "a second login that changes nothing",
		spoil: func(p *Program) {
			p.logIn = func(r *http.Request, name string) (string, error) {
				if c, err := r.Cookie(cookieName); err == nil {
					return c.Value, nil
				}
				return sign(name), nil
			}
		},
		Caught: "login-replaces", Hint: "set the cookie again",
	},
	{
		Step: 1, Mistake: "a list of cookies that logged out",
		spoil: func(p *Program) {
			var ended sync.Map
			p.logOut = func(_ context.Context, cookie string) error { ended.Store(cookie, true); return nil }
			p.who = func(_ context.Context, cookie string) (string, error) {
				if _, found := ended.Load(cookie); found {
					return "", nil
				}
				return verify(cookie), nil
			}
		},
		Caught: "login-after-logout", Hint: "leave something behind",
	},
	{
		Step: 1, Mistake: "a cookie without a signature",
		spoil: func(p *Program) {
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
		Caught: "changed-cookie", Hint: "signed",
	},
	{
		Step: 1, Mistake: "a logout that keeps the cookie",
		spoil:  func(p *Program) { p.keepCookie = true },
		Caught: "logout", Hint: "Max-Age=0",
	},
	{
		Step: 2, Mistake: "a name not escaped",
		spoil:  func(p *Program) { p.escape = func(name string) string { return name } },
		Caught: "html-as-text", Hint: "Escape",
	},
	{
		Step: 2, Mistake: "a counter in memory, written to Redis",
		spoil: func(p *Program) {
			counts := counter{}
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				n := counts.add(name)
				return n, highest.Run(ctx, p.Redis, []string{p.userKey(name)}, n).Err()
			})
		},
		Caught: "count-from-redis", Hint: "counter in the app's memory",
	},
	{
		Step: 2, Mistake: "a counter in memory alone",
		spoil: func(p *Program) {
			counts := counter{}
			p.countBy(func(_ context.Context, name string) (int64, error) { return counts.add(name), nil })
		},
		Caught: "count-in-redis", Hint: "Redis hash",
		Also: []string{"count-from-redis", "visits-at-once", "one-round-trip"},
	},
	{
		Step: 2, Mistake: "read, add, write back",
		spoil: func(p *Program) {
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				n, err := p.Redis.HGet(ctx, p.userKey(name), "visits").Int64()
				if err != nil && !errors.Is(err, redis.Nil) {
					return 0, err
				}
				// A slow page works between the two.
				time.Sleep(5 * time.Millisecond)
				return n + 1, p.Redis.HSet(ctx, p.userKey(name), "visits", n+1).Err()
			})
		},
		Caught: "visits-at-once", Hint: "HINCRBY",
		Also: []string{"one-round-trip"},
	},
	{
		Step: 2, Mistake: "the key deleted at logout",
		spoil: func(p *Program) {
			p.logOut = func(ctx context.Context, cookie string) error {
				return p.Redis.Del(ctx, p.userKey(verify(cookie))).Err()
			}
		},
		Caught: "count-goes-on", Hint: "leave the key",
	},
	{
		Step: 2, Mistake: "a visit counted on every page",
		spoil: func(p *Program) {
			p.elsewhere = func(ctx context.Context, cookie string) {
				p.Redis.HIncrBy(ctx, p.userKey(verify(cookie)), "visits", 1)
			}
		},
		Caught: "only-root-counts", Hint: "middleware",
		// The logout and the second login of that check are pages too.
		Also: []string{"count-goes-on"},
	},
	{
		Step: 2, Mistake: "the login counted as a visit",
		spoil: func(p *Program) {
			p.logIn = func(r *http.Request, name string) (string, error) {
				return sign(name), p.Redis.HIncrBy(r.Context(), p.userKey(name), "visits", 1).Err()
			}
		},
		Caught: "first-visit", Hint: "login itself is not a visit",
		Also: []string{
			"visit-adds-one", "count-in-redis", "count-from-redis", "names-apart",
			"only-root-counts", "count-per-name", "count-goes-on", "visits-at-once",
		},
	},
	{
		Step: 2, Mistake: "one key for all names",
		spoil: func(p *Program) {
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				defer p.Redis.HIncrBy(ctx, p.userKey(name), "visits", 1)
				return p.Redis.HIncrBy(ctx, p.Prefix+"all", "visits", 1).Result()
			})
		},
		Caught: "names-apart", Hint: "missing in the Redis key",
		Also: []string{
			"first-visit", "visit-adds-one", "count-in-redis", "count-from-redis", "only-root-counts",
			"count-per-name", "count-goes-on", "visits-at-once",
			"one-round-trip",
		},
	},
	{
		Step: 2, Mistake: "a visit counted without a login",
		spoil: func(p *Program) {
			right := p.visit
			p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
				name, n, err := right(ctx, cookie)
				if errors.Is(err, errNoSession) {
					p.Redis.HIncrBy(ctx, p.userKey(name), "visits", 1)
				}
				return name, n, err
			}
		},
		Caught: "no-login-no-question", Hint: "without a login",
	},
	{
		Step: 2, Mistake: "EXISTS before HINCRBY",
		spoil: func(p *Program) {
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				if err := p.Redis.Exists(ctx, p.userKey(name)).Err(); err != nil {
					return 0, err
				}
				return p.Redis.HIncrBy(ctx, p.userKey(name), "visits", 1).Result()
			})
		},
		Caught: "one-round-trip", Hint: "Send all commands of a visit together",
	},
	{
		Step: 3, Mistake: "EXPIRE in a second round trip",
		spoil: func(p *Program) {
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				n, err := p.Redis.HIncrBy(ctx, p.userKey(name), "visits", 1).Result()
				if err == nil {
					err = p.Redis.Expire(ctx, p.userKey(name), p.ttl).Err()
				}
				return n, err
			})
		},
		Caught: "one-round-trip", Hint: "waits for its answer",
	},
	{
		Step: 3, Mistake: "ten seconds in the code",
		spoil:  func(p *Program) { p.countFor(10 * time.Second) },
		Caught: "ttl-set", Hint: "written in the code",
		Also: []string{"ttl-refilled"},
	},
	{
		Step: 3, Mistake: "no EXPIRE",
		spoil: func(p *Program) {
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				return p.Redis.HIncrBy(ctx, p.userKey(name), "visits", 1).Result()
			})
		},
		Caught: "ttl-set", Hint: "Is EXPIRE sent",
		Also: []string{"ttl-refilled"},
	},
	{
		Step: 3, Mistake: "EXPIRE before HINCRBY",
		spoil: func(p *Program) {
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				tx := p.Redis.TxPipeline()
				tx.Expire(ctx, p.userKey(name), p.ttl)
				n := tx.HIncrBy(ctx, p.userKey(name), "visits", 1)
				_, err := tx.Exec(ctx)
				return n.Val(), err
			})
		},
		Caught: "ttl-set", Hint: "with EXPIRE first",
	},
	{
		Step: 3, Mistake: "a TTL on the first visit only",
		spoil: func(p *Program) {
			p.countBy(func(ctx context.Context, name string) (int64, error) {
				n, err := p.Redis.HIncrBy(ctx, p.userKey(name), "visits", 1).Result()
				if n == 1 && err == nil {
					err = p.Redis.Expire(ctx, p.userKey(name), p.ttl).Err()
				}
				return n, err
			})
		},
		Caught: "ttl-refilled", Hint: "not only the first one",
	},
	{
		Step: 3, Mistake: "EXPIRE on every page",
		spoil: func(p *Program) {
			p.elsewhere = func(ctx context.Context, cookie string) {
				p.Redis.Expire(ctx, p.userKey(verify(cookie)), p.ttl)
			}
		},
		Caught: "ttl-left-alone", Hint: "middleware",
	},
	{
		Step: 3, Mistake: "logged out when the count is gone",
		spoil: func(p *Program) {
			right := p.visit
			p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
				name, n, err := right(ctx, cookie)
				if err == nil && n == 1 && !p.Redis.SetNX(ctx, p.userKey(name)+":seen", 1, p.ttl).Val() {
					err = errNoSession
				}
				return name, n, err
			}
		},
		Caught: "key-gone", Hint: "the user stays logged in",
	},
	{
		Step: 4, Mistake: "sessions in the server's memory",
		spoil: func(p *Program) {
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
		Caught: "login-in-redis", Hint: "makes a new hash in Redis",
		// Every check that looks for the session in Redis.
		Also: []string{
			"count-in-session", "count-from-redis", "visits-at-once", "token-not-in-redis",
			"logout-deletes-session", "copied-cookie",
			"login-ttl", "ttl-set", "ttl-refilled", "ttl-left-alone", "session-gone",
			"logout-during-visit", "one-round-trip",
		},
	},
	{
		Step: 4, Mistake: "the count beside the session",
		spoil: func(p *Program) {
			right := p.visit
			p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
				name, _, err := right(ctx, cookie)
				if err != nil {
					return "", 0, err
				}
				n, err := p.Redis.HIncrBy(ctx, p.sessionKey(cookie), "count", 1).Result()
				p.Redis.HDel(ctx, p.sessionKey(cookie), "visits")
				return name, n, err
			}
		},
		Caught: "count-in-session", Hint: "field visits",
		Also: []string{"count-from-redis", "visits-at-once", "logout-during-visit", "one-round-trip"},
	},
	{
		Step: 4, Mistake: "a count that outlives the session",
		spoil: func(p *Program) {
			var counts sync.Map
			right := p.logIn
			p.logIn = func(r *http.Request, name string) (string, error) {
				token, err := right(r, name)
				if old, ok := counts.Load(name); ok && err == nil {
					err = p.Redis.HSet(r.Context(), p.sessionKey(token), "visits", old).Err()
				}
				return token, err
			}
			p.logOut = func(ctx context.Context, cookie string) error {
				session := p.Redis.HGetAll(ctx, p.sessionKey(cookie)).Val()
				counts.Store(session["username"], session["visits"])
				return p.Redis.Del(ctx, p.sessionKey(cookie)).Err()
			}
		},
		Caught: "count-ends", Hint: "the count belongs to the session",
	},
	{
		Step: 4, Mistake: "a logout that leaves the session alive",
		spoil:  func(p *Program) { p.logOut = func(context.Context, string) error { return nil } },
		Caught: "logout-deletes-session", Hint: "DEL",
		Also: []string{"copied-cookie", "logout-during-visit"},
	},
	{
		Step: 4, Mistake: "a visit that brings a session back",
		spoil: func(p *Program) {
			right := p.visit
			p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
				name, n, err := right(ctx, cookie)
				if errors.Is(err, errNoSession) && cookie != "" {
					p.Redis.HIncrBy(ctx, p.sessionKey(cookie), "visits", 1)
					p.Redis.PExpire(ctx, p.sessionKey(cookie), p.ttl)
				}
				return name, n, err
			}
		},
		Caught: "made-up-cookie", Hint: "make a key that is not there",
		Also: []string{"copied-cookie", "session-gone"},
	},
	{
		Step: 4, Mistake: "a token taken from the browser",
		spoil: func(p *Program) {
			p.logIn = func(r *http.Request, name string) (string, error) {
				if sent, err := r.Cookie(cookieName); err == nil && p.Redis.Exists(r.Context(), p.sessionKey(sent.Value)).Val() == 0 {
					return p.newSession(sent.Value, name)
				}
				return p.newSession(newToken(), name)
			}
		},
		Caught: "fixation", Hint: "fixation",
	},
	{
		Step: 4, Mistake: "the token used again by the next login",
		spoil: func(p *Program) {
			p.logIn = func(r *http.Request, name string) (string, error) {
				if sent, err := r.Cookie(cookieName); err == nil && p.Redis.Exists(r.Context(), p.sessionKey(sent.Value)).Val() == 1 {
					return p.newSession(sent.Value, name)
				}
				return p.newSession(newToken(), name)
			}
		},
		Caught: "new-token", Hint: "new random token in every login",
	},
	{
		Step: 4, Mistake: "the number of the login as the token",
		spoil: func(p *Program) {
			logins := counter{}
			p.logIn = func(_ *http.Request, name string) (string, error) {
				return p.newSession(fmt.Sprintf("%032d", logins.add("all")), name)
			}
		},
		Caught: "token-random", Hint: "counts up",
	},
	{
		Step: 4, Mistake: "the time as the token",
		spoil: func(p *Program) {
			p.logIn = func(_ *http.Request, name string) (string, error) {
				return p.newSession(fmt.Sprint(time.Now().UnixNano()), name)
			}
		},
		Caught: "token-random", Hint: "the time",
	},
	{
		Step: 4, Mistake: "the name readable in the cookie",
		spoil: func(p *Program) {
			p.logIn = func(_ *http.Request, name string) (string, error) {
				return p.newSession(newToken()+"."+strings.TrimRight(sign(name), "="), name)
			}
		},
		Caught: "name-not-in-cookie", Hint: "random token",
	},
	{
		Step: 4, Mistake: "two browsers in one session",
		spoil: func(p *Program) {
			var mu sync.Mutex
			tokens := map[string]string{}
			p.logIn = func(r *http.Request, name string) (string, error) {
				mu.Lock()
				defer mu.Unlock()
				if token := tokens[name]; p.Redis.Exists(r.Context(), p.sessionKey(token)).Val() == 1 {
					return token, nil
				}
				token, err := p.newSession(newToken(), name)
				tokens[name] = token
				return token, err
			}
		},
		Caught: "session-per-login", Hint: "random token of this login",
		Also: []string{"new-token", "token-random", "logout-one-browser"},
	},
	{
		Step: 4, Mistake: "the token itself in Redis",
		spoil: func(p *Program) {
			newSession := p.logIn
			p.logIn = func(r *http.Request, name string) (string, error) {
				token, err := newSession(r, name)
				if err == nil {
					err = p.Redis.HSet(r.Context(), p.sessionKey(token), "token", token).Err()
				}
				return token, err
			}
		},
		Caught: "token-not-in-redis", Hint: "SHA-256",
	},
	{
		Step: 4, Mistake: "a cookie set by every page",
		spoil: func(p *Program) {
			p.viewed = func(w http.ResponseWriter, r *http.Request) {
				if c, err := r.Cookie(cookieName); err == nil {
					http.SetCookie(w, &http.Cookie{Name: cookieName, Value: c.Value, Path: "/"})
				}
			}
		},
		Caught: "view-sets-no-cookie", Hint: "Only login and logout",
	},
	{
		Step: 4, Mistake: "a login without a TTL",
		spoil: func(p *Program) {
			p.logIn = func(r *http.Request, name string) (string, error) {
				token := newToken()
				return token, p.Redis.HSet(r.Context(), p.sessionKey(token), "username", name).Err()
			}
		},
		Caught: "login-ttl", Hint: "never comes back",
	},
	{
		Step: 4, Mistake: "no EXPIRE in a visit",
		spoil: func(p *Program) {
			p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
				if cookie == "" {
					return "", 0, errNoSession
				}
				name, err := p.who(ctx, cookie)
				if err != nil || name == "" {
					return "", 0, errNoSession
				}
				n, err := p.Redis.HIncrBy(ctx, p.sessionKey(cookie), "visits", 1).Result()
				return name, n, err
			}
		},
		Caught: "ttl-refilled", Hint: "every visit sends EXPIRE",
		Also: []string{"logout-during-visit", "one-round-trip"},
	},
	{
		Step: 4, Mistake: "a session kept in memory too",
		spoil: func(p *Program) {
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
				return p.Redis.Del(ctx, p.sessionKey(cookie)).Err()
			}
		},
		Caught: "session-gone", Hint: "The session in Redis is the login",
	},
	{
		Step: 4, Mistake: "a check, and then a count",
		spoil: func(p *Program) {
			p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
				if cookie == "" {
					return "", 0, errNoSession
				}
				name, err := p.who(ctx, cookie)
				if err != nil || name == "" {
					return "", 0, errNoSession
				}
				tx := p.Redis.TxPipeline()
				n := tx.HIncrBy(ctx, p.sessionKey(cookie), "visits", 1)
				tx.PExpire(ctx, p.sessionKey(cookie), p.ttl)
				_, err = tx.Exec(ctx)
				return name, n.Val(), err
			}
		},
		Caught: "logout-during-visit", Hint: "A logout came between the two",
		Also: []string{"one-round-trip"},
	},
	{
		Step: 4, Mistake: "PEXPIRE beside the script",
		spoil: func(p *Program) {
			right := p.visit
			p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
				name, n, err := right(ctx, cookie)
				if err == nil {
					err = p.Redis.PExpire(ctx, p.sessionKey(cookie), p.ttl).Err()
				}
				return name, n, err
			}
		},
		Caught: "one-round-trip", Hint: "Send all commands of a visit together",
	},
	{
		Step: 4, Mistake: "ten seconds in the code",
		spoil:  func(p *Program) { p.ttl = 10 * time.Second },
		Caught: "login-ttl", Hint: "written in the code",
		Also: []string{"ttl-set", "ttl-refilled"},
	},
}
