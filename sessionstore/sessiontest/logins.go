package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

var logins = []test{
	{"the old session survives a failed login", failedLogin},
	{"a login that fails half-way is done by trying again", loginAgain},
	{"the name of a user has bounds", userNames},
	{"a closed tab stops no login and no logout", closedTab},
}

var errLost = errors.New("lost on the way")

// failures break a login at each place where it can break.
var failures = map[string]between{
	"before anything is done": func([]redis.Cmder, func(...redis.Cmder) error) error {
		return errLost
	},
	"when all is done and each answer is lost": func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		return errors.Join(send(commands...), errLost)
	},
	"when the new session is made and the answer lost": func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		err := send(commands...)
		if creates(commands) {
			return errors.Join(err, errLost)
		}
		return err
	},
	"before the entry is made": func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		if runs(commands, "begin", "enter") {
			return errLost
		}
		return send(commands...)
	},
	"before the old session is ended": func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		if runs(commands, "settle", "end") {
			return errLost
		}
		return send(commands...)
	},
}

func failedLogin(s *scene) {
	for where, fail := range failures {
		if where == "when all is done and each answer is lost" {
			// Then the old session is ended: see the documentation of Login.
			continue
		}
		b := s.loggedIn(s.store())
		s.must(b.batch(sessionstore.Set("f", "kept")))
		cookie := b.cookie
		// On a cluster the store asks several nodes at once.
		var failed atomic.Bool
		b.store.comeBetween(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
			err := fail(commands, send)
			if errors.Is(err, errLost) {
				failed.Store(true)
			}
			return err
		})
		s.wantErr(where, b.tryLogin("other-"+s.username), sessionstore.ErrUnavailable)
		b.store.letPass()
		if !failed.Load() {
			s.Errorf("%s: the login never came there, so this test has seen nothing", where)
		}
		s.same(where+": the cookie", b.cookie, cookie)
		s.same(where+": the old session", b.get("f"), "kept")
	}
}

func loginAgain(s *scene) {
	for where, fail := range failures {
		b := s.loggedIn(s.store())
		old := b.copied()
		b.store.comeBetween(fail)
		_ = b.tryLogin(s.username)
		b.store.letPass()
		b.login(s.username)
		b.mustBe(true, where+": who logged in again")
		old.mustBe(false, where+": the old session")
	}
}

func userNames(s *scene) {
	b := s.loggedIn(s.store())
	cookie := b.cookie
	b.asksNothing("invalid names", func() {
		for _, name := range []string{"", strings.Repeat("n", 4097)} {
			s.wantErr(fmt.Sprintf("a name of %d bytes", len(name)), b.tryLogin(name), sessionstore.ErrField)
		}
	})
	s.same("the cookie after invalid names", b.cookie, cookie)
	for _, name := range []string{" ", "a:b\x00\r\n", "\xff", strings.Repeat("n", 4096)} {
		b.login(name)
		s.same("the name", b.get("username"), name)
	}
}

func closedTab(s *scene) {
	b := s.loggedIn(s.store())
	old := b.copied()
	closed, cancel := context.WithCancel(s.ctx)
	cancel()
	in := func(act act) act {
		return func(a *sessionstore.Session, _ context.Context) error { return act(a, closed) }
	}
	s.must(b.do(in(func(a *sessionstore.Session, ctx context.Context) error { return a.Login(ctx, s.username) })))
	b.mustBe(true, "after a login in a tab that was closed")
	old.mustBe(false, "the session before it")

	err := b.do(in((*sessionstore.Session).Refresh))
	if !errors.Is(err, context.Canceled) || errors.Is(err, sessionstore.ErrUnavailable) || errors.Is(err, sessionstore.ErrNoSession) {
		s.Errorf("a visit of a closed tab: the error is %v, want context.Canceled alone", err)
	}
	copied := b.copied()
	s.must(b.do(in((*sessionstore.Session).Logout)))
	copied.mustBe(false, "after a logout in a tab that was closed")
}
