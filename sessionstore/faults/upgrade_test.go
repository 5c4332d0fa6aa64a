package faults

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/sessionstore"
	"example.com/session-workshop/sessionstore/faults/internal/visit"
)

// oldCreate and oldEnter are scripts of version 0.1.
const (
	oldCreate = `-- create
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = string.format('%.0f', now + ARGV[3])
redis.call('HSET', KEYS[1], 'username', ARGV[1], '@created', string.format('%.0f', now), '@end', ends)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIREAT', KEYS[1], ends, 'LT')
return 1`

	oldEnter = `-- enter
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = string.format('%.0f', now + ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
redis.call('ZADD', KEYS[1], ends, ARGV[1])
redis.call('PEXPIREAT', KEYS[1], ends, 'NX')
redis.call('PEXPIREAT', KEYS[1], ends, 'GT')
return redis.call('ZRANGE', KEYS[1], 0, -1)`
)

// upgrade is a service with users who logged in with version 0.1.
type upgrade struct {
	*testing.T
	ctx    context.Context
	admin  redis.UniversalClient
	prefix string
	store  *sessionstore.Store
}

// old returns a browser that logged in with version 0.1.
func (u *upgrade) old(username string) *visit.Browser {
	u.Helper()
	var random [32]byte
	rand.Read(random[:])
	token := base64.RawURLEncoding.EncodeToString(random[:])
	age := (8 * time.Hour).Milliseconds()
	for _, script := range []struct {
		source, key string
		args        []any
	}{
		{oldCreate, u.prefix + longDigest(token), []any{username, time.Hour.Milliseconds(), age}},
		{oldEnter, u.prefix + "user:" + longDigest(username)[:32], []any{longDigest(token), age}},
	} {
		if err := u.admin.Eval(u.ctx, script.source, []string{script.key}, script.args...).Err(); err != nil {
			u.Fatal(err)
		}
	}
	return &visit.Browser{Store: u.store, Cookie: "__Host-session=" + token}
}

func longDigest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (u *upgrade) new(username string) *visit.Browser {
	u.Helper()
	b := &visit.Browser{Store: u.store}
	u.must(b.Login(u.ctx, username))
	return b
}

func (u *upgrade) must(err error) {
	u.Helper()
	if err != nil {
		u.Fatal(err)
	}
}

// wantAlive fails the test unless a visit finds a session, or none, as wanted.
func (u *upgrade) wantAlive(what string, b *visit.Browser, want bool) {
	u.Helper()
	if err := b.Session().Refresh(u.ctx); (err == nil) != want {
		u.Errorf("%s: the visit returned %v, want a session: %t", what, err, want)
	}
}

func (u *upgrade) lists(want ...*visit.Browser) {
	u.Helper()
	all, err := u.store.List(u.ctx, "aaa")
	u.must(err)
	var got, handles []string
	for _, info := range all {
		got = append(got, info.Handle)
	}
	for _, b := range want {
		s := b.Session()
		u.must(s.Refresh(u.ctx))
		handles = append(handles, s.Handle())
	}
	slices.Sort(got)
	slices.Sort(handles)
	if !slices.Equal(got, handles) {
		u.Errorf("List has %v, want %v", got, handles)
	}
}

func TestSessionsOfThePreviousVersionStayValid(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for name, test := range map[string]func(*upgrade){
			"a visit": func(u *upgrade) {
				b := u.old("aaa")
				s := b.Session()
				n, err := s.Incr(u.ctx, "visits", 1)
				if err != nil || n != 1 || s.Username() != "aaa" || s.Handle() != longDigest(b.Token()) {
					u.Errorf("visit %d of %q with the handle %s (%v), want 1 of aaa with the long handle", n, s.Username(), s.Handle(), err)
				}
				n, err = s.Incr(u.ctx, "visits", 1)
				if err != nil || n != 2 {
					u.Errorf("visit %d (%v), want 2", n, err)
				}
				u.lists(b)
			},
			"a list of both versions": func(u *upgrade) { u.lists(u.old("aaa"), u.new("aaa"), u.old("aaa")) },
			"a logout": func(u *upgrade) {
				b, other := u.old("aaa"), u.new("aaa")
				copied := *b
				u.must(b.Logout(u.ctx))
				u.wantAlive("after the logout", &copied, false)
				u.lists(other)
			},
			"a login": func(u *upgrade) {
				b := u.old("aaa")
				copied := *b
				u.must(b.Login(u.ctx, "aaa"))
				u.wantAlive("the old cookie", &copied, false)
				u.lists(b)
			},
			"a revocation": func(u *upgrade) {
				old, other := u.old("aaa"), u.new("aaa")
				u.must(u.store.Revoke(u.ctx, "aaa", longDigest(old.Token())))
				u.wantAlive("the revoked session", old, false)
				u.lists(other)
				old = u.old("aaa")
				s := old.Session()
				u.must(s.RevokeOthers(u.ctx))
				u.wantAlive("the current session", old, true)
				u.wantAlive("the other session", other, false)
				u.must(u.store.RevokeAll(u.ctx, "aaa"))
				u.wantAlive("after RevokeAll", old, false)
			},
			"a login beyond the limit": func(u *upgrade) {
				oldest := u.old("aaa")
				// Wait until the clock of Redis has moved by a millisecond.
				for began := timeOf(u.T, u.ctx, u.admin); !timeOf(u.T, u.ctx, u.admin).Truncate(time.Millisecond).After(began); {
				}
				others := []*visit.Browser{u.old("aaa"), u.new("aaa"), u.new("aaa")}
				u.wantAlive("the oldest of four, with a limit of three", oldest, false)
				u.lists(others...)
			},
		} {
			t.Run(name, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				t.Cleanup(cancel)
				u := &upgrade{T: t, ctx: ctx, admin: r.Client, prefix: "sessiontest:" + rand.Text() + ":"}
				u.store = newStoreOn(t, connect(t, options(t, r.URL)), sessionstore.KeyPrefix(u.prefix), sessionstore.MaxSessions(3))
				t.Cleanup(func() { _ = u.store.RevokeAll(context.Background(), "aaa") })
				test(u)
			})
		}
	})
}
