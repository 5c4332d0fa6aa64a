package sessiontest

import (
	"io"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

var late = []test{
	{"a creation is sent once under its token", createdOnce},
	{"a creation that arrives late makes nothing", lateCreation},
	{"a creation that arrives late makes nothing if its login failed", lateAfterFailure},
	{"a lost reply to a login evicts no session for it", lostReplyEvictsNone},
	{"a session that begins while another is revoked stays listed", revokedBetween},
}

// creations are the commands of a store that make a session.
type creations struct {
	sync.Mutex
	args [][]any
}

// fail breaks the connection of the first n creations: in place of their reply, or
// before Redis gets them.
func (c *creations) fail(n int, arrives bool) between {
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

// arrive sends a creation, and answers its key.
func (c *creations) arrive(s *scene, i int) (key string) {
	s.Helper()
	_ = s.admin.Do(s.ctx, c.args[i]...).Err()
	return c.key(i)
}

func (c *creations) key(i int) string { return c.args[i][3].(string) }

func createdOnce(s *scene) {
	for _, arrives := range []bool{true, false} {
		b, c := s.browser(s.store()), &creations{}
		// Redis knows the scripts.
		b.login("other-" + s.username)
		b.store.comeBetween(c.fail(1, arrives))
		b.login(s.username)
		b.store.letPass()
		if len(c.args) != 2 || c.key(0) == c.key(1) {
			s.Fatalf("a login whose connection broke sent %d creations, want two of different sessions", len(c.args))
		}
		s.same("the session of the browser", b.key(), c.key(1))
		s.lists(b.store, s.username, b)
		s.hasEntries(s.username, b)
		s.must(b.store.RevokeAll(s.ctx, s.username))
	}
}

// The first copy is held up in the network, and arrives after a logout, and after
// the user was logged out everywhere.
func lateCreation(s *scene) {
	b, c := s.browser(s.store()), &creations{}
	b.login("other-" + s.username)
	b.store.comeBetween(c.fail(1, false))
	b.login(s.username)
	b.store.letPass()
	s.makesNothing("a login", 1, c, b.store)
	b.logout()
	s.makesNothing("a logout", 1, c, b.store)
	s.must(b.store.RevokeAll(s.ctx, s.username))
	s.makesNothing("RevokeAll", 1, c, b.store)
}

// makesNothing fails the test if one of the first n creations, which were not
// confirmed, makes a session when it arrives now.
func (s *scene) makesNothing(after string, n int, c *creations, store *store) {
	s.Helper()
	before, err := store.List(s.ctx, s.username)
	s.must(err)
	for i := range n {
		key := c.arrive(s, i)
		if now, err := store.List(s.ctx, s.username); err != nil || len(now) > len(before) {
			s.Errorf("after %s a creation came late, and List shows %d sessions (%v), not %d", after, len(now), err, len(before))
		}
		if slices.Contains(s.entries(s.username), key[len(s.prefix):]) {
			s.Errorf("after %s a creation came late, and made an entry", after)
		}
	}
}

func lateAfterFailure(s *scene) {
	for _, arrives := range []bool{true, false} {
		b, c := s.browser(s.store()), &creations{}
		b.login("other-" + s.username)
		b.store.comeBetween(c.fail(2, arrives))
		s.wantErr("a login without a reply", b.tryLogin(s.username), sessionstore.ErrUnavailable)
		b.store.letPass()
		if len(c.args) != 2 {
			s.Errorf("the login tried %d times, want twice", len(c.args))
		}
		s.lists(b.store, s.username)
		s.makesNothing("a failed login", 2, c, b.store)
	}
}

func lostReplyEvictsNone(s *scene) {
	store := s.store(sessionstore.MaxSessions(3))
	browsers := s.loggedInOften(3, s.username, store)
	c := &creations{}
	store.comeBetween(c.fail(1, true))
	fourth := s.loggedIn(store)
	store.letPass()
	for i, b := range browsers {
		b.mustBe(i > 0, "one of three, after a login that was tried twice")
	}
	fourth.mustBe(true, "the fourth")
	store.comeBetween((&creations{}).fail(2, true))
	s.wantErr("a login without a reply", s.browser(store).tryLogin(s.username), sessionstore.ErrUnavailable)
	store.letPass()
	s.lists(store, s.username, browsers[1], browsers[2], fourth)
}

// A reply is lost, and before the login tries again the user is logged out
// everywhere: the session that the login then confirms has an entry.
func revokedBetween(s *scene) {
	store, other, c := s.store(), s.store(), &creations{}
	fail := c.fail(1, true)
	store.comeBetween(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		err := fail(commands, send)
		if err == io.EOF {
			s.must(other.RevokeAll(s.ctx, s.username))
		}
		return err
	})
	b := s.loggedIn(store)
	store.letPass()
	s.lists(store, s.username, b)
	s.must(store.RevokeAll(s.ctx, s.username))
	b.mustBe(false, "after RevokeAll")
}
