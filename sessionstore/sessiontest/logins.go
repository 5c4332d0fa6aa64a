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
	{"a second login succeeds after one that failed half-way", loginAgain},
	{"a user name has limits", userNames},
	{"a login and a logout finish after the tab is closed", closedTab},
}

var errLost = errors.New("lost in the network")

// failures make a login fail at each step.
var failures = map[string]interceptor{
	"before the first command": func([]redis.Cmder, func(...redis.Cmder) error) error {
		return errLost
	},
	"every reply is lost": func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		return errors.Join(send(commands...), errLost)
	},
	"the reply to the creation is lost": func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		err := send(commands...)
		if creates(commands) {
			return errors.Join(err, errLost)
		}
		return err
	},
	"before the entry is created": func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
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
		if where == "every reply is lost" {
			// Redis has ended the old session, as the documentation of Login says.
			continue
		}
		b := s.loggedIn(s.store())
		s.must(b.batch(sessionstore.Set("f", "kept")))
		cookie := b.cookie
		// On a cluster the store asks several nodes in parallel.
		var failed atomic.Bool
		b.store.intercept(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
			err := fail(commands, send)
			if errors.Is(err, errLost) {
				failed.Store(true)
			}
			return err
		})
		s.wantErr(where, b.tryLogin("other-"+s.username), sessionstore.ErrUnavailable)
		b.store.stopIntercepting()
		if !failed.Load() {
			s.Errorf("%s: the failure never happened, so this test proves nothing", where)
		}
		s.wantEqual(where+": the cookie", b.cookie, cookie)
		s.wantEqual(where+": the old session", b.get("f"), "kept")
	}
}

func loginAgain(s *scene) {
	for where, fail := range failures {
		b := s.loggedIn(s.store())
		old := b.copied()
		b.store.intercept(fail)
		_ = b.tryLogin(s.username)
		b.store.stopIntercepting()
		b.login(s.username)
		b.wantLoggedIn(true, where+": the second login")
		old.wantLoggedIn(false, where+": the old session")
	}
}

func userNames(s *scene) {
	b := s.loggedIn(s.store())
	cookie := b.cookie
	b.wantNoCommand("invalid names", func() {
		for _, name := range []string{"", strings.Repeat("n", 4097)} {
			s.wantErr(fmt.Sprintf("a name of %d bytes", len(name)), b.tryLogin(name), sessionstore.ErrField)
		}
	})
	s.wantEqual("the cookie after invalid names", b.cookie, cookie)
	for _, name := range []string{" ", "a:b\x00\r\n", "\xff", strings.Repeat("n", 4096)} {
		b.login(name)
		s.wantEqual("the user name", b.get("username"), name)
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
	b.wantLoggedIn(true, "after a login in a closed tab")
	old.wantLoggedIn(false, "the old session")

	err := b.do(in((*sessionstore.Session).Refresh))
	if !errors.Is(err, context.Canceled) || errors.Is(err, sessionstore.ErrUnavailable) || errors.Is(err, sessionstore.ErrNoSession) {
		s.Errorf("a visit in a closed tab: the error is %v, want only context.Canceled", err)
	}
	copied := b.copied()
	s.must(b.do(in((*sessionstore.Session).Logout)))
	copied.wantLoggedIn(false, "after a logout in a closed tab")
}
