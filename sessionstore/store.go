// Package sessionstore keeps the sessions of a web application in Redis 7.0 or
// later, Valkey, or Amazon ElastiCache.
//
// A session is one hash. Its key is half of the SHA-256 of a random token that
// only the browser holds. A session ends if there is no visit for the idle
// timeout, at an age that nothing extends, or when it is logged out; Redis itself
// enforces all of it, by its own clock, in milliseconds. A visit takes one round
// trip. A user's sessions can be listed and revoked.
//
// # What to know before you ship it
//
// Give sessions a Redis with maxmemory-policy noeviction, and an alarm on its
// memory. All keys here have a TTL, so under the common volatile-lru they are
// the first to go when memory is short: users are logged out, and the list of
// a user's sessions loses entries, which then cannot be revoked. Under
// noeviction a full Redis refuses new sessions and changes (ErrUnavailable),
// while visits that only read, and logouts, go on.
//
// Redis copies to its replicas after it has answered. A failover can lose the
// last writes, a logout among them, and then that session is back until its
// end. WaitForReplicas narrows this at the price of time. Replicas are never
// asked: they can be behind.
//
// A user for the store needs no more than this, with the prefix of its keys;
// on a cluster also +cluster|slots +command, for WaitForReplicas also +wait:
//
//	~session:* -@all +eval +evalsha +exists +hdel +hget +hgetall +hincrby +hmget +hset
//	+pexpire +pexpireat +pexpiretime +pttl +time +unlink +zadd +zrange +zrem
//
// What changes a session is done at most once: if a reply is lost, it is not known
// whether the change was made; the error is ErrUnavailable, and nothing is sent
// again. A read and a logout go again once, on a new connection, if theirs breaks.
// A login is tried again with a new token. A session whose login was confirmed is
// listed and can be revoked until it is dead, and what was ended stays ended,
// whatever arrives late.
package sessionstore

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	// ErrNoSession says that there is no live session: nobody has logged in, or
	// it was idle too long, reached its end, or was logged out.
	ErrNoSession = errors.New("sessionstore: there is no live session")
	// ErrUnavailable says that Redis did not do what it was asked to, or did
	// not say so, and that the caller did not cause it. The answer for a browser
	// is 503, with the cookie untouched.
	ErrUnavailable = errors.New("sessionstore: Redis is not available")
	// ErrField says that a field, its value or the name of a user is invalid.
	// Nothing was changed.
	ErrField = errors.New("sessionstore: invalid")
	// ErrStillLive says that a user's sessions were ended, but that new ones
	// kept coming: some may be alive. It comes on a cluster alone.
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
	touchEvery  time.Duration
	batching    bool
	batches     *redis.AutoPipeliner // nil without Batching
	batchClient redis.UniversalClient
	// clusters are all clients of a cluster.
	clusters    []*redis.ClusterClient
	onEvent     func(context.Context, Event)
	replicas    int
	replicaWait time.Duration
	cookieName  string
	sameSite    http.SameSite
	plainHTTP   bool
	// unavailable is the answer of RequireLogin without Redis.
	unavailable http.Handler
	backend     backend
}

// key is where a session is, indexKey where the list of a user's sessions is.
// The name of the user stays out of the keys, which logs and slow logs show.
func (s *Store) key(handle string) string        { return s.prefix + handle }
func (s *Store) indexKey(username string) string { return s.prefix + "user:" + digest(username) }

func (s *Store) keys(handles []string) []string {
	keys := make([]string, len(handles))
	for i, handle := range handles {
		keys[i] = s.key(handle)
	}
	return keys
}
