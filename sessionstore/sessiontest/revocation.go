package sessiontest

import (
	"errors"
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
	{"entries of dead sessions are pruned", pruned},
	{"a session of the user before is ended", otherUserBefore},
	{"the index has a TTL and goes with its last session", indexTTL},
	{"keys do not contain the name of the user", namelessKeys},
	{"everywhere, while logins run", revokeWhileLoginsRun},
	{"a login cannot prune a session that is being made", pruneWhileMade},
}

func (s *scene) list(store *store, username string) []sessionstore.Info {
	s.Helper()
	all, err := store.List(s.ctx, username)
	s.must(err)
	return all
}

func handles(all []sessionstore.Info) []string {
	var handles []string
	for _, info := range all {
		handles = append(handles, info.Handle)
	}
	return handles
}

func listed(s *scene) {
	const age = 2 * time.Hour
	store := s.store(sessionstore.MaxAge(age))
	if all := s.list(store, s.username); len(all) != 0 {
		s.Errorf("a user who never logged in has the sessions %v", all)
	}
	began := s.now()
	var want []string
	for range 3 {
		want = append(want, s.loggedIn(store).handle())
		s.later()
	}
	s.browser(store).login("other-" + s.username)
	all := s.list(store, s.username)
	if !slices.Equal(handles(all), want) {
		s.Errorf("the handles are %v, want, the oldest first, %v", handles(all), want)
	}
	for _, info := range all {
		s.within("Created", info.Created.UnixMilli(), began, s.now())
		if info.End.Sub(info.Created) != age {
			s.Errorf("End is %v after Created, want %v", info.End.Sub(info.Created), age)
		}
	}
	// Who reads a handle cannot log in with it.
	b := s.loggedIn(store)
	handle := b.handle()
	b.cookie = strings.TrimSuffix(b.cookie, b.token) + handle
	b.mustBe(false, "a handle as a cookie")
}

func revokeOne(s *scene) {
	store := s.store()
	one, two := s.loggedIn(store), s.loggedIn(store)
	s.must(store.Revoke(s.ctx, s.username, one.handle()))
	one.mustBe(false, "the one revoked")
	two.mustBe(true, "the other")
	s.sameHandles("the index", s.entries(s.username), two.handle())
	if err := store.Revoke(s.ctx, s.username, one.handle()); !errors.Is(err, sessionstore.ErrNoSession) {
		s.Errorf("revoking it again: the error is %v, want ErrNoSession", err)
	}
	// Its entry is there, and the session is not.
	s.lose(two.key())
	if err := store.Revoke(s.ctx, s.username, two.handle()); !errors.Is(err, sessionstore.ErrNoSession) {
		s.Errorf("revoking a dead session: the error is %v, want ErrNoSession", err)
	}
	if entries := s.entries(s.username); len(entries) != 0 {
		s.Errorf("revoking a dead session has left its entry: %v", entries)
	}
}

func revokeRefused(s *scene) {
	store := s.store()
	mine, other := s.loggedIn(store), s.browser(store)
	theirs := "other-" + s.username
	other.login(theirs)
	before := s.contents()
	for what, handle := range map[string]string{
		"another user's": other.handle(), "made up": strings.Repeat("0", 64), "empty": "",
		"a token": mine.token, "the key of an index": "user:" + digest(theirs)[:32], "a pattern": "*",
	} {
		if err := store.Revoke(s.ctx, s.username, handle); !errors.Is(err, sessionstore.ErrNoSession) {
			s.Errorf("a handle that is %s: the error is %v, want ErrNoSession", what, err)
		}
	}
	s.unchanged(before)
}

func revokeAll(s *scene) {
	store := s.store()
	one, here, other := s.loggedIn(store), s.loggedIn(store), s.browser(store)
	other.login("other-" + s.username)
	s.must(store.RevokeOthers(s.ctx, s.username, here.handle()))
	one.mustBe(false, "elsewhere")
	here.mustBe(true, "here")
	s.sameHandles("the index", s.entries(s.username), here.handle())

	two := s.loggedIn(store)
	s.must(store.RevokeAll(s.ctx, s.username))
	here.mustBe(false, "here, after RevokeAll")
	two.mustBe(false, "elsewhere, after RevokeAll")
	if s.exists(s.indexKey(s.username)) {
		s.Error("RevokeAll has left an index")
	}
	other.mustBe(true, "another user")
	s.must(store.RevokeAll(s.ctx, s.username))

	// A handle that is nobody's keeps nothing.
	two.login(s.username)
	s.must(store.RevokeOthers(s.ctx, s.username, other.handle()))
	two.mustBe(false, "where the handle to keep is another user's")
	other.mustBe(true, "the other user")
}

