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
	{"the live sessions of a user are listed", listed},
	{"one session is revoked by its handle", revokeOne},
	{"a handle that is not the user's is refused", revokeRefused},
	{"everywhere, and everywhere but here", revokeAll},
	{"a login beyond the limit ends the oldest", limit},
	{"the limit counts live sessions alone", limitAmongDead},
	{"the oldest is the one whose login is oldest, whatever its end", oldestByLogin},
	{"entries of dead sessions are pruned", pruned},
	{"a logout leaves no entry, be the user known or not", logoutLeavesNoEntry},
	{"a session of the user before is ended", otherUserBefore},
	{"the index has a TTL and goes with its last session", indexTTL},
	{"keys do not contain the name of the user", namelessKeys},
	{"everywhere, while logins run", revokeWhileLoginsRun},
	{"a login cannot prune a session that is being made", pruneWhileMade},
}

// lists fails the test unless List shows the sessions of these browsers, in
// their order.
func (s *scene) lists(store *store, username string, browsers ...*browser) []sessionstore.Info {
	s.Helper()
	all, err := store.List(s.ctx, username)
	s.must(err)
	var handles []string
	for _, info := range all {
		handles = append(handles, info.Handle)
	}
	s.sameInOrder("List", handles, handlesOf(browsers...))
	return all
}

func handlesOf(browsers ...*browser) []string {
	var handles []string
	for _, b := range browsers {
		handles = append(handles, b.handle())
	}
	return handles
}

func (s *scene) sameInOrder(what string, got, want []string) {
	s.Helper()
	if !slices.Equal(got, want) {
		s.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// hasEntries fails the test unless the index of a user has the sessions of these
// browsers and no others.
func (s *scene) hasEntries(username string, browsers ...*browser) {
	s.Helper()
	s.sameInOrder("the index", slices.Sorted(slices.Values(s.entries(username))), slices.Sorted(slices.Values(handlesOf(browsers...))))
}

func listed(s *scene) {
	const age = 2 * time.Hour
	store := s.store(sessionstore.MaxAge(age))
	s.lists(store, s.username)
	began := s.now()
	browsers := s.loggedInOften(3, s.username, store)
	s.loggedInAs("other-"+s.username, store)
	for _, info := range s.lists(store, s.username, browsers...) {
		s.within("Created", info.Created.UnixMilli(), began, s.now())
		if info.End.Sub(info.Created) != age {
			s.Errorf("End is %v after Created, want %v", info.End.Sub(info.Created), age)
		}
	}
	// A handle that is read somewhere is no login.
	b := browsers[0]
	b.bring(b.handle())
	b.mustBe(false, "a handle as a cookie")
}

func revokeOne(s *scene) {
	store := s.store()
	one, two := s.loggedIn(store), s.loggedIn(store)
	s.must(store.Revoke(s.ctx, s.username, one.handle()))
	one.mustBe(false, "the one revoked")
	two.mustBe(true, "the other")
	s.hasEntries(s.username, two)
	s.wantErr("revoking it again", store.Revoke(s.ctx, s.username, one.handle()), sessionstore.ErrNoSession)
	// Its entry is there, and the session is not.
	s.lose(two.key())
	s.wantErr("revoking a dead session", store.Revoke(s.ctx, s.username, two.handle()), sessionstore.ErrNoSession)
	s.hasEntries(s.username)
}

func revokeRefused(s *scene) {
	store := s.store()
	theirs := "other-" + s.username
	mine, other := s.loggedIn(store), s.loggedInAs(theirs, store)
	before := s.contents()
	for what, handle := range map[string]string{
		"another user's": other.handle(), "made up": strings.Repeat("0", 64), "empty": "",
		"a token": mine.token(), "the key of an index": "user:" + digest(theirs), "a pattern": "*",
	} {
		s.wantErr("a handle that is "+what, store.Revoke(s.ctx, s.username, handle), sessionstore.ErrNoSession)
	}
	s.unchanged(before)
}

func revokeAll(s *scene) {
	store := s.store()
	one, here, other := s.loggedIn(store), s.loggedIn(store), s.loggedInAs("other-"+s.username, store)
	s.must(store.RevokeOthers(s.ctx, s.username, here.handle()))
	one.mustBe(false, "elsewhere")
	here.mustBe(true, "here")
	s.hasEntries(s.username, here)

	two := s.loggedIn(store)
	s.must(store.RevokeAll(s.ctx, s.username))
	here.mustBe(false, "here, after RevokeAll")
	two.mustBe(false, "elsewhere, after RevokeAll")
	if s.exists(s.indexKey(s.username)) {
		s.Error("RevokeAll has left an index")
	}
	other.mustBe(true, "another user")
	s.must(store.RevokeAll(s.ctx, s.username))

	// The handle of another user keeps nothing.
	two.login(s.username)
	s.must(store.RevokeOthers(s.ctx, s.username, other.handle()))
	two.mustBe(false, "if the handle to keep is another user's")
	other.mustBe(true, "the other user")
}

func limit(s *scene) {
	store := s.store(sessionstore.MaxSessions(3))
	browsers := s.loggedInOften(5, s.username, store)
	for i, b := range browsers {
		b.mustBe(i >= 2, fmt.Sprintf("login %d of 5 if 3 are allowed", i+1))
	}
	// A login over one's own session needs no room.
	browsers[4].login(s.username)
	for _, b := range browsers[2:] {
		b.mustBe(true, "after a login over one of three sessions")
	}
	s.lists(store, s.username, browsers[2:]...)

	one := s.store(sessionstore.MaxSessions(1))
	last := s.loggedIn(one)
	for _, b := range browsers[2:] {
		b.mustBe(false, "after a login if one is allowed")
	}
	last.mustBe(true, "the only one")
}

// After MaxAge was shortened the newest session ends first, and stays the newest.
func oldestByLogin(s *scene) {
	long := s.store(sessionstore.MaxSessions(2), sessionstore.MaxAge(5*time.Hour))
	short := s.store(sessionstore.MaxSessions(2), sessionstore.MaxAge(time.Hour))
	old := s.loggedInOften(1, s.username, long)[0]
	first := s.loggedInOften(1, s.username, short)[0]
	s.lists(short, s.username, old, first)
	second := s.loggedIn(short)
	old.mustBe(false, "the oldest login")
	s.lists(short, s.username, first, second)
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
			s.Errorf("%s has left the index", what)
		}
	}
}

