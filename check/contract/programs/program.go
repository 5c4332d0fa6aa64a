// Package programs holds apps that test the checks: for each step the smallest
// right one, and many with one mistake each. They are handlers in the test's own
// process, with a real Redis.
package programs

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Program is the smallest app that passes: steps 1 to 3 with a signed cookie,
// step 4 with a session in Redis. Each wrong program changes some of its fields.
type Program struct {
	// Redis is where it keeps its data; nil for step 1.
	Redis redis.UniversalClient
	// Prefix begins each of its keys. It differs from the workshop's own.
	Prefix string
	ttl    time.Duration

	escape func(name string) string
	// logIn returns the value of the cookie.
	logIn func(r *http.Request, name string) (string, error)
	// who returns the name that belongs to a cookie, or "".
	who func(ctx context.Context, cookie string) (string, error)
	// visit counts a visit and returns the name and the count; nil in step 1.
	visit func(ctx context.Context, cookie string) (string, int64, error)
	// logOut ends the login on the server.
	logOut                                func(ctx context.Context, cookie string) error
	loggedOut, greeting, form, afterLogin string
	// cookieAge is the MaxAge of the login's cookie in seconds, 0 for none.
	cookieAge int
	// keepCookie is true if logout does not delete the cookie.
	keepCookie bool
	// elsewhere runs for every request with a cookie that is not a visit.
	elsewhere func(ctx context.Context, cookie string)
	// viewed runs for every visit.
	viewed func(w http.ResponseWriter, r *http.Request)
	// below runs for every visit of a logged-in user, and returns what the page
	// shows below the rest. cookie is the value that the browser sent.
	below func(w http.ResponseWriter, r *http.Request, cookie, name string) string
	// also holds handlers of further requests, such as "POST /more".
	also map[string]http.HandlerFunc
}

const cookieName = "sid"

var errNoSession = errors.New("no such session")

// Right returns a right program for step n, 1 to 4. ttl is the TTL of its keys,
// from step 3 on.
func Right(n int, client redis.UniversalClient, ttl time.Duration) *Program {
	p := &Program{
		Redis: client, Prefix: "contract-test:" + rand.Text() + ":", ttl: ttl,
		escape:    html.EscapeString,
		loggedOut: "You are not logged in", greeting: "Logged in as", afterLogin: "/",
		form:      `<form method="post"><input name=username><button>Login</button></form>`,
		logOut:    func(context.Context, string) error { return nil },
		elsewhere: func(context.Context, string) {},
		viewed:    func(http.ResponseWriter, *http.Request) {},
		below:     func(http.ResponseWriter, *http.Request, string, string) string { return "" },
	}
	p.logIn = func(_ *http.Request, name string) (string, error) { return sign(name), nil }
	p.who = func(_ context.Context, cookie string) (string, error) { return verify(cookie), nil }
	switch n {
	case 2:
		p.countBy(func(ctx context.Context, name string) (int64, error) {
			return client.HIncrBy(ctx, p.userKey(name), "visits", 1).Result()
		})
	case 3:
		p.countFor(ttl)
	case 4:
		p.keepSessions()
	}
	return p
}

// countFor makes each visit count, and set this TTL.
func (p *Program) countFor(ttl time.Duration) {
	p.countBy(func(ctx context.Context, name string) (int64, error) {
		tx := p.Redis.TxPipeline()
		n := tx.HIncrBy(ctx, p.userKey(name), "visits", 1)
		tx.Expire(ctx, p.userKey(name), ttl)
		_, err := tx.Exec(ctx)
		return n.Val(), err
	})
}

// countBy makes each visit count by the name in the signed cookie.
func (p *Program) countBy(count func(ctx context.Context, name string) (int64, error)) {
	p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
		name := verify(cookie)
		if name == "" {
			return "", 0, errNoSession
		}
		n, err := count(ctx, name)
		return name, n, err
	}
}

