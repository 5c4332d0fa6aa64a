package contract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/lang"
)

// expectReply records the error of a Redis command as a failure. Callers check
// failed first: a command must not be sent with the key of a failed look-up.
func (s *scene) expectReply(cmd redis.Cmder) {
	if err := cmd.Err(); err != nil {
		s.expect(false, lang.T("an answer from Redis to %s", "Redis が %s に応答すること", cmd.FullName()), lang.Same(err.Error()))
	}
}

// scan returns the keys that match a pattern; kind "" means any type.
func (s *scene) scan(ctx context.Context, pattern, kind string) ([]string, error) {
	var (
		mu   sync.Mutex
		keys []string
	)
	scanNode := func(ctx context.Context, node redis.Cmdable) error {
		var each *redis.ScanIterator
		if kind == "" {
			each = node.Scan(ctx, 0, pattern, 1000).Iterator()
		} else {
			each = node.ScanType(ctx, 0, pattern, 1000, kind).Iterator()
		}
		for each.Next(ctx) {
			mu.Lock()
			keys = append(keys, each.Val())
			mu.Unlock()
		}
		return each.Err()
	}
	var err error
	// A cluster's SCAN sees one node only.
	if cluster, ok := s.target.Redis.(*redis.ClusterClient); ok {
		err = cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return scanNode(ctx, node) })
	} else {
		err = scanNode(ctx, s.target.Redis)
	}
	slices.Sort(keys)
	return slices.Compact(keys), err
}

// hashes returns the keys of all hashes in Redis.
func (s *scene) hashes() map[string]bool {
	if s.failed() {
		return nil
	}
	keys, err := s.scan(s.ctx, "*", "hash")
	s.expect(err == nil, lang.T("an answer from Redis to SCAN", "Redis が SCAN に応答すること"), lang.Same(fmt.Sprint(err)))
	set := make(map[string]bool, len(keys))
	for _, key := range keys {
		set[key] = true
	}
	return set
}

// sessions returns the keys of the hashes that appeared since the check began and
// have a field whose value matches.
func (s *scene) sessions(ctx context.Context, matches func(value string) bool) ([]string, error) {
	keys, err := s.scan(ctx, "*", "hash")
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(key string) bool {
		if s.before[key] {
			return true
		}
		// A key that is gone by now, or holds another type, has no values.
		return !slices.ContainsFunc(s.target.Redis.HVals(ctx, key).Val(), matches)
	})
	return keys, nil
}

// key finds the hash that holds the user's count: in steps 2 and 3 by the user
// name in its key, in step 4 by the user name in one of its fields.
func (s *scene) key() string {
	if s.failed() {
		return ""
	}
	if s.step == 4 {
		return s.sessionKey()
	}
	keys, err := s.scan(s.ctx, "*"+s.user+"*", "")
	s.expect(err == nil, lang.T("an answer from Redis to SCAN", "Redis が SCAN に応答すること"), lang.Same(fmt.Sprint(err)))
	var seen []string
	for _, key := range keys {
		kind := s.target.Redis.Type(s.ctx, key).Val()
		if kind == "hash" && s.target.Redis.HExists(s.ctx, key, "visits").Val() {
			return key
		}
		seen = append(seen, fmt.Sprintf("%s (%s)", key, kind))
	}
	got := lang.T("no key with that name in it", "その名前を含むキーがない")
	if len(seen) > 0 {
		got = lang.T("only %s", "%s しかない", strings.Join(seen, ", "))
	}
	s.expect(false, lang.T(`in Redis a hash with a field "visits" and %s in its key`, `キーに %s を含み、フィールド "visits" を持つハッシュが Redis にあること`, s.user), got)
	return ""
}

func (s *scene) sessionKey() string {
	keys, err := s.sessions(s.ctx, func(value string) bool { return value == s.user })
	s.expect(err == nil, lang.T("an answer from Redis to SCAN", "Redis が SCAN に応答すること"), lang.Same(fmt.Sprint(err)))
	s.expect(len(keys) > 0, lang.T("in Redis a new hash with a field whose value is %s", "値が %s のフィールドを持つ新しいハッシュが Redis にあること", s.user), lang.T("no such hash", "そのようなハッシュがない"))
	if len(keys) == 0 {
		return ""
	}
	return keys[0]
}