func limit(s *scene) {
	store := s.store(sessionstore.MaxSessions(3))
	var browsers []*browser
	for range 5 {
		browsers = append(browsers, s.loggedIn(store))
		s.later()
	}
	for i, b := range browsers {
		b.mustBe(i >= 2, fmt.Sprintf("login %d of 5, where 3 are allowed", i+1))
	}
	// A login over one's own session needs no room.
	browsers[4].login(s.username)
	for _, b := range browsers[2:] {
		b.mustBe(true, "after a login over one of three sessions")
	}
	s.sameHandles("the list", handles(s.list(store, s.username)), browsers[2].handle(), browsers[3].handle(), browsers[4].handle())

	one := s.store(sessionstore.MaxSessions(1))
	last := s.loggedIn(one)
	for _, b := range browsers[2:] {
		b.mustBe(false, "after a login where one is allowed")
	}
	last.mustBe(true, "the only one")
}

func limitAmongDead(s *scene) {
	store := s.store(sessionstore.MaxSessions(3))
	var browsers []*browser
	for range 3 {
		browsers = append(browsers, s.loggedIn(store))
		s.later()
	}
	s.lose(browsers[1].key())
	fourth := s.loggedIn(store)
	browsers[0].mustBe(true, "the oldest, where one of three is dead")
	browsers[2].mustBe(true, "the third")
	fourth.mustBe(true, "the fourth")
	s.sameHandles("the index", s.entries(s.username), browsers[0].handle(), browsers[2].handle(), fourth.handle())
}

func pruned(s *scene) {
	store := s.store()
	for name, prune := range map[string]func(username, live string) error{
		"a login": func(username, _ string) error { return s.browser(store).tryLogin(username) },
		"List": func(username, _ string) error {
			all, err := store.List(s.ctx, username)
			if len(all) != 1 {
				s.Errorf("List shows %v, and one session is alive", all)
			}
			return err
		},
		"RevokeAll":    func(username, _ string) error { return store.RevokeAll(s.ctx, username) },
		"RevokeOthers": func(username, live string) error { return store.RevokeOthers(s.ctx, username, live) },
	} {
		username := s.username + name
		var browsers []*browser
		for range 3 {
			b := s.browser(store)
			b.login(username)
			browsers = append(browsers, b)
		}
		s.lose(browsers[0].key())
		s.lose(browsers[2].key())
		s.must(prune(username, browsers[1].handle()))
		for i, b := range browsers {
			if i != 1 && slices.Contains(s.entries(username), b.handle()) {
				s.Errorf("%s has left the entry of a dead session", name)
			}
		}
		browsers[1].mustBe(name != "RevokeAll", "the live one, after "+name)
	}

	// An entry whose end has come goes at the next login, whatever is there.
	s.must(s.admin.ZAdd(s.ctx, s.indexKey(s.username), redis.Z{Score: float64(s.now()), Member: "ended"}).Err())
	s.loggedIn(store)
	if slices.Contains(s.entries(s.username), "ended") {
		s.Error("a login has left an entry whose end has come")
	}
}

// Somebody logs in where somebody else was logged in.
func otherUserBefore(s *scene) {
	store := s.store()
	b := s.loggedIn(store)
	before := b.on(store)
	b.login("other-" + s.username)
	before.mustBe(false, "the user before")
	b.mustBe(true, "the user now")
	if all := s.list(store, s.username); len(all) != 0 {
		s.Errorf("the user before still has %v", all)
	}
	s.sameHandles("the other index", s.entries("other-"+s.username), b.handle())
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

	first.logout()
	for _, b := range []*browser{second, third} {
		s.must(long.Revoke(s.ctx, s.username, b.handle()))
	}
	// On a cluster a logout leaves its entry to whoever looks next.
	if all := s.list(long, s.username); len(all) != 0 {
		s.Errorf("all are ended, and List shows %v", all)
	}
	if s.exists(s.indexKey(s.username)) {
		s.Error("the index is there without a session")
	}
}

func namelessKeys(s *scene) {
	b := s.loggedIn(s.store())
	want := []string{b.key(), s.indexKey(s.username)}
	slices.Sort(want)
	if got := s.keys(); !slices.Equal(got, want) {
		s.Errorf("the keys are %v, want %v", got, want)
	}
	for _, key := range s.keys() {
		if strings.Contains(key, s.username) {
			s.Errorf("the key %s has the name of the user", key)
		}
	}
}

