package session_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/step4-store/session"
)

// The tests of a method begin with Test and its name. They are in the order in
// which a learner writes the methods, and need only that method and Key. make
// check4 runs them first.

func TestKey(t *testing.T) {
	store := session.NewStore(nil, ttl)
	const token = "the-token-of-a-browser"
	sum := sha256.Sum256([]byte(token))
	if got, want := store.Key(token), "workshop:session:"+hex.EncodeToString(sum[:]); got != want {
		t.Errorf("Key(%q) is %q, want %q", token, got, want)
	}
}

func TestCreate(t *testing.T) {
	onScene(t, func(s *scene) {
		// The client opens a connection for commands that it sends together.
		s.created("the first of them")
		var first, second session.Token
		s.wire.ask(s.T, 1, func() { first = s.created("aaa") })
		s.wire.ask(s.T, 1, func() { second = s.created("aaa") })
		if first == second || len(first) < 43 {
			t.Errorf("two logins got the tokens %q and %q, want two different ones that newToken made", first, second)
		}
		s.holds(first, "aaa", "0")
		s.holds(second, "aaa", "0")
		s.hasFullTTL(first)
	})
}

func TestVisit(t *testing.T) {
	onScene(t, func(s *scene) {
		token := s.planted("aaa")
		// The first visit also sends the script to Redis.
		s.counts(token, 1)
		for n := int64(2); n < 5; n++ {
			s.wire.ask(s.T, 1, func() { s.counts(token, n) })
		}
		s.holds(token, "aaa", "4")
		s.hasFullTTL(token)
	})
}

// A late visit must not create the key of an ended session again.
func TestVisitWithoutASession(t *testing.T) {
	onScene(t, func(s *scene) {
		const token = "a-token-without-a-session"
		for range 2 {
			if got, err := s.store.Visit(s.ctx, token); !errors.Is(err, session.ErrNone) {
				t.Errorf("Visit without a session returns %+v, %v, want ErrNone", got, err)
			}
		}
		if n := s.redis.Exists(s.ctx, s.store.Key(token)).Val(); n != 0 {
			t.Error("Visit without a session made a key")
		}
		s.wire.ask(s.T, 0, func() {
			if got, err := s.store.Visit(s.ctx, ""); !errors.Is(err, session.ErrNone) {
				t.Errorf("Visit of an empty token returns %+v, %v, want ErrNone", got, err)
			}
		})
	})
}

// A key of another type gives an error of Redis, and does not change.
func TestVisitOfAKeyOfAnotherType(t *testing.T) {
	onScene(t, func(s *scene) {
		const token = "a-token-for-a-text"
		key := s.store.Key(token)
		s.redis.Set(s.ctx, key, "a text", 0)
		if got, err := s.store.Visit(s.ctx, token); err == nil || errors.Is(err, session.ErrNone) {
			t.Errorf("Visit of a text returns %+v, %v, want an error of Redis", got, err)
		}
		if left := s.redis.PTTL(s.ctx, key).Val(); left != -1 {
			t.Errorf("Visit of a text gave it a TTL: %v", left)
		}
	})
}

func TestDelete(t *testing.T) {
	onScene(t, func(s *scene) {
		token, other := s.planted("aaa"), s.planted("bbb")
		remove := func(token session.Token) func() {
			return func() {
				if err := s.store.Delete(s.ctx, token); err != nil {
					t.Errorf("Delete: %v", err)
				}
			}
		}
		s.wire.ask(s.T, 1, remove(token))
		if s.redis.Exists(s.ctx, s.store.Key(token)).Val() != 0 {
			t.Error("the session is still there")
		}
		s.holds(other, "bbb", "0")
		// For an ended session there is no error. For an empty token there is no
		// question to Redis either.
		s.wire.ask(s.T, 1, remove(token))
		s.wire.ask(s.T, 0, remove(""))
	})
}

const ttl = time.Minute

// scene is a store on a Redis, and a client to look into it.
type scene struct {
	*testing.T
	ctx   context.Context
	store *session.Store
	redis redis.UniversalClient
	wire  counter
}

// onRedis gives a test the address of a Redis: here the embedded one, which needs
// no download.
var onRedis = func(t *testing.T, run func(t *testing.T, address string)) {
	server, err := embedded.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	run(t, "redis://"+server.Addr())
}

func onScene(t *testing.T, run func(*scene)) {
	onRedis(t, func(t *testing.T, address string) {
		options, err := redis.ParseURL(address)
		if err != nil {
			t.Fatal(err)
		}
		between, err := wire.Open(options.Addr, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(between.Close)
		look := connect(t, options, options.Addr)
		rdb := connect(t, options, between.Addr)
		run(&scene{t, t.Context(), session.NewStore(rdb, ttl), look, counter{between}})
	})
}

// connect returns a client that waits long and retries nothing. It opens the
// connection, so that the handshake does not count as a round trip of the store.
func connect(t *testing.T, options *redis.Options, addr string) *redis.Client {
	t.Helper()
	mine := *options
	mine.Addr, mine.ReadTimeout, mine.MaxRetries = addr, time.Minute, -1
	client := redis.NewClient(&mine)
	t.Cleanup(func() { client.Close() })
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	return client
}

// counter counts round trips between the store and Redis.
type counter struct{ *wire.Wire }

// ask fails the test unless do takes want round trips.
func (c counter) ask(t *testing.T, want int64, do func()) {
	t.Helper()
	if got := c.During(do); got != want {
		t.Errorf("round trips: %d, want %d", got, want)
	}
}

func (s *scene) created(username string) session.Token {
	s.Helper()
	token, err := s.store.Create(s.ctx, username)
	if err != nil {
		s.Fatalf("Create: %v", err)
	}
	s.remove(token)
	return token
}

// planted makes a session without the store's methods. Half of its TTL is over.
func (s *scene) planted(username string) session.Token {
	s.Helper()
	token := session.Token("the-token-of-" + username)
	key := s.store.Key(token)
	s.remove(token)
	if err := s.redis.HSet(s.ctx, key, "username", username, "visits", 0).Err(); err != nil {
		s.Fatal(err)
	}
	s.redis.PExpire(s.ctx, key, ttl/2)
	return token
}

// remove deletes the session after the test: other tests use the same Redis.
func (s *scene) remove(token session.Token) {
	key := s.store.Key(token)
	s.Cleanup(func() { s.redis.Del(context.Background(), key) })
}

func (s *scene) counts(token session.Token, want int64) {
	s.Helper()
	if got, err := s.store.Visit(s.ctx, token); err != nil || got.Username != "aaa" || got.Visits != want {
		s.Errorf("Visit returns %+v, %v, want aaa and %d", got, err, want)
	}
}

func (s *scene) holds(token session.Token, username, visits string) {
	s.Helper()
	got, want := s.redis.HGetAll(s.ctx, s.store.Key(token)).Val(), map[string]string{"username": username, "visits": visits}
	if !maps.Equal(got, want) {
		s.Errorf("Redis holds %v for the session, want %v", got, want)
	}
}

func (s *scene) hasFullTTL(token session.Token) {
	s.Helper()
	if left := s.redis.PTTL(s.ctx, s.store.Key(token)).Val(); left <= ttl/2 || left > ttl {
		s.Errorf("the TTL of the session is %v, want the full %v", left, ttl)
	}
}
