package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"example.com/session-workshop/sessionstore"
)

var bounds = []test{
	{"fields of the store cannot be changed", ownedFields},
	{"names of fields have bounds", fieldNames},
	{"values have bounds", values},
	{"a session has at most 64 fields", fieldCount},
}

// mustRefuse does a change in each way there is: each is ErrField, and nothing
// is sent.
func (b *browser) mustRefuse(what string, op sessionstore.Op, alone func(context.Context, *sessionstore.Session) error) {
	b.Helper()
	before := b.store.calls.Load()
	for _, err := range []error{
		b.do(alone), b.batch(op), b.batch(sessionstore.Set("f", "x"), op, sessionstore.Delete("f")),
	} {
		if !errors.Is(err, sessionstore.ErrField) {
			b.Errorf("%s: the error is %v, want ErrField", what, err)
		}
	}
	if n := b.store.calls.Load() - before; n != 0 {
		b.Errorf("%s: Redis was asked %d times", what, n)
	}
}

func (b *browser) mustRefuseName(field string) {
	b.Helper()
	what := fmt.Sprintf("the field %.70q", field)
	b.mustRefuse("Set: "+what, sessionstore.Set(field, "1"), func(ctx context.Context, s *sessionstore.Session) error { return s.Set(ctx, field, "1") })
	b.mustRefuse("Incr: "+what, sessionstore.Incr(field, 1), func(ctx context.Context, s *sessionstore.Session) error { _, err := s.Incr(ctx, field, 1); return err })
	b.mustRefuse("Delete: "+what, sessionstore.Delete(field), func(ctx context.Context, s *sessionstore.Session) error { return s.Delete(ctx, field) })
}

func ownedFields(s *scene) {
	b := s.loggedIn(s.store())
	before := s.contents()
	for _, field := range []string{"username", "@end", "@created", "@", "@own"} {
		b.mustRefuseName(field)
	}
	s.unchanged(before)
	if got := b.get("username"); got != s.username {
		s.Errorf("the field username reads %q, want %q", got, s.username)
	}
}

func fieldNames(s *scene) {
	b := s.loggedIn(s.store())
	for _, field := range []string{"", strings.Repeat("a", 65), "a b", "a:b", "a/b", "é", "a\x00", "a\n", "a@", "a[", "a`", "a{", "\xff"} {
		b.mustRefuseName(field)
	}
	for _, field := range []string{"a", strings.Repeat("a", 64), "AZaz09_.-", ".", "-", "0", "Username", "username2"} {
		s.must(b.batch(sessionstore.Set(field, "here")))
		if b.get(field) != "here" {
			s.Errorf("the field %q is lost", field)
		}
	}
}

func values(s *scene) {
	b := s.loggedIn(s.store())
	for _, value := range []string{"", "\x00\xff\r\n", strings.Repeat("v", 4096)} {
		s.must(b.batch(sessionstore.Set("f", value)))
		if got := b.get("f"); got != value {
			s.Errorf("a value of %d bytes came back as one of %d", len(value), len(got))
		}
	}
	secret := strings.Repeat("secret", 4096/6+1)
	b.mustRefuse("a value of more than 4096 bytes", sessionstore.Set("f", secret),
		func(ctx context.Context, a *sessionstore.Session) error {
			err := a.Set(ctx, "f", secret)
			if strings.Contains(err.Error(), "secret") {
				s.Errorf("the error shows the value: %.100v", err)
			}
			return err
		})
	b.mustRefuse("a value of 4097 bytes", sessionstore.Set("f", strings.Repeat("v", 4097)),
		func(ctx context.Context, a *sessionstore.Session) error {
			return a.Set(ctx, "f", strings.Repeat("v", 4097))
		})
	for _, n := range []int64{1 << 53, -1 << 53, 1<<63 - 1, -1 << 63} {
		b.mustRefuse(fmt.Sprint("an increment by ", n), sessionstore.Incr("n", n),
			func(ctx context.Context, a *sessionstore.Session) error { _, err := a.Incr(ctx, "n", n); return err })
	}
	for _, n := range []int64{1<<53 - 1, -1<<53 + 1} {
		s.must(b.batch(sessionstore.Delete("n"), sessionstore.Incr("n", n)))
		if got := b.get("n"); got != fmt.Sprint(n) {
			s.Errorf("an increment by %d makes %s", n, got)
		}
	}
}

func fieldCount(s *scene) {
	b := s.loggedIn(s.store())
	var ops []sessionstore.Op
	for n := range 64 {
		ops = append(ops, sessionstore.Set(fmt.Sprint("f", n), "x"))
	}
	s.must(b.batch(ops...))
	before := s.contents()
	for what, op := range map[string]sessionstore.Op{"Set": sessionstore.Set("one-more", "x"), "Incr": sessionstore.Incr("one-more", 1)} {
		if err := b.batch(op); !errors.Is(err, sessionstore.ErrField) {
			s.Errorf("%s of a field 65: the error is %v, want ErrField", what, err)
		}
	}
	s.unchanged(before)
	s.must(b.batch(sessionstore.Set("f0", "changed"), sessionstore.Delete("f1"), sessionstore.Set("in-its-place", "x")))
	if n := len(s.contents()[b.key()]); n != 64+3 {
		s.Errorf("the session has %d fields, want 64 and three of the store", n)
	}
}
