// Package sessionstore keeps the sessions of a web application in Redis 7.0 or
// later, Valkey, or Amazon ElastiCache.
//
// A session is one hash. Its key contains half of the SHA-256 of a random token,
// which only the browser holds. A session ends after the idle timeout without a
// visit, at a maximum age that nothing extends, or at its logout. Redis enforces
// all three by its own clock, in milliseconds. A visit takes one round trip. A
// user's sessions can be listed and revoked.
//
// # What to know before you ship it
//
// Use a Redis with maxmemory-policy noeviction, and set an alarm on its memory.
// All keys of the store have a TTL, so volatile-lru, a common policy, evicts them
// first when memory is short. Then users are logged out, and sessions disappear
// from their user's list and can no longer be revoked. With noeviction a full
// Redis refuses new sessions and changes (ErrUnavailable); logouts, and visits
// that only read, still work.
//
// Redis replicates a write after it has answered. So a failover can lose the last
// writes, for example a logout: that session is live again until it expires.
// WaitForReplicas reduces this risk, and costs time. The store never reads from
// replicas, because they can be behind.
//
// The store's Redis user needs only these rights, with your KeyPrefix. A cluster
// also needs +cluster|slots +command, and WaitForReplicas also +wait:
//
//	~session:* -@all +eval +evalsha +exists +hdel +hget +hgetall +hincrby +hmget +hset
//	+pexpire +pexpireat +pexpiretime +pttl +time +unlink +zadd +zrange +zrem
//
// A change to a session is made at most once. If its reply is lost, the error is
// ErrUnavailable, the change may have been made, and nothing is sent again. A read
// or a logout is sent once more, on a new connection, if its connection breaks. A
// login is tried once more, with a new token. Once a login is confirmed, its
// session is listed and can be revoked until it ends. A session that has ended
// stays ended, even if a command arrives late.
package sessionstore

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	// ErrNoSession means that there is no live session: no user has logged in, or
	// the session was idle too long, reached its maximum age, or was logged out.
	ErrNoSession = errors.New("sessionstore: no live session")
	// ErrUnavailable means that Redis failed, refused a command or did not answer,
	// and that the caller did not cause it. Answer the browser with 503, and leave
	// its cookie unchanged.
	ErrUnavailable = errors.New("sessionstore: Redis is not available")
	// ErrField means that a field, its value or a username is invalid. Nothing was
	// changed.
	ErrField = errors.New("sessionstore: invalid argument")
	// ErrStillLive means that the user's sessions were ended, but that the user
	// kept logging in, so new sessions may be live. Only a cluster returns it.
	ErrStillLive = errors.New("sessionstore: this user keeps logging in, so new sessions may be live")
	// ErrNotConfirmed means that the logout succeeded, but that fewer replicas
	// confirmed it than WaitForReplicas asks for.
	ErrNotConfirmed = errors.New("sessionstore: logged out, but too few replicas confirmed it")
)

// Store keeps sessions. It is safe for concurrent use.
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
	// newConns has an element for each call on a new connection.
	newConns chan struct{}
	// clusters are the clients that reload the state of the cluster after an outage.
	clusters    []*redis.ClusterClient
	onEvent     func(context.Context, Event)
	replicas    int
	replicaWait time.Duration
	cookieName  string
	sameSite    http.SameSite
	plainHTTP   bool
	// unavailable is the page of RequireLogin if Redis is not available.
	unavailable http.Handler
	backend     backend
}

// key is the key of a session, and indexKey that of the index of a user's sessions.
// Keys appear in logs, so they contain a digest in place of the username.
func (s *Store) key(handle string) string        { return s.prefix + handle }
func (s *Store) indexKey(username string) string { return s.prefix + "user:" + digest(username) }

func (s *Store) keys(handles []string) []string {
	keys := make([]string, len(handles))
	for i, handle := range handles {
		keys[i] = s.key(handle)
	}
	return keys
}
