package sessiontest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

var revocation = []test{
	{"List shows the live sessions of a user", listed},
	{"Revoke ends one session by its handle", revokeOne},
	{"Revoke refuses a handle of another user", revokeRefused},
	{"RevokeAll and RevokeOthers", revokeAll},
	{"a login beyond the limit ends the oldest", limit},
	{"the limit counts only live sessions", limitAmongDead},
	{"the oldest session is the one with the oldest login", oldestByLogin},
	{"entries of dead sessions are pruned", pruned},
	{"a logout leaves no entry", logoutLeavesNoEntry},
	{"a login ends the session of the previous user", otherUserBefore},
	{"the index ends with its last session", indexTTL},
	{"no key contains the user name", namelessKeys},
	{"RevokeAll while logins run", revokeWhileLoginsRun},
	{"no call prunes a session while it is created", pruneWhileMade},
}

// wantList fails the test unless List shows the sessions of these browsers, in this
// order.
func (s *scene) wantList(store *store, username string, browsers ...*browser) []sessionstore.Info {
	s.Helper()
	all, err := store.List(s.ctx, username)
	s.must(err)
	var handles []string
	for _, info := range all {
		handles = append(handles, info.Handle)
	}
	s.wantSame("List", handles, handlesOf(browsers...))
	return all
}

func handlesOf(browsers ...*browser) []string {
	var handles []string
	for _, b := range browsers {
		handles = append(handles, b.handle())
	}
	return handles
}

