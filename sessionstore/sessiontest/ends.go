package sessiontest

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/sessionstore"
)

var ends = []test{
	{"a session that is logged out stays dead", deadStaysDead},
	{"made-up cookies create no key", madeUpCookies},
	{"the idle timeout is kept by Redis, in milliseconds", idleTimeout},
	{"an idle session ends", idleSessionEnds},
	{"the absolute end is kept by Redis, in milliseconds", absoluteEnd},
	{"a busy session ends at its absolute end", busySessionEnds},
	{"an absolute end sooner than the idle timeout", absoluteEndFirst},
	{"a logout ends the session for every copy of the cookie", logoutForCopies},
}

// Request A loads the session, request B logs it out on another web server,
// and A, which is not done yet, goes on.
func deadStaysDead(s *scene) {
	for name, late := range visits {
		browserA := s.loggedIn(s.store())
		s.must(browserA.batch(sessionstore.Set("f", "before")))
		a := browserA.request()
		s.must(a.Refresh(s.ctx))
		browserA.on(s.store()).logout()

		s.wantErr(name+" after the logout", late(a, s.ctx), sessionstore.ErrNoSession)
		if s.exists(browserA.key()) {
			s.Errorf("%s after the logout has made the key again", name)
		}
		s.same("Username after the logout and "+name, a.Username(), "")
	}
}

func madeUpCookies(s *scene) {
	b := s.loggedIn(s.store())
	before := s.contents()
	for range 1000 {
		var random [32]byte
		rand.Read(random[:])
		b.bring(base64.RawURLEncoding.EncodeToString(random[:]))
		s.wantErr("a made-up cookie", b.batch(sessionstore.Incr("n", 1), sessionstore.Set("f", "x")), sessionstore.ErrNoSession)
	}
	s.unchanged(before)
}

func idleTimeout(s *scene) {
	const idle = time.Hour + 234*time.Millisecond
	store := s.store(sessionstore.IdleTimeout(idle))
	began := s.now()
	b := s.loggedIn(store)
	s.expires("after a login", b.key(), began+idle.Milliseconds(), s.now()+idle.Milliseconds())

	for name, visit := range visits {
		s.must(s.admin.PExpire(s.ctx, b.key(), time.Minute).Err())
		began := s.now()
		s.must(b.do(visit))
		s.expires("after "+name, b.key(), began+idle.Milliseconds(), s.now()+idle.Milliseconds())
	}
}

func idleSessionEnds(s *scene) {
	b := s.loggedIn(s.store(sessionstore.IdleTimeout(50 * time.Millisecond)))
	// Looking with EXISTS is no visit.
	s.until("Redis removes the session", func() bool { return !s.exists(b.key()) })
	b.mustBe(false, "idle for too long")
}

func absoluteEnd(s *scene) {
	const age = 3*time.Hour + 567*time.Millisecond
	began := s.now()
	b := s.loggedIn(s.store(sessionstore.MaxAge(age)))
	created, end := s.field(b.key(), "@created"), s.field(b.key(), "@end")
	s.within("@created", created, began, s.now())
	s.within("@end", end, created+age.Milliseconds(), created+age.Milliseconds())
	s.must(b.batch(sessionstore.Set("f", "x")))
	if s.field(b.key(), "@end") != end {
		s.Error("a visit has moved the absolute end")
	}
}

// Each visit gives an hour, and the end comes all the same. On a machine so busy
// that no visit comes before the end, the next session lives longer.
func busySessionEnds(s *scene) {
	visits := 0
	for age := 300 * time.Millisecond; visits == 0; age *= 2 {
		b := s.loggedIn(s.store(sessionstore.MaxAge(age)))
		end, err := s.admin.HGet(s.ctx, b.key(), "@end").Int64()
		if errors.Is(err, redis.Nil) {
			continue
		}
		s.must(err)
		began := s.now()
		for b.isLoggedIn() {
			s.within("the time at which a visit began that found a session", began, 0, end+slack)
			visits, began = visits+1, s.now()
		}
		if s.now() < end-slack {
			s.Error("the session has ended before its end")
		}
	}
}

func absoluteEndFirst(s *scene) {
	b := s.loggedIn(s.store(sessionstore.IdleTimeout(time.Hour), sessionstore.MaxAge(time.Minute)))
	end := s.field(b.key(), "@end")
	s.expires("after a login", b.key(), end, end)
	s.must(b.batch())
	s.expires("after a visit", b.key(), end, end)
	s.wantErr("a word is no number", b.batch(sessionstore.Set("f", "x"), sessionstore.Incr("f", 1)), sessionstore.ErrField)
	s.expires("after a refused batch", b.key(), end, end)
}

func logoutForCopies(s *scene) {
	b := s.loggedIn(s.store())
	stolen := b.on(s.store())
	stolen.mustBe(true, "a copy of the cookie, before")
	b.logout()
	if b.cookie != "" {
		s.Error("the logout has left the cookie in the browser")
	}
	stolen.mustBe(false, "a copy of the cookie")

	// A request that has not visited the session can log it out too.
	b.login(s.username)
	stolen = b.copied()
	s.must(b.do((*sessionstore.Session).Logout))
	stolen.mustBe(false, "a copy, after a logout without a visit")
	s.must(b.do((*sessionstore.Session).Logout))
}