// Whatever Login had returned before RevokeAll was called is dead when it
// returns nil. What is under way meanwhile may live.
func revokeWhileLoginsRun(s *scene) {
	crowd := s.crowd(4)
	store := s.store()
	// Where new logins never cease it gives up, and says so.
	store.comeBetween(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
		crowd.oneMore()
		return send(commands...)
	})
	if err := store.RevokeAll(s.ctx, s.username); !errors.Is(err, sessionstore.ErrStillLive) {
		s.Errorf("while logins never cease the error is %v, want ErrStillLive", err)
	}
	for range 15 {
		confirmed := crowd.confirmed(4)
		// New logins come between what RevokeAll asks at first, and so rarely
		// later that it can find the index empty.
		asked := 0
		store.comeBetween(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
			if asked++; asked <= 7 {
				crowd.oneMore()
			}
			return send(commands...)
		})
		err := store.RevokeAll(s.ctx, s.username)
		for errors.Is(err, sessionstore.ErrStillLive) {
			err = store.RevokeAll(s.ctx, s.username)
		}
		s.must(err)
		if asked < 7 {
			s.Errorf("RevokeAll saw no new logins: it asked Redis %d times", asked)
		}
		for _, b := range confirmed {
			if s.exists(b.key()) {
				s.Error("a session confirmed before RevokeAll is alive after it")
			}
		}
	}
	crowd.stop()
	store.letPass()
	s.must(store.RevokeAll(s.ctx, s.username))
	if keys := s.keys(); len(keys) != 0 {
		s.Errorf("nobody logs in any more, and after RevokeAll there are the keys %v", keys)
	}
}

// crowd are browsers in which one user logs in, again and again.
type crowd struct {
	*scene
	mutex    sync.Mutex
	sessions []*browser // whose Login has returned
	rounds   int        // how often somebody waited for one more
	latest   int        // the latest round in which a confirmed login began
	ended    chan struct{}
	group    sync.WaitGroup
	stop     func()
}

func (s *scene) crowd(size int) *crowd {
	c := &crowd{scene: s, ended: make(chan struct{})}
	for i := range size {
		store := s.store()
		// Half of them keep their cookie, so that their logins rotate.
		c.group.Go(func() { c.logIn(store, i%2 == 0) })
	}
	c.stop = sync.OnceFunc(func() {
		close(c.ended)
		c.group.Wait()
	})
	s.Cleanup(c.stop)
	return c
}

func (c *crowd) logIn(store *store, rotate bool) {
	b := c.browser(store)
	for pause := time.NewTicker(10 * time.Millisecond); ; {
		select {
		case <-c.ended:
			return
		case <-pause.C:
		}
		if !rotate {
			b = c.browser(store)
		}
		c.mutex.Lock()
		round := c.rounds
		c.mutex.Unlock()
		if err := b.tryLogin(c.username); err != nil {
			c.Error(err)
			return
		}
		c.mutex.Lock()
		c.sessions = append(c.sessions, b.on(store))
		c.latest = max(c.latest, round)
		c.mutex.Unlock()
	}
}

// confirmed are the sessions since the last time, and at least so many.
func (c *crowd) confirmed(least int) []*browser {
	c.Helper()
	var all []*browser
	c.until("people log in", func() bool {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		if len(c.sessions) >= least {
			all, c.sessions = c.sessions, nil
		}
		return all != nil
	})
	return all
}

// oneMore waits until a login is confirmed that has not begun yet.
func (c *crowd) oneMore() {
	c.Helper()
	c.mutex.Lock()
	c.rounds++
	round := c.rounds
	c.mutex.Unlock()
	c.until("another login is confirmed", func() bool {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		return c.latest >= round
	})
}

// A cluster has the session and the index on two nodes, and go-redis asks both
// at once, so the entry can be there first; one server keeps the order. Somebody
// may look in between. What they prune must not be a session whose login is
// then confirmed: nobody could revoke it.
func pruneWhileMade(s *scene) {
	for name, look := range map[string]func(*store) error{
		"a login":   func(store *store) error { return s.browser(store).tryLogin(s.username) },
		"List":      func(store *store) error { _, err := store.List(s.ctx, s.username); return err },
		"RevokeAll": func(store *store) error { return store.RevokeAll(s.ctx, s.username) },
	} {
		slow, other := s.store(), s.store()
		done, looked := 0, false
		slow.comeBetween(func(commands []redis.Cmder, send func(...redis.Cmder) error) error {
			if _, cluster := s.admin.(*redis.ClusterClient); cluster {
				slices.Reverse(commands)
				defer slices.Reverse(commands)
			}
			for _, command := range commands {
				if done == 1 && !looked {
					looked = true
					s.must(look(other))
				}
				if err := send(command); err != nil {
					return err
				}
				// What makes the connection comes first, and is no part of this.
				if strings.HasPrefix(command.Name(), "eval") {
					done++
				}
			}
			return nil
		})
		b := s.loggedIn(slow)
		s.must(other.RevokeAll(s.ctx, s.username))
		b.mustBe(false, "after "+name+" while it was made, and RevokeAll after its login")
		if !looked {
			s.Errorf("%s never came between, so this test has seen nothing", name)
		}
	}
}
