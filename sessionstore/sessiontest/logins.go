package sessiontest

import (
	"context"
	"errors"
	"slices"
	"strings"

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
var failures = map[string]func(commands []redis.Cmder, send func(...redis.Cmder) error) error{
	"before anything is done": func([]redis.Cmder, func(...redis.Cmder) error) error {
		return errLost
	},
	"when the new session is made and the answer lost": func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		return errors.Join(send(commands...), errLost)
	},
	"when the new session is made and the entry is not": func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		return errors.Join(send(commands[0]), errLost)
	},
	"before the old session is ended": func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		if has(commands, "unlink") {
			return errLost
		}
		return send(commands...)
	},
}

func has(commands []redis.Cmder, name string) bool {
	return slices.ContainsFunc(commands, func(c redis.Cmder) bool { return c.Name() == name })
}

func failedLogin(s *scene) {
	for where, fail := range failures {
		store := s.store()
		b := s.loggedIn(store)
		s.must(b.batch(sessionstore.Set("f", "kept")))
		cookie := b.cookie
		failed := false
		store.comeBetween(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
			err := fail(commands, send)
			failed = failed || errors.Is(err, errLost)
			return err
		})
		if err := b.tryLogin("other-" + s.username); !errors.Is(err, sessionstore.ErrUnavailable) {
			s.Errorf("%s: the error is %v, want ErrUnavailable", where, err)
		}
		store.letPass()
		if !failed {
			s.Errorf("%s: the login never came there, so this test has seen nothing", where)
		}
		if b.cookie != cookie {
			s.Errorf("%s: the failed login has changed the cookie", where)
		}
		if b.get("f") != "kept" {
			s.Errorf("%s: the old session is changed", where)
		}
	}
}

func loginAgain(s *scene) {
	for where, fail := range failures {
		store := s.store()
		b := s.loggedIn(store)
		old := b.on(store)
		store.comeBetween(fail)
		_ = b.tryLogin(s.username)
		store.letPass()
		b.login(s.username)
		b.mustBe(true, where+": who logged in again")
		old.mustBe(false, where+": the old session")
	}
}

func userNames(s *scene) {
	store := s.store()
	b := s.loggedIn(store)
	cookie, before := b.cookie, store.calls.Load()
	for _, name := range []string{"", strings.Repeat("n", 4097)} {
		if err := b.tryLogin(name); !errors.Is(err, sessionstore.ErrField) {
			s.Errorf("a name of %d bytes: the error is %v, want ErrField", len(name), err)
		}
	}
	if n := store.calls.Load() - before; n != 0 || b.cookie != cookie {
		s.Errorf("names that cannot be: Redis was asked %d times, the cookie changed: %t", n, b.cookie != cookie)
	}
	for _, name := range []string{" ", "a:b\x00\r\n", "\xff", strings.Repeat("n", 4096)} {
		b.login(name)
		if got := b.get("username"); got != name {
			s.Errorf("the name %.20q came back as %.20q", name, got)
		}
	}
}

func closedTab(s *scene) {
	store := s.store()
	b := s.loggedIn(store)
	old := b.on(store)
	closed, cancel := context.WithCancel(s.ctx)
	cancel()
	s.must(b.do(func(_ context.Context, a *sessionstore.Session) error { return a.Login(closed, s.username) }))
	b.mustBe(true, "after a login in a tab that was closed")
	old.mustBe(false, "the session before it")

	err := b.do(func(_ context.Context, a *sessionstore.Session) error { return a.Refresh(closed) })
	if !errors.Is(err, context.Canceled) || errors.Is(err, sessionstore.ErrUnavailable) || errors.Is(err, sessionstore.ErrNoSession) {
		s.Errorf("a visit of a closed tab: the error is %v, want context.Canceled alone", err)
	}
	copied := b.on(store)
	s.must(b.do(func(_ context.Context, a *sessionstore.Session) error { return a.Logout(closed) }))
	copied.mustBe(false, "after a logout in a tab that was closed")
}