func (s *scene) wantSame(what string, got, want []string) {
	s.Helper()
	if !slices.Equal(got, want) {
		s.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// wantEntries fails the test unless the index of a user has the sessions of these
// browsers and no others.
func (s *scene) wantEntries(username string, browsers ...*browser) {
	s.Helper()
	s.wantSame("the index", slices.Sorted(slices.Values(s.entries(username))), slices.Sorted(slices.Values(handlesOf(browsers...))))
}

func listed(s *scene) {
	const age = 2 * time.Hour
	store := s.store(sessionstore.MaxAge(age))
	s.wantList(store, s.username)
	began := s.now()
	browsers := s.loggedInRepeatedly(3, s.username, store)
	s.loggedInAs("other-"+s.username, store)
	for _, info := range s.wantList(store, s.username, browsers...) {
		s.wantBetween("Created", info.Created.UnixMilli(), began, s.now())
		if info.End.Sub(info.Created) != age {
			s.Errorf("End is %v after Created, want %v", info.End.Sub(info.Created), age)
		}
	}
	// A handle is not a token.
	b := browsers[0]
	b.setToken(b.handle())
	b.wantLoggedIn(false, "a handle as a cookie")
}

func revokeOne(s *scene) {
	store := s.store()
	one, two := s.loggedIn(store), s.loggedIn(store)
	s.must(store.Revoke(s.ctx, s.username, one.handle()))
	one.wantLoggedIn(false, "the revoked session")
	two.wantLoggedIn(true, "the other session")
	s.wantEntries(s.username, two)
	s.wantErr("revoking it again", store.Revoke(s.ctx, s.username, one.handle()), sessionstore.ErrNoSession)
	// The entry is left, but the session is not.
	s.expire(two.key())
	s.wantErr("revoking a dead session", store.Revoke(s.ctx, s.username, two.handle()), sessionstore.ErrNoSession)
	s.wantEntries(s.username)
}

func revokeRefused(s *scene) {
	store := s.store()
	theirs := "other-" + s.username
	mine, other := s.loggedIn(store), s.loggedInAs(theirs, store)
	before := s.contents()
	for what, handle := range map[string]string{
		"another user's": other.handle(), "invented": strings.Repeat("0", 64), "empty": "",
		"a token": mine.token(), "the key of an index": "user:" + digest(theirs), "a pattern": "*",
	} {
		s.wantErr("a handle that is "+what, store.Revoke(s.ctx, s.username, handle), sessionstore.ErrNoSession)
	}
	s.wantUnchanged(before)
}

func revokeAll(s *scene) {
	store := s.store()
	one, here, other := s.loggedIn(store), s.loggedIn(store), s.loggedInAs("other-"+s.username, store)
	s.must(store.RevokeOthers(s.ctx, s.username, here.handle()))
	one.wantLoggedIn(false, "elsewhere")
	here.wantLoggedIn(true, "here")
	s.wantEntries(s.username, here)

	two := s.loggedIn(store)
	s.must(store.RevokeAll(s.ctx, s.username))
	here.wantLoggedIn(false, "here, after RevokeAll")
	two.wantLoggedIn(false, "elsewhere, after RevokeAll")
	if s.exists(s.indexKey(s.username)) {
		s.Error("RevokeAll left an index")
	}
	other.wantLoggedIn(true, "another user")
	s.must(store.RevokeAll(s.ctx, s.username))

	// RevokeOthers with a handle of another user ends all sessions of this user.
	two.login(s.username)
	s.must(store.RevokeOthers(s.ctx, s.username, other.handle()))
	two.wantLoggedIn(false, "the user's session")
	other.wantLoggedIn(true, "the other user")
}

func limit(s *scene) {
	store := s.store(sessionstore.MaxSessions(3))
	browsers := s.loggedInRepeatedly(5, s.username, store)
	for i, b := range browsers {
		b.wantLoggedIn(i >= 2, fmt.Sprintf("login %d of 5, with a limit of 3", i+1))
	}
	// A login that replaces the session of its browser ends no other.
	browsers[4].login(s.username)
	for _, b := range browsers[2:] {
		b.wantLoggedIn(true, "after a login that replaced one of three sessions")
	}
	s.wantList(store, s.username, browsers[2:]...)

	one := s.store(sessionstore.MaxSessions(1))
	last := s.loggedIn(one)
	for _, b := range browsers[2:] {
		b.wantLoggedIn(false, "after a login with a limit of 1")
	}
	last.wantLoggedIn(true, "the only one")
}

// After MaxAge was shortened, the newest session ends first.
func oldestByLogin(s *scene) {
	long := s.store(sessionstore.MaxSessions(2), sessionstore.MaxAge(5*time.Hour))
	short := s.store(sessionstore.MaxSessions(2), sessionstore.MaxAge(time.Hour))
	old := s.loggedInRepeatedly(1, s.username, long)[0]
	first := s.loggedInRepeatedly(1, s.username, short)[0]
	s.wantList(short, s.username, old, first)
	second := s.loggedIn(short)
	old.wantLoggedIn(false, "the oldest login")
	s.wantList(short, s.username, first, second)
}

func logoutLeavesNoEntry(s *scene) {
	store := s.store()
	for what, logout := range map[string]func(*browser){
		"a logout after a visit":  (*browser).logout,
		"a logout without one":    func(b *browser) { s.must(b.do((*sessionstore.Session).Logout)) },
		"a login as another user": func(b *browser) { b.login("other-" + s.username) },
	} {
		logout(s.loggedIn(store))
		if s.exists(s.indexKey(s.username)) {
			s.Errorf("%s left the index", what)
		}
	}
}

func limitAmongDead(s *scene) {
	store := s.store(sessionstore.MaxSessions(3))
	browsers := s.loggedInRepeatedly(3, s.username, store)
	s.expire(browsers[1].key())
	fourth := s.loggedIn(store)
	browsers[0].wantLoggedIn(true, "the oldest, with one of three dead")
	browsers[2].wantLoggedIn(true, "the third")
	fourth.wantLoggedIn(true, "the fourth")
	s.wantEntries(s.username, browsers[0], browsers[2], fourth)
}

func pruned(s *scene) {
	store := s.store()
	for name, prune := range map[string]func(username string, live *browser){
		"a login":      func(username string, _ *browser) { s.loggedInAs(username, store) },
		"List":         func(username string, live *browser) { s.wantList(store, username, live) },
		"RevokeAll":    func(username string, _ *browser) { s.must(store.RevokeAll(s.ctx, username)) },
		"RevokeOthers": func(username string, live *browser) { s.must(store.RevokeOthers(s.ctx, username, live.handle())) },
	} {
		username := s.username + name
		browsers := s.loggedInRepeatedly(3, username, store)
		s.expire(browsers[0].key())
		s.expire(browsers[2].key())
		prune(username, browsers[1])
		for i, b := range browsers {
			if i != 1 && slices.Contains(s.entries(username), b.handle()) {
				s.Errorf("%s left the entry of a dead session", name)
			}
		}
		browsers[1].wantLoggedIn(name != "RevokeAll", "the live session, after "+name)
	}
}

// A user logs in on a browser in which another user is logged in.
func otherUserBefore(s *scene) {
	b := s.loggedIn(s.store())
	before := b.copied()
	b.login("other-" + s.username)
	before.wantLoggedIn(false, "the previous user")
	b.wantLoggedIn(true, "the new user")
	s.wantList(b.store, s.username)
	s.wantEntries("other-"+s.username, b)
}

func indexTTL(s *scene) {
	long, short := s.store(sessionstore.MaxAge(5*time.Hour)), s.store(sessionstore.MaxAge(time.Hour))
	first := s.loggedIn(short)
	end := s.field(first.key(), "@end")
	s.wantExpiry("of the index", s.indexKey(s.username), end, s.now()+time.Hour.Milliseconds())

	second := s.loggedIn(long)
	end = s.field(second.key(), "@end")
	s.wantExpiry("with a second session", s.indexKey(s.username), end, s.now()+5*time.Hour.Milliseconds())
	third := s.loggedIn(short)
	s.wantExpiry("with a third that ends sooner", s.indexKey(s.username), end, s.now()+5*time.Hour.Milliseconds())

	// The index lives no longer than its last session.
	second.logout()
	score := result(s, s.admin.ZScore(s.ctx, s.indexKey(s.username), third.handle()))
	s.wantExpiry("after the longest session ended", s.indexKey(s.username), int64(score), int64(score))
	first.logout()
	s.must(long.Revoke(s.ctx, s.username, third.handle()))
	if s.exists(s.indexKey(s.username)) {
		s.Error("the index is left without a session")
	}
}

func namelessKeys(s *scene) {
	b := s.loggedIn(s.store())
	want := []string{b.key(), s.indexKey(s.username)}
	slices.Sort(want)
	s.wantSame("the keys", s.keys(), want)
	for _, key := range s.keys() {
		if strings.Contains(key, s.username) {
			s.Errorf("the key %s contains the user name", key)
		}
	}
}

// Each session whose Login returned before RevokeAll began is dead when RevokeAll
// returns nil. A login that is not finished by then may survive.
func revokeWhileLoginsRun(s *scene) {
	const size = 4
	crowd, store := s.crowd(size), s.store()
	if _, cluster := s.admin.(*redis.ClusterClient); !cluster {
		// On one server RevokeAll is a single script.
		before := crowd.next(size)
		s.must(store.RevokeAll(s.ctx, s.username))
		s.wantAllDead(before)
		crowd.stop()
		return
	}
	var confirmed []*browser
	// If new logins keep coming, RevokeAll gives up with an error.
	store.intercept(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		if runs(commands, "leave") {
			confirmed = append(confirmed, crowd.next(size+1)...)
		}
		return send(commands...)
	})
	s.wantErr("while logins keep coming", store.RevokeAll(s.ctx, s.username), sessionstore.ErrStillLive)
	for range 15 {
		before := append(confirmed, crowd.next(size)...)
		confirmed = nil
		// Logins run between the first seven looks of RevokeAll at the index, and then
		// stop, so that it finds the index empty. There are more logins than browsers,
		// so at least one of them began after the look.
		asked := 0
		store.intercept(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
			if !runs(commands, "leave") {
				return send(commands...)
			}
			if asked++; asked <= 7 {
				confirmed = append(confirmed, crowd.next(size+1)...)
			}
			return send(commands...)
		})
		s.must(store.RevokeAll(s.ctx, s.username))
		if asked < 7 {
			s.Errorf("RevokeAll saw no new logins: it looked %d times", asked)
		}
		s.wantAllDead(before)
	}
	crowd.stop()
	store.stopIntercepting()
	s.must(store.RevokeAll(s.ctx, s.username))
	if keys := s.keys(); len(keys) != 0 {
		s.Errorf("after the last login RevokeAll left the keys %v", keys)
	}
}

