package sessiontest

import (
	"context"
	"time"

	"example.com/session-workshop/sessionstore"
)

var lives = []test{
	{"a visit resets the idle end only if TouchEvery has passed", throttledTouch},
	{"Peek returns the time left without a visit", peek},
	{"a remembered login has its own idle timeout, age and cookie", rememberedLogin},
	{"a session without a user begins with its first write", beginsBeforeLogin},
	{"a login carries over only the fields that it names", carriedOver},
}

func throttledTouch(s *scene) {
	const idle, every = time.Hour, time.Minute
	b := s.loggedIn(s.store(sessionstore.TouchEvery(every)))
	for name, visit := range visits {
		within := idle - every + 30*time.Second
		s.must(s.admin.PExpire(s.ctx, b.key(), within).Err())
		before := s.expiry(b.key())
		s.must(b.do(visit))
		s.wantExpiry("after "+name+" soon after the last touch", b.key(), before, before)

		s.must(s.admin.PExpire(s.ctx, b.key(), idle-every-time.Second).Err())
		began := s.now()
		s.must(b.do(visit))
		s.wantExpiry("after "+name+" when the touch is due", b.key(), began+idle.Milliseconds(), s.now()+idle.Milliseconds())
	}
	// A shorter idle timeout applies from the next visit.
	began := s.now()
	s.must(b.at(s.store(sessionstore.IdleTimeout(10*time.Minute), sessionstore.TouchEvery(every))).batch())
	s.wantExpiry("after IdleTimeout was shortened", b.key(), began+600_000, s.now()+600_000)
}

func peek(s *scene) {
	b := s.loggedIn(s.store(sessionstore.MaxAge(2 * time.Hour)))
	s.must(b.batch(sessionstore.Set("f", "x")))
	s.must(s.admin.PExpire(s.ctx, b.key(), time.Minute).Err())
	before := s.expiry(b.key())
	s.must(b.do(func(a *sessionstore.Session, ctx context.Context) error {
		left, err := a.Peek(ctx)
		s.wantBetween("the time to the idle end", left.Idle.Milliseconds(), before-s.now()-slack, 60_000)
		s.wantBetween("the time to the absolute end", left.End.Milliseconds(), s.field(b.key(), "@end")-s.now()-slack, 7_200_000)
		s.wantEqual("the field", a.Value("f"), "x")
		s.wantEqual("the user", a.Username(), s.username)
		return err
	}))
	s.wantExpiry("after a peek", b.key(), before, before)
	s.expire(b.key())
	none := func(a *sessionstore.Session, ctx context.Context) error { _, err := a.Peek(ctx); return err }
	s.wantErr("a peek at a dead session", b.do(none), sessionstore.ErrNoSession)
	s.wantErr("a peek without a cookie", s.browser(b.store).do(none), sessionstore.ErrNoSession)
}

func rememberedLogin(s *scene) {
	const idle, age = 48 * time.Hour, 30 * 24 * time.Hour
	b := s.browser(s.store())
	began := s.now()
	s.must(b.do(func(a *sessionstore.Session, ctx context.Context) error {
		return a.Login(ctx, s.username, sessionstore.Remember(idle, age))
	}))
	if c := b.answer.Result().Cookies()[0]; c.MaxAge != int(age.Seconds()) {
		s.Errorf("the cookie lives for %d s, want %v", c.MaxAge, age)
	}
	s.wantExpiry("after the login", b.key(), began+idle.Milliseconds(), s.now()+idle.Milliseconds())
	for name, visit := range visits {
		s.must(s.admin.PExpire(s.ctx, b.key(), time.Minute).Err())
		began := s.now()
		s.must(b.do(visit))
		s.wantExpiry("after "+name, b.key(), began+idle.Milliseconds(), s.now()+idle.Milliseconds())
	}
	infos, err := b.store.List(s.ctx, s.username)
	s.must(err)
	if len(infos) != 1 || infos[0].End.Sub(infos[0].Created) != age {
		s.Errorf("the list is %+v, want one session that ends %v after its login", infos, age)
	}
	s.must(b.do(func(a *sessionstore.Session, ctx context.Context) error {
		left, err := a.Peek(ctx)
		s.wantBetween("the time to the absolute end", left.End.Milliseconds(), age.Milliseconds()-60_000, age.Milliseconds())
		return err
	}))
	b.login(s.username)
	if c := b.answer.Result().Cookies()[0]; c.MaxAge != 0 {
		s.Errorf("the cookie of a login without Remember lives for %d s, want until the browser is closed", c.MaxAge)
	}
	s.wantErr("an idle timeout of 0", b.do(func(a *sessionstore.Session, ctx context.Context) error {
		return a.Login(ctx, s.username, sessionstore.Remember(0, age))
	}), sessionstore.ErrField)
}

