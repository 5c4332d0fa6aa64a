package sessiontest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

// scene is what one test uses. No other test has its key prefix and its user name.
type scene struct {
	*testing.T
	admin    redis.UniversalClient
	connect  func(testing.TB) redis.UniversalClient
	options  []sessionstore.Option
	ctx      context.Context
	prefix   string
	username string
}

func newScene(t *testing.T, from *suite) *scene {
	// The machine may be busy, and all tests run in parallel.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	name := rand.Text()
	s := &scene{t, from.admin, from.connect, from.options, ctx, "sessiontest:" + name + ":", "user-" + name}
	t.Cleanup(s.removeKeys)
	return s
}

// removeKeys runs after the end of the test, so it needs another context.
func (s *scene) removeKeys() {
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, key := range s.keys() {
		if err := s.admin.Unlink(s.ctx, key).Err(); err != nil {
			s.Errorf("remove %s: %v", key, err)
		}
	}
}

// store is a sessionstore.Store with its own client, which watch observes.
type store struct {
	*sessionstore.Store
	*watch
}

// store returns a new store. Its default idle timeout is one hour.
func (s *scene) store(options ...sessionstore.Option) *store {
	client, watch := s.connect(s.T), new(watch)
	client.AddHook(watch)
	own := append(slices.Clone(s.options), sessionstore.KeyPrefix(s.prefix), sessionstore.IdleTimeout(time.Hour))
	made := sessionstore.New(client, append(own, options...)...)
	s.Cleanup(func() { _ = made.Close() })
	return &store{made, watch}
}

// key is the key of the session of a token, indexKey that of the index of a user.
func (s *scene) key(token string) string { return s.prefix + digest(token) }
func (s *scene) indexKey(username string) string {
	return s.prefix + "user:" + digest(username)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// keys returns all keys of this test, sorted.
func (s *scene) keys() []string {
	s.Helper()
	var mutex sync.Mutex
	var found []string
	scan := func(ctx context.Context, server *redis.Client) error {
		all := server.Scan(ctx, 0, s.prefix+"*", 1000).Iterator()
		for all.Next(ctx) {
			mutex.Lock()
			found = append(found, all.Val())
			mutex.Unlock()
		}
		return all.Err()
	}
	var err error
	switch admin := s.admin.(type) {
	case *redis.ClusterClient:
		err = admin.ForEachMaster(s.ctx, scan)
	case *redis.Client:
		err = scan(s.ctx, admin)
	default:
		s.Fatalf("admin is a %T; the suite knows *redis.Client and *redis.ClusterClient", admin)
	}
	s.must(err)
	slices.Sort(found)
	// SCAN may return a key twice.
	return slices.Compact(found)
}

// contents returns the contents of all keys of this test, without their TTL.
func (s *scene) contents() map[string]map[string]string {
	s.Helper()
	all := map[string]map[string]string{}
	for _, key := range s.keys() {
		switch kind := result(s, s.admin.Type(s.ctx, key)); kind {
		case "hash":
			all[key] = result(s, s.admin.HGetAll(s.ctx, key))
		case "zset":
			all[key] = map[string]string{}
			for _, handle := range result(s, s.admin.ZRange(s.ctx, key, 0, -1)) {
				all[key][handle] = "entry"
			}
		default:
			s.Fatalf("%s is a %s; a store has only hashes and sorted sets", key, kind)
		}
	}
	return all
}

// entries returns the handles in the index of a user, sorted by their end.
func (s *scene) entries(username string) []string {
	s.Helper()
	return result(s, s.admin.ZRange(s.ctx, s.indexKey(username), 0, -1))
}

// result returns the reply to a command. An error fails the test.
func result[T any](s *scene, command interface{ Result() (T, error) }) T {
	s.Helper()
	value, err := command.Result()
	s.must(err)
	return value
}

// now is the time of Redis in milliseconds.
func (s *scene) now() int64 {
	s.Helper()
	return result(s, s.admin.Time(s.ctx)).UnixMilli()
}

// waitForClock waits until the clock of Redis has moved, so that two sessions differ in
// age.
func (s *scene) waitForClock() {
	s.Helper()
	began := s.now()
	s.waitUntil("the clock of Redis moves", func() bool { return s.now() > began })
}

// waitUntil waits for a condition, at most until the deadline of the test.
func (s *scene) waitUntil(what string, holds func() bool) {
	s.Helper()
	for !holds() {
		select {
		case <-s.ctx.Done():
			s.Fatalf("this did not happen in time: %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

// expiry is the time at which Redis removes a key, in milliseconds by the clock of
// Redis.
func (s *scene) expiry(key string) int64 {
	s.Helper()
	at, err := s.admin.Do(s.ctx, "pexpiretime", key).Int64()
	s.must(err)
	if at < 0 {
		s.Fatalf("PEXPIRETIME %s is %d: the key has no TTL or does not exist", key, at)
	}
	return at
}

// slack is how many milliseconds an expiry may differ: the embedded server counts
// TTLs down and can be late.
const slack = 50

// wantExpiry fails the test unless Redis removes a key between low and high, in
// milliseconds by the clock of Redis.
func (s *scene) wantExpiry(what, key string, low, high int64) {
	s.Helper()
	s.wantBetween("the expiry "+what, s.expiry(key), low-slack, high+slack)
}

// field returns a number from a session.
func (s *scene) field(key, field string) int64 {
	s.Helper()
	n, err := s.admin.HGet(s.ctx, key, field).Int64()
	s.must(err)
	return n
}

func (s *scene) exists(key string) bool {
	s.Helper()
	return result(s, s.admin.Exists(s.ctx, key)) == 1
}

// expire removes a key without the store, as its TTL would.
func (s *scene) expire(key string) {
	s.Helper()
	if n := result(s, s.admin.Unlink(s.ctx, key)); n != 1 {
		s.Fatalf("UNLINK %s removed %d keys", key, n)
	}
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) wantErr(what string, err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("%s: the error is %v, want %v", what, err, want)
	}
}

func (s *scene) wantEqual(what, got, want string) {
	s.Helper()
	if got != want {
		s.Errorf("%s: %.100q, want %.100q", what, got, want)
	}
}

// wantBetween fails the test unless low <= got <= high.
func (s *scene) wantBetween(what string, got, low, high int64) {
	s.Helper()
	if got < low || got > high {
		s.Errorf("%s is %d, want %d to %d", what, got, low, high)
	}
}

func (s *scene) wantUnchanged(before map[string]map[string]string) {
	s.Helper()
	after := s.contents()
	if !maps.EqualFunc(before, after, maps.Equal[map[string]string, map[string]string]) {
		s.Errorf("the contents of Redis changed: before %v, after %v", before, after)
	}
}