var countVisit = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local n = redis.call('HINCRBY', KEYS[1], 'visits', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {redis.call('HGET', KEYS[1], 'username'), n}`)

func (p *Program) keepSessions() {
	p.logIn = func(_ *http.Request, name string) (string, error) {
		return p.newSession(rand.Text(), name)
	}
	p.who = func(ctx context.Context, cookie string) (string, error) {
		name, err := p.Redis.HGet(ctx, p.sessionKey(cookie), "username").Result()
		if errors.Is(err, redis.Nil) {
			return "", nil
		}
		return name, err
	}
	p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
		if cookie == "" {
			return "", 0, errNoSession
		}
		reply, err := countVisit.Run(ctx, p.Redis, []string{p.sessionKey(cookie)}, p.ttl.Milliseconds()).Slice()
		if errors.Is(err, redis.Nil) {
			return "", 0, errNoSession
		}
		if err != nil {
			return "", 0, err
		}
		return fmt.Sprint(reply[0]), reply[1].(int64), nil
	}
	p.logOut = func(ctx context.Context, cookie string) error {
		return p.Redis.Del(ctx, p.sessionKey(cookie)).Err()
	}
}

func (p *Program) newSession(token, name string) (string, error) {
	ctx := context.Background()
	tx := p.Redis.TxPipeline()
	tx.HSet(ctx, p.sessionKey(token), "username", name, "visits", 0)
	tx.PExpire(ctx, p.sessionKey(token), p.ttl)
	_, err := tx.Exec(ctx)
	return token, err
}

// LiveForEver makes each visit remove the TTL of its keys.
func (p *Program) LiveForEver() {
	right := p.visit
	p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
		name, n, err := right(ctx, cookie)
		p.Redis.Persist(ctx, p.userKey(name))
		p.Redis.Persist(ctx, p.sessionKey(cookie))
		return name, n, err
	}
}

func (p *Program) userKey(name string) string { return p.Prefix + name }

func (p *Program) sessionKey(token string) string {
	sum := sha256.Sum256([]byte(token))
	return p.Prefix + hex.EncodeToString(sum[:])
}

func (p *Program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cookie := ""
	if c, err := r.Cookie(cookieName); err == nil {
		cookie = c.Value
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if r.URL.Path != "/" && cookie != "" {
		p.elsewhere(r.Context(), cookie)
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /":
		p.viewed(w, r)
		p.home(w, r, cookie)
	case "GET /login":
		fmt.Fprint(w, p.form)
	case "POST /login":
		value, err := p.logIn(r, r.FormValue("username"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: p.cookieAge})
		http.Redirect(w, r, p.afterLogin, http.StatusFound)
	case "GET /logout":
		if err := p.logOut(r.Context(), cookie); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if !p.keepCookie {
			http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1})
		}
		http.Redirect(w, r, "/", http.StatusFound)
	default:
		if handler := p.also[r.Method+" "+r.URL.Path]; handler != nil {
			handler(w, r)
			return
		}
		http.NotFound(w, r)
	}
}

func (p *Program) home(w http.ResponseWriter, r *http.Request, cookie string) {
	if p.visit == nil {
		name, err := p.who(r.Context(), cookie)
		if err != nil || name == "" {
			fmt.Fprint(w, p.loggedOut)
			return
		}
		below := p.below(w, r, cookie, name)
		fmt.Fprintf(w, "<p>%s <b>%s</b></p>%s", p.greeting, p.escape(name), below)
		return
	}
	name, n, err := p.visit(r.Context(), cookie)
	if errors.Is(err, errNoSession) {
		fmt.Fprint(w, p.loggedOut)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	below := p.below(w, r, cookie, name)
	fmt.Fprintf(w, "<p>%s <b>%s</b>.</p> <p>Visits: <i>%d</i></p>%s", p.greeting, p.escape(name), n, below)
}

// sign and verify write and read the signed cookie of steps 1 to 3.
func sign(name string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(name)) + "." + mac(name)
}

func verify(cookie string) string {
	encoded, sum, _ := strings.Cut(cookie, ".")
	name, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || !hmac.Equal([]byte(sum), []byte(mac(string(name)))) {
		return ""
	}
	return string(name)
}

func mac(name string) string {
	h := hmac.New(sha256.New, []byte("a key of the test"))
	h.Write([]byte(name))
	return hex.EncodeToString(h.Sum(nil))
}

func newToken() string { return rand.Text() }

// counter counts in the memory of the process.
type counter struct {
	mu     sync.Mutex
	counts map[string]int64
}

func (c *counter) add(name string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int64{}
	}
	c.counts[name]++
	return c.counts[name]
}

// highest writes a count if it is higher than the one in Redis.
var highest = redis.NewScript(`
local n = tonumber(redis.call('HGET', KEYS[1], 'visits') or '0')
if tonumber(ARGV[1]) > n then redis.call('HSET', KEYS[1], 'visits', ARGV[1]) end
return 1`)
