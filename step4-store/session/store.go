// Package session keeps sessions in Redis: a hash for each login, with the
// fields username and visits, under a key that is made from a random token.
// The browser has the token in a cookie. token.go and cookie.go are finished;
// the heart of the package is the four methods of Store, from Key to Delete.
//
// An app uses it like this:
//
//	store := session.NewStore(conn.Client, cfg.SessionTTL)
//	cookie := session.NewCookie(cfg.HTTPS())
//
//	// At login: a new session, and the cookie for it.
//	token, err := store.Create(ctx, name)
//	cookie.Set(w, token)
//
//	// In GET /: who is this, and which visit?
//	s, err := store.Visit(ctx, cookie.Token(r))
//
//	// At logout: the session first, then the cookie.
//	err := store.Delete(ctx, cookie.Token(r))
//	cookie.Delete(w)
package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

const keyPrefix = "workshop:session:"

// ErrNone says that there is no such session: it has ended or never existed.
var ErrNone = errors.New("no such session")

// Session is what Redis holds for one login.
type Session struct {
	Username string
	Visits   int64
}

// Store keeps sessions in Redis. Many requests may use it at once.
type Store struct {
	rdb redis.UniversalClient
	// ttl is how long a session lives without a visit.
	ttl time.Duration
}

// NewStore returns a store that keeps each session for ttl after its last
// visit.
func NewStore(rdb redis.UniversalClient, ttl time.Duration) *Store {
	return &Store{rdb: rdb, ttl: ttl}
}

// Key returns the key of a token's session in Redis: keyPrefix, followed by the
// SHA-256 of the token in hexadecimal digits. It must not contain the token
// itself: an attacker who can list the keys of Redis could then log in as any
// user.
func (s *Store) Key(t Token) string {
	sum := sha256.Sum256([]byte(t))
	return keyPrefix + hex.EncodeToString(sum[:])
}

// Create makes a new session and returns its token, which comes from newToken and
// never from a browser. The hash gets the field username, and visits with 0. It
// gets its TTL in the same round trip: a session without a visit must expire
// too. An error is one of Redis.
func (s *Store) Create(ctx context.Context, username string) (Token, error) {
	t := newToken()
	_, err := s.rdb.TxPipelined(ctx, func(multi redis.Pipeliner) error {
		multi.HSet(ctx, s.Key(t), "username", username, "visits", 0)
		multi.PExpire(ctx, s.Key(t), s.ttl)
		return nil
	})
	return t, err
}

// Visit adds one to the field visits, gives the session its full TTL again and
// returns the session as it is now, all in one round trip. If there is no such
// session, it returns ErrNone and writes nothing: after a logout, HINCRBY alone
// would create the key again, without a name. So Visit must check and count in
// one command, and a script is one. For an empty token it returns ErrNone without
// asking Redis. Any other error is one of Redis.
func (s *Store) Visit(ctx context.Context, t Token) (Session, error) {
	if t == "" {
		return Session{}, ErrNone
	}
	reply, err := visit.Run(ctx, s.rdb, []string{s.Key(t)}, s.ttl.Milliseconds()).Slice()
	if errors.Is(err, redis.Nil) {
		return Session{}, ErrNone
	}
	if err != nil {
		return Session{}, err
	}
	username, _ := reply[0].(string)
	visits, _ := reply[1].(int64)
	return Session{username, visits}, nil
}

// Delete ends the session: without its key, every copy of the cookie is
// worthless. It returns nil if the session has already ended. For an empty token
// it returns nil without asking Redis. An error is one of Redis, and then the
// session may still exist.
func (s *Store) Delete(ctx context.Context, t Token) error {
	if t == "" {
		return nil
	}
	return s.rdb.Del(ctx, s.Key(t)).Err()
}
