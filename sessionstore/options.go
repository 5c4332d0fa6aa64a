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

// IdleTimeout is the time without a visit after which a session ends. The default
// is 30 minutes, the minimum 1 ms.
func IdleTimeout(d time.Duration) Option { return func(s *Store) { s.idleTimeout = d } }

// TouchEvery saves writes: a visit resets the idle timeout only if the last reset is
// at least d ago. A visit that resets nothing and changes no field writes nothing,
// so nothing is replicated. A session then ends up to d earlier than IdleTimeout
// after its last visit. The default is a tenth of IdleTimeout, at most one minute.
// With 0 every visit resets it.
func TouchEvery(d time.Duration) Option { return func(s *Store) { s.touchEvery = d } }

// MaxAge is the age at which a session ends even if it is in use. The default is 8
// hours, the minimum 1 ms.
func MaxAge(d time.Duration) Option { return func(s *Store) { s.maxAge = d } }

// MaxSessions is the number of sessions that one user can have. The default is 100,
// the minimum 1. A login beyond it ends the user's oldest session.
func MaxSessions(n int) Option { return func(s *Store) { s.maxSessions = n } }

// KeyPrefix is the prefix of every key. The default is "session:". It has 1 to 100
// visible ASCII characters. The characters * ? [ ] and \ are not allowed, because
// they are special in an ACL.
func KeyPrefix(prefix string) Option { return func(s *Store) { s.prefix = prefix } }

// CookieName is the name of the cookie. The default is "session". The store puts
// "__Host-" before it, so the browser accepts the cookie only from this host, and
// only over HTTPS
// (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3).
func CookieName(name string) Option { return func(s *Store) { s.cookieName = name } }

// SameSite is the SameSite attribute of the cookie: http.SameSiteLaxMode (the
// default), http.SameSiteStrictMode or, over HTTPS only, http.SameSiteNoneMode.
func SameSite(mode http.SameSite) Option { return func(s *Store) { s.sameSite = mode } }

// InsecurePlainHTTP allows the cookie over http://. Anyone on the network path can
// then copy it and log in with it, so use this only on loopback. The cookie has no
// "__Host-" prefix, so the two kinds have different names.
func InsecurePlainHTTP() Option { return func(s *Store) { s.plainHTTP = true } }

// UnavailablePage is the page that RequireLogin shows if Redis is not available. The
// default is one sentence of plain text. The page sends the status, which should be
// 503. Retry-After and Cache-Control: no-store are already set; the page can change
// them.
func UnavailablePage(page http.Handler) Option { return func(s *Store) { s.unavailable = page } }

// WaitForReplicas makes a logout wait, in the same round trip, until n replicas have
// confirmed it or the time is over (https://redis.io/docs/latest/commands/wait/). If
// fewer confirm it, the error is ErrNotConfirmed. The minimum time is 1 ms. It must
// be shorter than the ReadTimeout of the client and the time that the request has
// left; otherwise the error is ErrUnavailable.
func WaitForReplicas(n int, atMost time.Duration) Option {
	return func(s *Store) { s.replicas, s.replicaWait = n, atMost }
}

// New returns a store that uses rdb. The caller closes rdb. A *redis.Client stands
// for one server, with or without replicas; a cluster needs a *redis.ClusterClient.
// Set timeouts on rdb that a page can wait for, and ContextTimeoutEnabled, so that
// deadlines are kept. New adds a hook to rdb, which sends a call again on a new
// connection; add your own hooks before. New panics if an option is invalid, and
// names the option.
func New(rdb redis.UniversalClient, options ...Option) *Store {
	s := &Store{
		rdb: rdb, prefix: "session:", cookieName: "session", sameSite: http.SameSiteLaxMode,
		idleTimeout: 30 * time.Minute, maxAge: 8 * time.Hour, maxSessions: 100, touchEvery: unsetTouchEvery,
		onEvent: func(context.Context, Event) {}, unavailable: http.HandlerFunc(unavailableText),
		newConns: make(chan struct{}, maxParallel),
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

// unsetTouchEvery marks a store without the option TouchEvery.
const unsetTouchEvery = time.Duration(math.MinInt64)

// hostPrefix in the name of a cookie makes the browser keep the cookie to one host.
const hostPrefix = "__Host-"

// problem describes the first invalid option, or is empty.
func (s *Store) problem() string {
	cookie := http.Cookie{Name: s.cookieName}
	special := func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`*?[]\`, c) }
	switch {
	case isNil(s.rdb):
		return "the client is nil; pass a *redis.Client or a *redis.ClusterClient"
	case s.idleTimeout < time.Millisecond:
		return fmt.Sprintf("IdleTimeout(%v): must be at least 1ms", s.idleTimeout)
	case s.maxAge < time.Millisecond:
		return fmt.Sprintf("MaxAge(%v): must be at least 1ms", s.maxAge)
	case s.touchEvery < 0 || s.touchEvery >= s.idleTimeout:
		return fmt.Sprintf("TouchEvery(%v): must be at least 0 and less than the IdleTimeout of %v", s.touchEvery, s.idleTimeout)
	case s.batching && !isLibraryClient(s.rdb):
		return fmt.Sprintf("Batching: needs a *redis.Client or a *redis.ClusterClient, not a %T", s.rdb)
	case s.onEvent == nil:
		return "OnEvent(nil): pass a function, or remove the option"
	case s.unavailable == nil:
		return "UnavailablePage(nil): pass a handler, or remove the option"
	case s.maxSessions < 1:
		return fmt.Sprintf("MaxSessions(%d): must be at least 1", s.maxSessions)
	case s.prefix == "" || len(s.prefix) > 100 || strings.ContainsFunc(s.prefix, special):
		return fmt.Sprintf(`KeyPrefix(%.110q): must be 1 to 100 visible ASCII characters other than * ? [ ] \`, s.prefix)
	case cookie.Valid() != nil:
		return fmt.Sprintf("CookieName(%q): must have only letters, digits and !#$%%&'*+-.^_`|~", s.cookieName)
	case strings.HasPrefix(strings.ToLower(s.cookieName), strings.ToLower(hostPrefix)):
		return fmt.Sprintf("CookieName(%q): remove the prefix; the store adds %s", s.cookieName, hostPrefix)
	case s.sameSite != http.SameSiteLaxMode && s.sameSite != http.SameSiteStrictMode && s.sameSite != http.SameSiteNoneMode:
		return fmt.Sprintf("SameSite(%d): must be http.SameSiteLaxMode, http.SameSiteStrictMode or http.SameSiteNoneMode", s.sameSite)
	case s.sameSite == http.SameSiteNoneMode && s.plainHTTP:
		return "SameSite(http.SameSiteNoneMode): needs HTTPS, so it excludes InsecurePlainHTTP"
	case s.replicas < 0 || s.replicas > 0 && s.replicaWait < time.Millisecond:
		return fmt.Sprintf("WaitForReplicas(%d, %v): must be at least 0 replicas and at least 1ms", s.replicas, s.replicaWait)
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

// isNil reports whether rdb is nil, or holds a nil pointer.
func isNil(rdb redis.UniversalClient) bool {
	switch client := rdb.(type) {
	case *redis.Client:
		return client == nil
	case *redis.ClusterClient:
		return client == nil
	}
	return rdb == nil
}
