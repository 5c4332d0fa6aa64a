package sessiontest

import (
	"io"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

var late = []test{
	{"the command that creates a session is sent once", createdOnce},
	{"a late creation makes no session", lateCreation},
	{"a late creation of a failed login makes no session", lateAfterFailure},
	{"a login that is tried again ends only one session over the limit", lostReplyEvictsNone},
	{"a login during RevokeAll stays in the list", revokedBetween},
}

// creations records the commands of a store that create a session.
type creations struct {
	sync.Mutex
	args [][]any
}

// fail breaks the connection of the first n creations: if arrives, after Redis has
// run the command, else before Redis gets it.
func (c *creations) fail(n int, arrives bool) interceptor {
	return func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		if !creates(commands) {
			return send(commands...)
		}
		c.Lock()
		c.args = append(c.args, slices.Clone(commands[0].Args()))
		broken := len(c.args) <= n
		c.Unlock()
		if !broken {
			return send(commands...)
		}
		if arrives {
			_ = send(commands...)
		}
		commands[0].SetErr(io.EOF)
		return io.EOF
	}
}

// sendLate sends creation i again and returns its key.
func (c *creations) sendLate(s *scene, i int) (key string) {
	s.Helper()
	_ = s.admin.Do(s.ctx, c.args[i]...).Err()
	return c.key(i)
}

func (c *creations) key(i int) string { return c.args[i][3].(string) }

func createdOnce(s *scene) {
	for _, arrives := range []bool{true, false} {
		b, c := s.browser(s.store()), &creations{}
		// After this login Redis knows the scripts.
		b.login("other-" + s.username)
		b.store.intercept(c.fail(1, arrives))
		b.login(s.username)
		b.store.stopIntercepting()
		if len(c.args) != 2 || c.key(0) == c.key(1) {
			s.Fatalf("a login whose connection broke sent %d creations, want two with different keys", len(c.args))
		}
		s.wantEqual("the session of the browser", b.key(), c.key(1))
		s.wantList(b.store, s.username, b)
		s.wantEntries(s.username, b)
		s.must(b.store.RevokeAll(s.ctx, s.username))
	}
}

// The network delays the first creation until the second has succeeded, then until
// the logout, then until RevokeAll.
func lateCreation(s *scene) {
	b, c := s.browser(s.store()), &creations{}
	b.login("other-" + s.username)
	b.store.intercept(c.fail(1, false))
	b.login(s.username)
	b.store.stopIntercepting()
	s.wantNoSessionFrom("a login", 1, c, b.store)
	b.logout()
	s.wantNoSessionFrom("a logout", 1, c, b.store)
	s.must(b.store.RevokeAll(s.ctx, s.username))
	s.wantNoSessionFrom("RevokeAll", 1, c, b.store)
}

// wantNoSessionFrom fails the test if one of the first n creations makes a session when
// it arrives now. No login has returned their tokens.
func (s *scene) wantNoSessionFrom(after string, n int, c *creations, store *store) {
	s.Helper()
	before, err := store.List(s.ctx, s.username)
	s.must(err)
	for i := range n {
		key := c.sendLate(s, i)
		if now, err := store.List(s.ctx, s.username); err != nil || len(now) > len(before) {
			s.Errorf("a creation arrived after %s, and List shows %d sessions (%v), want %d", after, len(now), err, len(before))
		}
		if slices.Contains(s.entries(s.username), key[len(s.prefix):]) {
			s.Errorf("a creation arrived after %s and made an entry", after)
		}
	}
}

func lateAfterFailure(s *scene) {
	for _, arrives := range []bool{true, false} {
		b, c := s.browser(s.store()), &creations{}
		b.login("other-" + s.username)
		b.store.intercept(c.fail(2, arrives))
		s.wantErr("a login without a reply", b.tryLogin(s.username), sessionstore.ErrUnavailable)
		b.store.stopIntercepting()
		if len(c.args) != 2 {
			s.Errorf("the login was tried %d times, want 2", len(c.args))
		}
		s.wantList(b.store, s.username)
		s.wantNoSessionFrom("a failed login", 2, c, b.store)
	}
}

func lostReplyEvictsNone(s *scene) {
	store := s.store(sessionstore.MaxSessions(3))
	browsers := s.loggedInRepeatedly(3, s.username, store)
	c := &creations{}
	store.intercept(c.fail(1, true))
	fourth := s.loggedIn(store)
	store.stopIntercepting()
	for i, b := range browsers {
		b.wantLoggedIn(i > 0, "one of three, after a fourth login that needed two tries")
	}
	fourth.wantLoggedIn(true, "the fourth")
	store.intercept((&creations{}).fail(2, true))
	s.wantErr("a login without a reply", s.browser(store).tryLogin(s.username), sessionstore.ErrUnavailable)
	store.stopIntercepting()
	s.wantList(store, s.username, browsers[1], browsers[2], fourth)
}

// A reply is lost, and RevokeAll runs before the login tries again. The session of
// the second try must have an entry.
func revokedBetween(s *scene) {
	store, other, c := s.store(), s.store(), &creations{}
	fail := c.fail(1, true)
	store.intercept(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		err := fail(commands, send)
		if err == io.EOF {
			s.must(other.RevokeAll(s.ctx, s.username))
		}
		return err
	})
	b := s.loggedIn(store)
	store.stopIntercepting()
	s.wantList(store, s.username, b)
	s.must(store.RevokeAll(s.ctx, s.username))
	b.wantLoggedIn(false, "after RevokeAll")
}
