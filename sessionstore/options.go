package sessionstore

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Option changes a default of New.
type Option func(*Store)

// IdleTimeout is the time without a visit after which a session ends, 30
// minutes by default, at least a millisecond.
func IdleTimeout(d time.Duration) Option { return func(s *Store) { s.idleTimeout = d } }

// TouchEvery is how far a session's idle end may lag behind its last visit: a
// visit sets it again only if it is at least this much older. A visit that changes
// nothing and need not set it writes nothing, so nothing goes to replicas either.
// A session then ends between idle timeout - d and idle timeout after its last
// visit. The default is a tenth of the idle timeout, at most a minute; with 0 each
// visit sets it.
func TouchEvery(d time.Duration) Option { return func(s *Store) { s.touchEvery = d } }

// MaxAge is the age at which a session ends however busy it is, 8 hours by
// default, at least a millisecond.
func MaxAge(d time.Duration) Option { return func(s *Store) { s.maxAge = d } }

// MaxSessions is how many sessions one user can have, 100 by default, at least 1.
// A login beyond it ends the user's oldest.
func MaxSessions(n int) Option { return func(s *Store) { s.maxSessions = n } }

// KeyPrefix is what every key begins with, "session:" by default. It has 1 to
// 100 visible characters of ASCII, none of them * ? [ ] or \, which are special
// in an ACL.
func KeyPrefix(prefix string) Option { return func(s *Store) { s.prefix = prefix } }

// CookieName is the name of the cookie, "session" by default. The browser sees
// it behind "__Host-": it then takes the cookie from this very host alone, and
// sends it over HTTPS alone
// (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3).
func CookieName(name string) Option { return func(s *Store) { s.cookieName = name } }

// SameSite is http.SameSiteLaxMode by default; http.SameSiteStrictMode and, over
// HTTPS, http.SameSiteNoneMode are possible too.
func SameSite(mode http.SameSite) Option { return func(s *Store) { s.sameSite = mode } }

// InsecurePlainHTTP lets the cookie travel over http://, where anyone on the
// way can copy it and log in with it. It is for loopback. Its cookie has no
// "__Host-" in front, so the two kinds never meet.
func InsecurePlainHTTP() Option { return func(s *Store) { s.plainHTTP = true } }

// UnavailablePage is the answer of RequireLogin if Redis is not available, one
// sentence of plain text by default. The page sends the status, which should be
// 503; the headers Retry-After and Cache-Control: no-store are set before it is
// called, and it can change them.
func UnavailablePage(page http.Handler) Option { return func(s *Store) { s.unavailable = page } }

// WaitForReplicas makes a logout wait until n replicas have it, at most for
// the given time, in the same round trip
// (https://redis.io/docs/latest/commands/wait/). If fewer confirm in time
// the error is ErrNotConfirmed. The time is at least a millisecond, and must be
// shorter than the ReadTimeout of the client and than what is left to the
// request: else they end the waiting, and that is ErrUnavailable.
func WaitForReplicas(n int, atMost time.Duration) Option {
	return func(s *Store) { s.replicas, s.replicaWait = n, atMost }
}

// New returns a store on rdb, which it does not close. A *redis.Client means one
// server, perhaps with replicas; a cluster needs a *redis.ClusterClient. Give
// rdb timeouts that a page can wait for, and ContextTimeoutEnabled, so that a
// deadline is kept. New adds a hook to rdb, by which a call can be repeated on a
// new connection; add your own hooks before. An impossible option is a mistake
// in the program: New panics, and names it.
func New(rdb redis.UniversalClient, options ...Option) *Store {
	s := &Store{
		rdb: rdb, prefix: "session:", cookieName: "session", sameSite: http.SameSiteLaxMode,
		idleTimeout: 30 * time.Minute, maxAge: 8 * time.Hour, maxSessions: 100, touchEvery: unsetTouchEvery,
		onEvent: func(context.Context, Event) {}, unavailable: http.HandlerFunc(unavailableText),
	}
	for _, option := range options {
		option(s)
	}
	if s.touchEvery == unsetTouchEvery {
		s.touchEvery = min(s.idleTimeout/10, time.Minute)
	}
	if problem := s.problem(); problem != "" {
		panic("sessionstore.New: " + problem)
	}
	if !s.plainHTTP {
		s.cookieName = hostPrefix + s.cookieName
	}
	s.backend = cluster{s}
	switch client := rdb.(type) {
	case *redis.Client:
		s.backend = oneServer{s}
	case *redis.ClusterClient:
		s.clusters = append(s.clusters, client)
	}
	if isLibraryClient(rdb) {
		rdb.AddHook(newConnections{s})
	}
	if s.batching {
		if err := s.openBatches(); err != nil {
			panic("sessionstore.New: Batching: " + err.Error())
		}
	}
	return s
}