// beginWith writes to a session that may have no user.
func beginWith(ops ...sessionstore.Op) act {
	return func(a *sessionstore.Session, ctx context.Context) error { return a.Begin(ctx, ops...) }
}

func beginsBeforeLogin(s *scene) {
	store := s.store(sessionstore.MaxAge(24 * time.Hour))
	b := s.browser(store)
	b.wantNoCommand("a browser without a write", func() {
		s.wantErr("a visit", b.batch(), sessionstore.ErrNoSession)
		s.wantErr("Begin with an invalid field", b.do(beginWith(sessionstore.Set("@end", "1"))), sessionstore.ErrField)
		s.wantErr("Begin without an operation", b.do(beginWith()), sessionstore.ErrField)
	})
	s.must(b.do(beginWith(sessionstore.Set("cart", "apple"), sessionstore.Incr("items", 1), sessionstore.Delete("none"))))
	s.wantEqual("the cart", b.get("cart"), "apple")
	s.wantEqual("the number of items", b.get("items"), "1")
	s.wantEqual("the user", b.get("username"), "")
	s.wantBetween("the maximum age", s.field(b.key(), "@end")-s.field(b.key(), "@created"), 3_600_000, 3_600_000)
	cookie := b.cookie
	s.must(b.do(beginWith(sessionstore.Set("cart", "pear"))))
	s.wantEqual("the cookie after another write", b.cookie, cookie)
	if keys := s.keys(); len(keys) != 1 || keys[0] != b.key() {
		s.Errorf("Redis has the keys %v, want only the session", keys)
	}
	s.wantErr("RevokeAll without a user", b.do((*sessionstore.Session).RevokeAll), sessionstore.ErrNoSession)

	copied := b.copied()
	b.login(s.username)
	copied.wantLoggedIn(false, "the copied cookie of the old session")
	s.wantEqual("the cart after a login that carries nothing", b.get("cart"), "")

	dead := s.browser(store)
	s.must(dead.do(beginWith(sessionstore.Set("cart", "plum"))))
	copied = dead.copied()
	s.must(dead.do((*sessionstore.Session).Logout))
	copied.wantLoggedIn(false, "after a logout without a user")
	dead.cookie = copied.cookie
	s.must(dead.do(beginWith(sessionstore.Set("cart", "plum"))))
	if dead.cookie == copied.cookie {
		s.Error("Begin reused the token of a dead session")
	}
}

func carriedOver(s *scene) {
	b := s.browser(s.store())
	s.must(b.do(beginWith(sessionstore.Set("cart", "apple"), sessionstore.Set("secret", "x"))))
	login := func(options ...sessionstore.LoginOption) error {
		return b.do(func(a *sessionstore.Session, ctx context.Context) error {
			err := a.Login(ctx, s.username, options...)
			if err == nil {
				s.wantEqual("the cart right after the login", a.Value("cart"), "apple")
			}
			return err
		})
	}
	s.must(login(sessionstore.Carry("cart", "never"), sessionstore.Set("device", "phone")))
	for field, want := range map[string]string{"cart": "apple", "device": "phone", "secret": "", "never": "", "username": s.username} {
		s.wantEqual("the field "+field, b.get(field), want)
	}
	cookie := b.cookie
	s.wantErr("Login with a value that is too long", login(sessionstore.Set("f", string(make([]byte, 4097)))), sessionstore.ErrField)
	s.wantErr("Login with a field of the store", login(sessionstore.Set("username", "other")), sessionstore.ErrField)
	s.wantEqual("the cookie after the two refused logins", b.cookie, cookie)

	b.store.intercept(failures["before the first command"])
	err := login(sessionstore.Carry("cart"))
	b.store.stopIntercepting()
	s.wantErr("a login that cannot read the old session", err, sessionstore.ErrUnavailable)
	b.wantLoggedIn(true, "the old session after the failed login")
}