// count returns the field visits.
func (s *scene) count(key string) string {
	if s.failed() {
		return ""
	}
	cmd := s.target.Redis.HGet(s.ctx, key, "visits")
	if errors.Is(cmd.Err(), redis.Nil) {
		s.expect(false, lang.T(`a field "visits" in the hash %s`, `ハッシュ %s にフィールド "visits" があること`, key), lang.T("no such field", "そのフィールドがない"))
	}
	s.expectReply(cmd)
	return cmd.Val()
}

func (s *scene) setCount(key, n string) {
	if s.failed() {
		return
	}
	s.expectReply(s.target.Redis.HSet(s.ctx, key, "visits", n))
}

func (s *scene) exists(key string) bool {
	if s.failed() {
		return false
	}
	cmd := s.target.Redis.Exists(s.ctx, key)
	s.expectReply(cmd)
	return cmd.Val() == 1
}

// plantString replaces what a key holds with a string without a TTL.
func (s *scene) plantString(key, value string) {
	if s.failed() {
		return
	}
	s.planted = append(s.planted, key)
	s.expectReply(s.target.Redis.Set(s.ctx, key, value, 0))
}

// forever and absent are what ttl returns for a key without a TTL, and for no
// key. PTTL answers with these numbers, and go-redis does not scale them.
const (
	forever time.Duration = -1
	absent  time.Duration = -2
)

func (s *scene) ttl(key string) time.Duration {
	if s.failed() {
		return 0
	}
	cmd := s.target.Redis.PTTL(s.ctx, key)
	s.expectReply(cmd)
	return cmd.Val()
}

func ttlText(key string, ttl time.Duration) lang.Text {
	switch ttl {
	case forever:
		return lang.T("PTTL %s is -1: the key has no TTL and lives for ever", "PTTL %s は -1: キーに TTL がなく、いつまでも残る", key)
	case absent:
		return lang.T("PTTL %s is -2: the key is not there", "PTTL %s は -2: キーがない", key)
	}
	return lang.T("PTTL %s is %d ms", "PTTL %s は %d ms", key, ttl.Milliseconds())
}

// expectTTL expects a TTL of at most the configured one.
func (s *scene) expectTTL(key string) {
	got := s.ttl(key)
	s.expect(got > 0 && got <= s.target.TTL,
		lang.T("a TTL on %s, above 0 and at most %s", "%s の TTL が 0 より大きく、%s 以下であること", key, s.target.TTL), ttlText(key, got))
}

// shorten sets the TTL of a key to a third of the configured one.
func (s *scene) shorten(key string) time.Duration {
	if s.failed() {
		return 0
	}
	short := s.target.TTL / 3
	s.expectReply(s.target.Redis.PExpire(s.ctx, key, short))
	return short
}

// expectFull expects a TTL that was shortened before since to be the configured
// one again, less the time that has passed since then.
func (s *scene) expectFull(key string, since time.Time) {
	got := s.ttl(key)
	least := s.target.TTL*8/10 - time.Since(since)
	s.expect(got > least && got <= s.target.TTL,
		lang.T("the TTL of %s to be %s again, after it was shortened to %s", "%[3]s に縮めた %[1]s の TTL が、%[2]s に戻ること", key, s.target.TTL, s.target.TTL/3),
		ttlText(key, got))
}

// expire makes a key's TTL end now.
func (s *scene) expire(key string) {
	if s.failed() {
		return
	}
	s.expectReply(s.target.Redis.PExpire(s.ctx, key, time.Millisecond))
	s.awaitGone(key, 3*time.Second)
}

// awaitGone waits until a key is gone. A key without a TTL fails at once.
func (s *scene) awaitGone(key string, limit time.Duration) {
	for end := time.Now().Add(limit); ; {
		left := s.ttl(key)
		if s.failed() || left == absent {
			return
		}
		if left == forever || time.Now().After(end) {
			s.expect(false, lang.T("the key %s to be gone when its TTL is over", "TTL が 0 になったら、キー %s が消えること", key), ttlText(key, left))
			return
		}
		select {
		case <-s.ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// cleanUp deletes what the check left in Redis, also after a failure or when
// ctx is done. A key that it cannot delete is not a failure of the app.
func (s *scene) cleanUp() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 5*time.Second)
	defer cancel()
	keys, _ := s.scan(ctx, "*"+s.user+"*", "")
	if s.step == 4 {
		sessions, _ := s.sessions(ctx, func(value string) bool { return strings.Contains(value, s.user) })
		keys = append(keys, sessions...)
	}
	for _, key := range append(keys, s.planted...) {
		s.target.Redis.Del(ctx, key)
	}
}
