package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"example.com/session-workshop/sessionstore"
	"example.com/session-workshop/sessionstore/faults/internal/visit"
)

// user owns the sessions that some clients of a round use.
type user struct {
	round *round
	name  string

	mu      sync.Mutex
	cookies []string // all that logins returned
	handles []string // all that logins or lists returned
	history []*call
	// unanswered is how many calls got no answer.
	unanswered int
}

// call is one call of the store, and its result.
type call struct {
	verb     verb // begin for a login
	client   int
	from, to int64 // ticks
	err      error

	handle   string // the session that it is about; for a login the new one
	old      string // login: the session of the browser before
	attempts []attempt
	count    int64
	note     string
	listed   []string
}

// answered reports whether the store said what happened.
func (c *call) answered() bool { return c.err == nil || errors.Is(c.err, sessionstore.ErrNoSession) }

// client makes one call after another, as a browser with one tab does.
type client struct {
	*user
	store  *sessionstore.Store
	number int
	random *rand.Rand
	cookie string
}

// patience is enough for a login that loses a few replies.
const patience = 2 * time.Second

// habits is what a client does, and how often.
var habits = []struct {
	percent int
	act     func(*client, context.Context, *call)
}{
	{32, (*client).login},
	{14, (*client).visit},
	{12, (*client).incr},
	{12, (*client).set},
	{8, (*client).logout},
	{7, (*client).revoke},
	{3, (*client).revokeAll},
	{2, (*client).revokeOthers},
	{10, (*client).list},
}

func (c *client) act() {
	if c.anyCookie() == "" {
		c.do((*client).login)
		return
	}
	choice := c.random.IntN(100)
	for _, habit := range habits {
		if choice -= habit.percent; choice < 0 {
			c.do(habit.act)
			return
		}
	}
}

// mostUnanswered is after how many unanswered calls of a user its clients stop: each
// doubles the work of porcupine. On a busy machine many replies are late.
const mostUnanswered = 5

func (c *client) hadEnough() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unanswered >= mostUnanswered
}

// do makes a call and records it.
func (c *client) do(act func(*client, context.Context, *call)) {
	made := &call{client: c.number}
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), loginKey{}, made), patience)
	defer cancel()
	made.from = c.round.tick()
	act(c, ctx, made)
	made.to = c.round.tick()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.history = append(c.history, made)
	if !made.answered() {
		c.unanswered++
	}
}

func (c *client) login(ctx context.Context, made *call) {
	made.verb = begin
	b := visit.Browser{Store: c.store}
	if c.random.IntN(3) > 0 {
		b.Cookie = c.anyCookie()
	}
	made.err = b.Do(func(s *sessionstore.Session) error {
		made.old = s.Handle()
		err := s.Login(ctx, c.name)
		made.handle = s.Handle()
		return err
	})
	if made.err == nil {
		c.cookie = b.Cookie
		c.know(b.Cookie, made.handle)
	}
}

func (c *client) visit(ctx context.Context, made *call) {
	c.readWith(ctx, made, c.anyCookie())
}

func (c *client) readWith(ctx context.Context, made *call, cookie string) {
	made.verb = read
	c.batch(ctx, made, cookie)
}

func (c *client) incr(ctx context.Context, made *call) {
	made.verb = incr
	c.batch(ctx, made, c.anyCookie(), sessionstore.Incr("count", 1))
}

func (c *client) set(ctx context.Context, made *call) {
	made.verb = set
	note := fmt.Sprint(c.round.tick())
	c.batch(ctx, made, c.anyCookie(), sessionstore.Set("note", note))
	made.note = note
}

func (c *client) batch(ctx context.Context, made *call, cookie string, ops ...sessionstore.Op) {
	s := c.session(made, cookie)
	if made.err = s.Batch(ctx, ops...); made.err == nil {
		made.note = s.Value("note")
		_, _ = fmt.Sscan(s.Value("count"), &made.count)
	}
}

// logout keeps the cookie, so that later calls use it as a copied one.
func (c *client) logout(ctx context.Context, made *call) {
	made.verb = end
	made.err = c.session(made, c.anyCookie()).Logout(ctx)
}

func (c *client) revoke(ctx context.Context, made *call) {
	made.verb, made.handle = revoke, c.anyHandle()
	made.err = c.store.Revoke(ctx, c.name, made.handle)
}

func (c *client) revokeAll(ctx context.Context, made *call) {
	made.verb = revokeAll
	made.err = c.store.RevokeAll(ctx, c.name)
}

func (c *client) revokeOthers(ctx context.Context, made *call) {
	made.verb, made.handle = revokeAll, c.anyHandle()
	made.err = c.store.RevokeOthers(ctx, c.name, made.handle)
}

func (c *client) list(ctx context.Context, made *call) {
	made.verb = list
	var infos []sessionstore.Info
	infos, made.err = c.store.List(ctx, c.name)
	for _, info := range infos {
		made.listed = append(made.listed, info.Handle)
		c.know("", info.Handle)
	}
}

// session returns the session of a request with this cookie.
func (c *client) session(made *call, cookie string) *sessionstore.Session {
	s := (&visit.Browser{Store: c.store, Cookie: cookie}).Session()
	made.handle = s.Handle()
	return s
}

// anyCookie returns the cookie of the client's last login, sometimes that of any
// login of the user; empty before the first login.
func (c *client) anyCookie() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.cookies) > 0 && (c.cookie == "" || c.random.IntN(3) == 0) {
		return c.cookies[c.random.IntN(len(c.cookies))]
	}
	return c.cookie
}

func (c *client) anyHandle() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.handles[c.random.IntN(len(c.handles))]
}

// know adds what a login or a list returned.
func (u *user) know(cookie, handle string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if cookie != "" {
		u.cookies = append(u.cookies, cookie)
	}
	u.handles = append(u.handles, handle)
}