func limitAmongDead(s *scene) {
	store := s.store(sessionstore.MaxSessions(3))
	browsers := s.loggedInOften(3, s.username, store)
	s.lose(browsers[1].key())
	fourth := s.loggedIn(store)
	browsers[0].mustBe(true, "the oldest if one of three is dead")
	browsers[2].mustBe(true, "the third")
	fourth.mustBe(true, "the fourth")
	s.hasEntries(s.username, browsers[0], browsers[2], fourth)
}

func pruned(s *scene) {
	store := s.store()
	for name, prune := range map[string]func(username string, live *browser){
		"a login":      func(username string, _ *browser) { s.loggedInAs(username, store) },
		"List":         func(username string, live *browser) { s.lists(store, username, live) },
		"RevokeAll":    func(username string, _ *browser) { s.must(store.RevokeAll(s.ctx, username)) },
		"RevokeOthers": func(username string, live *browser) { s.must(store.RevokeOthers(s.ctx, username, live.handle())) },
	} {
		username := s.username + name
		browsers := s.loggedInOften(3, username, store)
		s.lose(browsers[0].key())
		s.lose(browsers[2].key())
		prune(username, browsers[1])
		for i, b := range browsers {
			if i != 1 && slices.Contains(s.entries(username), b.handle()) {
				s.Errorf("%s has left the entry of a dead session", name)
			}
		}
		browsers[1].mustBe(name != "RevokeAll", "the live one, after "+name)
	}
}

// A user logs in in the browser in which another user was logged in.
func otherUserBefore(s *scene) {
	b := s.loggedIn(s.store())
	before := b.copied()
	b.login("other-" + s.username)
	before.mustBe(false, "the user before")
	b.mustBe(true, "the user now")
	s.lists(b.store, s.username)
	s.hasEntries("other-"+s.username, b)
}

func indexTTL(s *scene) {
	long, short := s.store(sessionstore.MaxAge(5*time.Hour)), s.store(sessionstore.MaxAge(time.Hour))
	first := s.loggedIn(short)
	end := s.field(first.key(), "@end")
	s.expires("of the index", s.indexKey(s.username), end, s.now()+time.Hour.Milliseconds())

	second := s.loggedIn(long)
	end = s.field(second.key(), "@end")
	s.expires("with a second session", s.indexKey(s.username), end, s.now()+5*time.Hour.Milliseconds())
	third := s.loggedIn(short)
	s.expires("after one that ends sooner", s.indexKey(s.username), end, s.now()+5*time.Hour.Milliseconds())

	// It lives no longer than what is in it.
	second.logout()
	score := result(s, s.admin.ZScore(s.ctx, s.indexKey(s.username), third.handle()))
	s.expires("after the longest has ended", s.indexKey(s.username), int64(score), int64(score))
	first.logout()
	s.must(long.Revoke(s.ctx, s.username, third.handle()))
	if s.exists(s.indexKey(s.username)) {
		s.Error("the index is there without a session")
	}
}

