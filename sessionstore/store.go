// Package sessionstore keeps the sessions of a web application in Redis 7.0 or
// later, Valkey, or Amazon ElastiCache.
//
// A session is one hash. Its key is the SHA-256 of a random token that only
// the browser holds. A session ends when nobody visits for the idle timeout,
// at an age that nothing extends, or when it is logged out; Redis itself
// enforces all of it, by its own clock, in milliseconds. Whatever a visit
// needs is one round trip. A user's sessions can be listed and revoked.
//
// # What to know before you ship it
//
// Give sessions a Redis with maxmemory-policy noeviction, and an alarm on its
// memory. All keys here have a TTL, so under the common volatile-lru they are
// the first to go when memory is short: people are logged out, and the list of
// a user's sessions loses entries, which then cannot be revoked. Under
// noeviction a full Redis refuses new sessions and changes (ErrUnavailable),
// while visits that only read, and logouts, go on.
//
// Redis copies to its replicas after it has answered. A failover can lose the
// last writes, a logout among them, and then that session is back until its
// end. WaitForReplicas narrows this at the price of time.
//
// A user for the store needs no more than this, with the prefix of its keys;
// on a cluster also +cluster|slots +command, for WaitForReplicas also +wait:
//
//	~session:* -@all +eval +evalsha +exists +hdel +hgetall +hmget +hset +pexpire
//	+pexpireat +time +unlink +zadd +zrange +zrem +zremrangebyscore +zscore
//
// An increment is done at most once: where a reply is lost, nobody knows
// whether it was done, the error is ErrUnavailable, and nothing is sent again.
// What may be repeated without harm is sent again where a connection breaks.
package sessionstore

import (
	"errors"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	// ErrNoSession says that there is no live session: nobody logged in, or
	// it was idle too long, reached its end, or was logged out.
	ErrNoSession = errors.New("sessionstore: there is no live session")
	// ErrUnavailable says that Redis did not do what it was asked to, or did
	// not say so. The answer for a browser is 503, with the cookie untouched.
	ErrUnavailable = errors.New("sessionstore: Redis is not available")
	// ErrField says that a field or its value is not possible. Nothing was
	// changed.
	ErrField = errors.New("sessionstore: not possible")
	// ErrStillLive says that a user's sessions were ended, but that new ones
	// kept coming: some may be alive.
	ErrStillLive = errors.New("sessionstore: new sessions of this user keep coming")
	// ErrNotConfirmed says that a logout was done, but that fewer replicas
	// than asked for have confirmed it.
	ErrNotConfirmed = errors.New("sessionstore: the logout is done, but not confirmed by the replicas")
)

// Store keeps sessions. It is safe for use by many goroutines at once.
type Store struct {
	rdb         redis.UniversalClient
	prefix      string
	idleTimeout time.Duration
	maxAge      time.Duration
	maxSessions int
	replicas    int
	replicaWait time.Duration
	cookieName  string
	sameSite    http.SameSite
	plainHTTP   bool
}

// Option changes a default of New.
type Option func(*Store)

// IdleTimeout is the time without a visit after which a session ends, 30
// minutes by default, at least a millisecond.
func IdleTimeout(d time.Duration) Option { return func(s *Store) { s.idleTimeout = d } }

// MaxAge is the age at which a session ends however busy it is, 8 hours by
// default, at least a millisecond.
func MaxAge(d time.Duration) Option { return func(s *Store) { s.maxAge = d } }

// MaxSessions is how many sessions one user can have, 100 by default. A login
// beyond it ends the user's oldest.
func MaxSessions(n int) Option { return func(s *Store) { s.maxSessions = n } }

// KeyPrefix is what every key begins with, "session:" by default.
func KeyPrefix(prefix string) Option { return func(s *Store) { s.prefix = prefix } }

// CookieName is the name of the cookie, "session" by default. The browser sees
// it behind "__Host-": it then takes the cookie from this very host alone, and
// sends it over HTTPS alone
// (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3).
func CookieName(name string) Option { return func(s *Store) { s.cookieName = name } }

// SameSite is http.SameSiteLaxMode by default.
func SameSite(mode http.SameSite) Option { return func(s *Store) { s.sameSite = mode } }

// InsecurePlainHTTP lets the cookie travel over http://, where anyone on the
// way can copy it and log in with it. It is for loopback. Its cookie has no
// "__Host-" in front, so the two kinds never meet.
func InsecurePlainHTTP() Option { return func(s *Store) { s.plainHTTP = true } }

// WaitForReplicas makes a logout wait until n replicas have it, at most for
// the given time, in the same round trip
// (https://redis.io/docs/latest/commands/wait/). Where fewer confirm in time
// the error is ErrNotConfirmed. The time must be shorter than the ReadTimeout of
// the client and than what is left to the request: else they end the waiting,
// and that is ErrUnavailable.
func WaitForReplicas(n int, atMost time.Duration) Option {
	return func(s *Store) { s.replicas, s.replicaWait = n, atMost }
}

// New returns a store on rdb, which it does not close. Give rdb timeouts that
// a person can wait for, and ContextTimeoutEnabled, so that a deadline is kept.
// An option that cannot be is a mistake in the program: New panics.
func New(rdb redis.UniversalClient, options ...Option) *Store {
	s := &Store{
		rdb: rdb, prefix: "session:", cookieName: "session", sameSite: http.SameSiteLaxMode,
		idleTimeout: 30 * time.Minute, maxAge: 8 * time.Hour, maxSessions: 100,
	}
	for _, option := range options {
		option(s)
	}
	if s.idleTimeout < time.Millisecond || s.maxAge < time.Millisecond || s.maxSessions < 1 {
		panic("sessionstore.New: IdleTimeout and MaxAge are at least a millisecond, MaxSessions at least 1")
	}
	if !s.plainHTTP {
		s.cookieName = "__Host-" + s.cookieName
	}
	return s
}

// key is where a session is, indexKey where the list of a user's sessions is.
// The name of the user stays out of the keys, which logs and slow logs show. 128
// bits of its digest tell users apart; the rest would only take memory.
func (s *Store) key(handle string) string        { return s.prefix + handle }
func (s *Store) indexKey(username string) string { return s.prefix + "user:" + digest(username)[:32] }