// byDefault is the TouchEvery of a store that was given none.
const unsetTouchEvery = time.Duration(math.MinInt64)

// hostOnly begins the name of a cookie that the browser keeps to one host.
const hostPrefix = "__Host-"

// problem names the first option that is impossible.
func (s *Store) problem() string {
	cookie := http.Cookie{Name: s.cookieName}
	special := func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`*?[]\`, c) }
	switch {
	case isNil(s.rdb):
		return "the client is nil; give it a *redis.Client or a *redis.ClusterClient"
	case s.idleTimeout < time.Millisecond:
		return fmt.Sprintf("IdleTimeout(%v): the shortest is 1ms", s.idleTimeout)
	case s.maxAge < time.Millisecond:
		return fmt.Sprintf("MaxAge(%v): the shortest is 1ms", s.maxAge)
	case s.touchEvery < 0 || s.touchEvery >= s.idleTimeout:
		return fmt.Sprintf("TouchEvery(%v): it is at least 0, and less than the IdleTimeout of %v", s.touchEvery, s.idleTimeout)
	case s.batching && !isLibraryClient(s.rdb):
		return fmt.Sprintf("Batching: it needs a *redis.Client or a *redis.ClusterClient, not a %T", s.rdb)
	case s.onEvent == nil:
		return "OnEvent(nil): give it a function, or leave it out"
	case s.unavailable == nil:
		return "UnavailablePage(nil): give it a handler, or leave it out"
	case s.maxSessions < 1:
		return fmt.Sprintf("MaxSessions(%d): a user needs at least 1", s.maxSessions)
	case s.prefix == "" || len(s.prefix) > 100 || strings.ContainsFunc(s.prefix, special):
		return fmt.Sprintf(`KeyPrefix(%.110q): it has 1 to 100 visible ASCII characters, none of them * ? [ ] or \`, s.prefix)
	case cookie.Valid() != nil:
		return fmt.Sprintf("CookieName(%q): it has letters, digits and any of !#$%%&'*+-.^_`|~", s.cookieName)
	case strings.HasPrefix(strings.ToLower(s.cookieName), strings.ToLower(hostPrefix)):
		return fmt.Sprintf("CookieName(%q): the store itself puts %s in front", s.cookieName, hostPrefix)
	case s.sameSite != http.SameSiteLaxMode && s.sameSite != http.SameSiteStrictMode && s.sameSite != http.SameSiteNoneMode:
		return fmt.Sprintf("SameSite(%d): it is http.SameSiteLaxMode, http.SameSiteStrictMode or http.SameSiteNoneMode", s.sameSite)
	case s.sameSite == http.SameSiteNoneMode && s.plainHTTP:
		return "SameSite(http.SameSiteNoneMode): browsers take such a cookie over HTTPS alone, so it cannot go with InsecurePlainHTTP"
	case s.replicas < 0 || s.replicas > 0 && s.replicaWait < time.Millisecond:
		return fmt.Sprintf("WaitForReplicas(%d, %v): at least 0 replicas, and at least 1ms", s.replicas, s.replicaWait)
	}
	return ""
}

func isLibraryClient(rdb redis.UniversalClient) bool {
	switch rdb.(type) {
	case *redis.Client, *redis.ClusterClient:
		return true
	}
	return false
}

// isNil sees a nil pointer in a client too.
func isNil(rdb redis.UniversalClient) bool {
	switch client := rdb.(type) {
	case *redis.Client:
		return client == nil
	case *redis.ClusterClient:
		return client == nil
	}
	return rdb == nil
}
