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
	{"a session stays dead after its logout", deadStaysDead},
	{"invented tokens create no key", inventedTokens},
	{"Redis enforces the idle timeout, in milliseconds", idleTimeout},
	{"an idle session ends", idleSessionEnds},
	{"Redis enforces the absolute end, in milliseconds", absoluteEnd},
	{"a busy session ends at its absolute end", busySessionEnds},
	{"an absolute end before the idle timeout", absoluteEndFirst},
	{"a logout ends the session for every copy of the cookie", logoutForCopies},
}

// Request A loads the session, request B logs it out on another web server, and
// then A continues.
func deadStaysDead(s *scene) {
	for name, late := range visits {
		browserA := s.loggedIn(s.store())
		s.must(browserA.batch(sessionstore.Set("f", "before")))
		a := browserA.request()
		s.must(a.Refresh(s.ctx))
		browserA.at(s.store()).logout()

		s.wantErr(name+" after the logout", late(a, s.ctx), sessionstore.ErrNoSession)
		if s.exists(browserA.key()) {
			s.Errorf("%s after the logout created the key again", name)
		}
		s.wantEqual("Username after the logout and "+name, a.Username(), "")
	}
}

func inventedTokens(s *scene) {
	b := s.loggedIn(s.store())
	before := s.contents()
	for range 1000 {
		var random [32]byte
		rand.Read(random[:])
		b.setToken(base64.RawURLEncoding.EncodeToString(random[:]))
		s.wantErr("an invented token", b.batch(sessionstore.Incr("n", 1), sessionstore.Set("f", "x")), sessionstore.ErrNoSession)
	}
	s.wantUnchanged(before)
}

func idleTimeout(s *scene) {
	const idle = time.Hour + 234*time.Millisecond
	store := s.store(sessionstore.IdleTimeout(idle))
	began := s.now()
	b := s.loggedIn(store)
	s.wantExpiry("after a login", b.key(), began+idle.Milliseconds(), s.now()+idle.Milliseconds())

	for name, visit := range visits {
		s.must(s.admin.PExpire(s.ctx, b.key(), time.Minute).Err())
		began := s.now()
		s.must(b.do(visit))
		s.wantExpiry("after "+name, b.key(), began+idle.Milliseconds(), s.now()+idle.Milliseconds())
	}
}

func idleSessionEnds(s *scene) {
	b := s.loggedIn(s.store(sessionstore.IdleTimeout(50 * time.Millisecond)))
	// EXISTS is not a visit.
	s.waitUntil("Redis removes the session", func() bool { return !s.exists(b.key()) })
	b.wantLoggedIn(false, "idle for too long")
}

func absoluteEnd(s *scene) {
	const age = 3*time.Hour + 567*time.Millisecond
	began := s.now()
	b := s.loggedIn(s.store(sessionstore.MaxAge(age)))
	created, end := s.field(b.key(), "@created"), s.field(b.key(), "@end")
	s.wantBetween("@created", created, began, s.now())
	s.wantBetween("@end", end, created+age.Milliseconds(), created+age.Milliseconds())
	s.must(b.batch(sessionstore.Set("f", "x")))
	if s.field(b.key(), "@end") != end {
		s.Error("the visit moved the absolute end")
	}
}

// Each visit resets the idle timeout to an hour, and the session still ends. If the
// machine is too busy for a visit before the end, the next session lives longer.
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
			s.wantBetween("the start of a visit that found the session", began, 0, end+slack)
			visits, began = visits+1, s.now()
		}
		if s.now() < end-slack {
			s.Error("the session ended too early")
		}
	}
}

func absoluteEndFirst(s *scene) {
	b := s.loggedIn(s.store(sessionstore.IdleTimeout(time.Hour), sessionstore.MaxAge(time.Minute)))
	end := s.field(b.key(), "@end")
	s.wantExpiry("after a login", b.key(), end, end)
	s.must(b.batch())
	s.wantExpiry("after a visit", b.key(), end, end)
	s.wantErr("Incr of a word", b.batch(sessionstore.Set("f", "x"), sessionstore.Incr("f", 1)), sessionstore.ErrField)
	s.wantExpiry("after a refused batch", b.key(), end, end)
}

func logoutForCopies(s *scene) {
	b := s.loggedIn(s.store())
	stolen := b.at(s.store())
	stolen.wantLoggedIn(true, "a copy of the cookie, before")
	b.logout()
	if b.cookie != "" {
		s.Error("the logout left the cookie in the browser")
	}
	stolen.wantLoggedIn(false, "a copy of the cookie")

	// A logout also works without a visit before it.
	b.login(s.username)
	stolen = b.copied()
	s.must(b.do((*sessionstore.Session).Logout))
	stolen.wantLoggedIn(false, "a copy, after a logout without a visit")
	s.must(b.do((*sessionstore.Session).Logout))
}