func namelessKeys(s *scene) {
	b := s.loggedIn(s.store())
	want := []string{b.key(), s.indexKey(s.username)}
	slices.Sort(want)
	s.sameInOrder("the keys", s.keys(), want)
	for _, key := range s.keys() {
		if strings.Contains(key, s.username) {
			s.Errorf("the key %s has the name of the user", key)
		}
	}
}

// Whatever Login had returned before RevokeAll was called is dead when it
// returns nil. What is under way meanwhile may live.
func revokeWhileLoginsRun(s *scene) {
	const size = 4
	crowd, store := s.crowd(size), s.store()
	if _, cluster := s.admin.(*redis.ClusterClient); !cluster {
		// One server does all at once.
		before := crowd.more(size)
		s.must(store.RevokeAll(s.ctx, s.username))
		s.allDead(before)
		crowd.stop()
		return
	}
	var confirmed []*browser
	// If new logins never cease it gives up, and says so.
	store.comeBetween(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		if runs(commands, "leave") {
			confirmed = append(confirmed, crowd.more(size+1)...)
		}
		return send(commands...)
	})
	s.wantErr("while logins never cease", store.RevokeAll(s.ctx, s.username), sessionstore.ErrStillLive)
	for range 15 {
		before := append(confirmed, crowd.more(size)...)
		confirmed = nil
		// New logins come between what RevokeAll asks the index at first, and then cease so
		// that it can find the index empty. Of more logins than browsers one has
		// begun since.
		asked := 0
		store.comeBetween(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
			if !runs(commands, "leave") {
				return send(commands...)
			}
			if asked++; asked <= 7 {
				confirmed = append(confirmed, crowd.more(size+1)...)
			}
			return send(commands...)
		})
		s.must(store.RevokeAll(s.ctx, s.username))
		if asked < 7 {
			s.Errorf("RevokeAll saw no new logins: it asked Redis %d times", asked)
		}
		s.allDead(before)
	}
	crowd.stop()
	store.letPass()
	s.must(store.RevokeAll(s.ctx, s.username))
	if keys := s.keys(); len(keys) != 0 {
		s.Errorf("logins have ended, and after RevokeAll there are the keys %v", keys)
	}
}

// allDead is for sessions that were confirmed before RevokeAll.
func (s *scene) allDead(browsers []*browser) {
	s.Helper()
	for _, b := range browsers {
		if s.exists(b.key()) {
			s.Error("a session confirmed before RevokeAll is alive after it")
		}
	}
}

// crowd are browsers in which one user logs in, again and again.
type crowd struct {
	*scene
	confirmed chan *browser // it logs in again when this one is taken
	stop      func()
}

func (s *scene) crowd(size int) *crowd {
	c := &crowd{scene: s, confirmed: make(chan *browser)}
	ctx, cancel := context.WithCancel(s.ctx)
	var group sync.WaitGroup
	for i := range size {
		store := s.store()
		// Half of them keep their cookie, so that their logins rotate.
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

// more are the next n logins that are confirmed.
func (c *crowd) more(n int) []*browser {
	c.Helper()
	browsers := make([]*browser, n)
	for i := range browsers {
		select {
		case browsers[i] = <-c.confirmed:
		case <-c.ctx.Done():
			c.Fatal("the logins have ended")
		}
	}
	return browsers
}

// A cluster has the session and the index on two nodes, so a login makes one after
// the other. Another client may look in between. What it prunes must not be a
// session whose login is then confirmed: that one could not be revoked any more.
func pruneWhileMade(s *scene) {
	for name, look := range map[string]func(*store) error{
		"a login":   func(store *store) error { return s.browser(store).tryLogin(s.username) },
		"List":      func(store *store) error { _, err := store.List(s.ctx, s.username); return err },
		"RevokeAll": func(store *store) error { return store.RevokeAll(s.ctx, s.username) },
	} {
		slow, other := s.store(), s.store()
		looked := false
		slow.comeBetween(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
			err := send(commands...)
			if err == nil && creates(commands) && !looked {
				looked = true
				s.must(look(other))
			}
			return err
		})
		b := s.loggedIn(slow)
		s.must(other.RevokeAll(s.ctx, s.username))
		b.mustBe(false, "after "+name+" while it was made, and RevokeAll after its login")
		if !looked {
			s.Errorf("%s never came between, so this test has seen nothing", name)
		}
	}
}
