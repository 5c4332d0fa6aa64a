package sessiontest

import (
	"context"
	"time"

	"example.com/session-workshop/sessionstore"
)

var lives = []test{
	{"a visit sets the idle end again only if it lags", throttledTouch},
	{"a peek is no visit, and knows how long is left", peek},
	{"a remembered login has a life and a cookie of its own", rememberedLogin},
	{"a session begins before a login, with its first write", beginsBeforeLogin},
	{"a login carries over what it is told to, and no more", carriedOver},
}

func throttledTouch(s *scene) {
	const idle, every = time.Hour, time.Minute
	b := s.loggedIn(s.store(sessionstore.TouchEvery(every)))
	for name, visit := range visits {
		within := idle - every + 30*time.Second
		s.must(s.admin.PExpire(s.ctx, b.key(), within).Err())
		before := s.expiry(b.key())
		s.must(b.do(visit))
		s.expires("after "+name+" soon after the visit before", b.key(), before, before)

		s.must(s.admin.PExpire(s.ctx, b.key(), idle-every-time.Second).Err())
		began := s.now()
		s.must(b.do(visit))
		s.expires("after "+name+" that comes later", b.key(), began+idle.Milliseconds(), s.now()+idle.Milliseconds())
	}
	// A shorter idle timeout holds from the next visit on.
	began := s.now()
	s.must(b.on(s.store(sessionstore.IdleTimeout(10*time.Minute), sessionstore.TouchEvery(every))).batch())
	s.expires("after IdleTimeout was shortened", b.key(), began+600_000, s.now()+600_000)
}

func peek(s *scene) {
	b := s.loggedIn(s.store(sessionstore.MaxAge(2 * time.Hour)))
	s.must(b.batch(sessionstore.Set("f", "x")))
	s.must(s.admin.PExpire(s.ctx, b.key(), time.Minute).Err())
	before := s.expiry(b.key())
	s.must(b.do(func(a *sessionstore.Session, ctx context.Context) error {
		left, err := a.Peek(ctx)
		s.within("what is left to the idle end", left.Idle.Milliseconds(), before-s.now()-slack, 60_000)
		s.within("what is left to the end", left.End.Milliseconds(), s.field(b.key(), "@end")-s.now()-slack, 7_200_000)
		s.same("the field that it has read", a.Value("f"), "x")
		s.same("the user", a.Username(), s.username)
		return err
	}))
	s.expires("after a peek", b.key(), before, before)
	s.lose(b.key())
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
	s.expires("after the login", b.key(), began+idle.Milliseconds(), s.now()+idle.Milliseconds())
	for name, visit := range visits {
		s.must(s.admin.PExpire(s.ctx, b.key(), time.Minute).Err())
		began := s.now()
		s.must(b.do(visit))
		s.expires("after "+name, b.key(), began+idle.Milliseconds(), s.now()+idle.Milliseconds())
	}
	infos, err := b.store.List(s.ctx, s.username)
	s.must(err)
	if len(infos) != 1 || infos[0].End.Sub(infos[0].Created) != age {
		s.Errorf("the list is %+v, want one session that ends %v after its login", infos, age)
	}
	s.must(b.do(func(a *sessionstore.Session, ctx context.Context) error {
		left, err := a.Peek(ctx)
		s.within("what is left to the end", left.End.Milliseconds(), age.Milliseconds()-60_000, age.Milliseconds())
		return err
	}))
	b.login(s.username)
	if c := b.answer.Result().Cookies()[0]; c.MaxAge != 0 {
		s.Errorf("the cookie of a login without Remember lives for %d s, want until the browser is closed", c.MaxAge)
	}
	s.wantErr("a life of nothing", b.do(func(a *sessionstore.Session, ctx context.Context) error {
		return a.Login(ctx, s.username, sessionstore.Remember(0, age))
	}), sessionstore.ErrField)
}

// beginWith is the first write of a browser that nobody has logged in with.
func beginWith(ops ...sessionstore.Op) act {
	return func(a *sessionstore.Session, ctx context.Context) error { return a.Begin(ctx, ops...) }
}

func beginsBeforeLogin(s *scene) {
	store := s.store(sessionstore.MaxAge(24 * time.Hour))
	b := s.browser(store)
	b.asksNothing("a browser that only looks around", func() {
		s.wantErr("a visit", b.batch(), sessionstore.ErrNoSession)
		s.wantErr("a beginning with an invalid field", b.do(beginWith(sessionstore.Set("@end", "1"))), sessionstore.ErrField)
		s.wantErr("a beginning with nothing", b.do(beginWith()), sessionstore.ErrField)
	})
	s.must(b.do(beginWith(sessionstore.Set("cart", "apple"), sessionstore.Incr("items", 1), sessionstore.Delete("none"))))
	s.same("the cart", b.get("cart"), "apple")
	s.same("the number of items", b.get("items"), "1")
	s.same("the user", b.get("username"), "")
	s.within("its age at its end", s.field(b.key(), "@end")-s.field(b.key(), "@created"), 3_600_000, 3_600_000)
	cookie := b.cookie
	s.must(b.do(beginWith(sessionstore.Set("cart", "pear"))))
	s.same("the cookie after another write", b.cookie, cookie)
	if keys := s.keys(); len(keys) != 1 || keys[0] != b.key() {
		s.Errorf("Redis has the keys %v, want the session alone", keys)
	}
	s.wantErr("RevokeAll without a user", b.do((*sessionstore.Session).RevokeAll), sessionstore.ErrNoSession)

	copied := b.copied()
	b.login(s.username)
	copied.mustBe(false, "the session before the login")
	s.same("the cart after a login that carries nothing", b.get("cart"), "")

	dead := s.browser(store)
	s.must(dead.do(beginWith(sessionstore.Set("cart", "plum"))))
	copied = dead.copied()
	s.must(dead.do((*sessionstore.Session).Logout))
	copied.mustBe(false, "after a logout without a user")
	dead.cookie = copied.cookie
	s.must(dead.do(beginWith(sessionstore.Set("cart", "plum"))))
	if dead.cookie == copied.cookie {
		s.Error("the token of a dead session has begun a new one")
	}
}

func carriedOver(s *scene) {
	b := s.browser(s.store())
	s.must(b.do(beginWith(sessionstore.Set("cart", "apple"), sessionstore.Set("secret", "x"))))
	login := func(options ...sessionstore.LoginOption) error {
		return b.do(func(a *sessionstore.Session, ctx context.Context) error {
			err := a.Login(ctx, s.username, options...)
			if err == nil {
				s.same("the cart right after the login", a.Value("cart"), "apple")
			}
			return err
		})
	}
	s.must(login(sessionstore.Carry("cart", "never"), sessionstore.Set("device", "phone")))
	for field, want := range map[string]string{"cart": "apple", "device": "phone", "secret": "", "never": "", "username": s.username} {
		s.same("the field "+field, b.get(field), want)
	}
	cookie := b.cookie
	s.wantErr("a first value that is too long", login(sessionstore.Set("f", string(make([]byte, 4097)))), sessionstore.ErrField)
	s.wantErr("a field of the store", login(sessionstore.Set("username", "other")), sessionstore.ErrField)
	s.same("the cookie after both", b.cookie, cookie)

	b.store.comeBetween(failures["before anything is done"])
	err := login(sessionstore.Carry("cart"))
	b.store.letPass()
	s.wantErr("a login that cannot read what it carries", err, sessionstore.ErrUnavailable)
	b.mustBe(true, "the old session then")
}