// wantAllDead fails the test if one of the sessions is alive. Their logins returned
// before RevokeAll.
func (s *scene) wantAllDead(browsers []*browser) {
	s.Helper()
	for _, b := range browsers {
		if s.exists(b.key()) {
			s.Error("a session from before RevokeAll is alive after it")
		}
	}
}

// crowd is several browsers in which one user logs in again and again.
type crowd struct {
	*scene
	confirmed chan *browser // the next login begins when this one is received
	stop      func()
}

func (s *scene) crowd(size int) *crowd {
	c := &crowd{scene: s, confirmed: make(chan *browser)}
	ctx, cancel := context.WithCancel(s.ctx)
	var group sync.WaitGroup
	for i := range size {
		store := s.store()
		// Half of them keep their cookie, so each login ends the session before it.
		group.Go(func() { c.logIn(ctx, store, i%2 == 0) })
	}
	c.stop = func() {
		cancel()
		group.Wait()
	}
	s.Cleanup(c.stop)
	return c
}

func (c *crowd) logIn(ctx context.Context, store *store, rotate bool) {
	b := c.browser(store)
	for {
		if !rotate {
			b = c.browser(store)
		}
		if err := b.tryLogin(c.username); err != nil {
			c.Error(err)
			return
		}
		select {
		case c.confirmed <- b.copied():
		case <-ctx.Done():
			return
		}
	}
}

// next returns the browsers of the next n successful logins.
func (c *crowd) next(n int) []*browser {
	c.Helper()
	browsers := make([]*browser, n)
	for i := range browsers {
		select {
		case browsers[i] = <-c.confirmed:
		case <-c.ctx.Done():
			c.Fatal("the logins stopped")
		}
	}
	return browsers
}

// On a cluster the session and the index are on two nodes, so a login creates one
// after the other. Another client may look in between. It must not prune the entry
// of a session whose login then succeeds: that session could never be revoked.
func pruneWhileMade(s *scene) {
	for name, look := range map[string]func(*store) error{
		"a login":   func(store *store) error { return s.browser(store).tryLogin(s.username) },
		"List":      func(store *store) error { _, err := store.List(s.ctx, s.username); return err },
		"RevokeAll": func(store *store) error { return store.RevokeAll(s.ctx, s.username) },
	} {
		slow, other := s.store(), s.store()
		looked := false
		slow.intercept(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
			err := send(commands...)
			if err == nil && creates(commands) && !looked {
				looked = true
				s.must(look(other))
			}
			return err
		})
		b := s.loggedIn(slow)
		s.must(other.RevokeAll(s.ctx, s.username))
		b.wantLoggedIn(false, "after "+name+" during its creation, and RevokeAll after its login")
		if !looked {
			s.Errorf("%s never ran during the creation, so this test proves nothing", name)
		}
	}
}
