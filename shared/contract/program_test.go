package contract_test

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

// program is a learner's app in the smallest form that passes: steps 1 to 3
// with a signed cookie, step 4 with a session in Redis. Its fields are what
// the wrong programs get wrong, one at a time.
type program struct {
	redis  redis.UniversalClient
	prefix string // of its keys, other than the workshop's own
	ttl    time.Duration

	escape func(name string) string
	// logIn returns the value of the cookie.
	logIn func(r *http.Request, name string) (string, error)
	// who returns the name behind a cookie, or "".
	who func(ctx context.Context, cookie string) (string, error)
	// visit counts one and returns the name and the number; step 1 has none.
	visit func(ctx context.Context, cookie string) (string, int64, error)
	// logOut ends what is on the server.
	logOut                                func(ctx context.Context, cookie string) error
	loggedOut, greeting, form, afterLogin string
	// keepCookie is true where logout forgets to delete the cookie.
	keepCookie bool
	// elsewhere runs for every request that is no visit.
	elsewhere func(ctx context.Context, cookie string)
	// viewed runs for every visit.
	viewed func(w http.ResponseWriter, r *http.Request)
}

const cookieName = "sid"

var errNoSession = errors.New("no such session")

// rightProgram is right for step n.
func rightProgram(n int, client redis.UniversalClient, ttl time.Duration) *program {
	p := &program{
		redis: client, prefix: "contract-test:" + rand.Text() + ":", ttl: ttl,
		escape:    html.EscapeString,
		loggedOut: "You are not logged in", greeting: "Logged in as", afterLogin: "/",
		form:      `<form method="post"><input name=username><button>Login</button></form>`,
		logOut:    func(context.Context, string) error { return nil },
		elsewhere: func(context.Context, string) {},
		viewed:    func(http.ResponseWriter, *http.Request) {},
	}
	p.logIn = func(_ *http.Request, name string) (string, error) { return sign(name), nil }
	p.who = func(_ context.Context, cookie string) (string, error) { return verify(cookie), nil }
	switch n {
	case 2:
		p.countBy(func(ctx context.Context, name string) (int64, error) {
			return client.HIncrBy(ctx, p.userKey(name), "visits", 1).Result()
		})
	case 3:
		p.countBy(func(ctx context.Context, name string) (int64, error) {
			tx := client.TxPipeline()
			n := tx.HIncrBy(ctx, p.userKey(name), "visits", 1)
			tx.Expire(ctx, p.userKey(name), ttl)
			_, err := tx.Exec(ctx)
			return n.Val(), err
		})
	case 4:
		p.keepSessions()
	}
	return p
}

// countBy counts a visit by the name in the signed cookie.
func (p *program) countBy(count func(ctx context.Context, name string) (int64, error)) {
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

func (p *program) keepSessions() {
	p.logIn = func(_ *http.Request, name string) (string, error) {
		return p.newSession(rand.Text(), name)
	}
	p.who = func(ctx context.Context, cookie string) (string, error) {
		name, err := p.redis.HGet(ctx, p.sessionKey(cookie), "username").Result()
		if errors.Is(err, redis.Nil) {
			return "", nil
		}
		return name, err
	}
	p.visit = func(ctx context.Context, cookie string) (string, int64, error) {
		reply, err := countVisit.Run(ctx, p.redis, []string{p.sessionKey(cookie)}, p.ttl.Milliseconds()).Slice()
		if errors.Is(err, redis.Nil) {
			return "", 0, errNoSession
		}
		if err != nil {
			return "", 0, err
		}
		return fmt.Sprint(reply[0]), reply[1].(int64), nil
	}
	p.logOut = func(ctx context.Context, cookie string) error {
		return p.redis.Del(ctx, p.sessionKey(cookie)).Err()
	}
}

func (p *program) newSession(token, name string) (string, error) {
	ctx := context.Background()
	tx := p.redis.TxPipeline()
	tx.HSet(ctx, p.sessionKey(token), "username", name, "visits", 0)
	tx.PExpire(ctx, p.sessionKey(token), p.ttl)
	_, err := tx.Exec(ctx)
	return token, err
}

func (p *program) userKey(name string) string { return p.prefix + name }

func (p *program) sessionKey(token string) string {
	sum := sha256.Sum256([]byte(token))
	return p.prefix + hex.EncodeToString(sum[:])
}

func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
		http.SetCookie(w, &http.Cookie{Name: cookieName, Value: value, Path: "/"})
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
		http.NotFound(w, r)
	}
}

func (p *program) home(w http.ResponseWriter, r *http.Request, cookie string) {
	if p.visit == nil {
		name, err := p.who(r.Context(), cookie)
		if err != nil || name == "" {
			fmt.Fprint(w, p.loggedOut)
			return
		}
		fmt.Fprintf(w, "<p>%s <b>%s</b></p>", p.greeting, p.escape(name))
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
	fmt.Fprintf(w, "<p>%s <b>%s</b>.</p> <p>Visits: <i>%d</i></p>", p.greeting, p.escape(name), n)
}

// sign and verify are the signed cookie of steps 1 to 3.
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

// highest writes a count unless there is a higher one.
var highest = redis.NewScript(`
local n = tonumber(redis.call('HGET', KEYS[1], 'visits') or '0')
if tonumber(ARGV[1]) > n then redis.call('HSET', KEYS[1], 'visits', ARGV[1]) end
return 1`)
