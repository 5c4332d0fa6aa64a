package sessiontest

import (
	"fmt"
	"strings"

	"example.com/session-workshop/sessionstore"
)

var bounds = []test{
	{"the fields of the store are read-only", ownedFields},
	{"a field name has limits", fieldNames},
	{"a value has limits", values},
	{"a session has at most 64 fields", fieldCount},
}

// secret is at the start of each value that is too long. No error may show it.
const secret = "secret"

// wantRefused makes an invalid change alone and in batches. Each must return
// ErrField without asking Redis.
func (b *browser) wantRefused(what string, c change) {
	b.Helper()
	b.wantNoCommand(what, func() {
		for _, act := range []act{c.alone, batch(c.op), batch(sessionstore.Set("f", "x"), c.op, sessionstore.Delete("f"))} {
			err := b.do(act)
			b.wantErr(what, err, sessionstore.ErrField)
			if strings.Contains(fmt.Sprint(err), secret) {
				b.Errorf("%s: the error shows the value: %.100v", what, err)
			}
		}
	})
}

func (b *browser) wantNameRefused(field string) {
	b.Helper()
	for verb, c := range map[string]change{"Set": set(field, "1"), "Incr": incr(field, 1), "Delete": remove(field)} {
		b.wantRefused(fmt.Sprintf("%s of the field %.70q", verb, field), c)
	}
}

func ownedFields(s *scene) {
	b := s.loggedIn(s.store())
	before := s.contents()
	for _, field := range []string{"username", "@end", "@created", "@", "@own"} {
		b.wantNameRefused(field)
	}
	s.wantUnchanged(before)
	s.wantEqual("the field username", b.get("username"), s.username)
}

func fieldNames(s *scene) {
	b := s.loggedIn(s.store())
	for _, field := range []string{"", strings.Repeat("a", 65), "a b", "a:b", "a/b", "é", "a\x00", "a\n", "a@", "a[", "a`", "a{", "\xff"} {
		b.wantNameRefused(field)
	}
	for _, field := range []string{"a", strings.Repeat("a", 64), "AZaz09_.-", ".", "-", "0", "Username", "username2"} {
		s.must(b.batch(sessionstore.Set(field, "here")))
		s.wantEqual("the field "+field, b.get(field), "here")
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
	for _, length := range []int{4097, 8192} {
		b.wantRefused(fmt.Sprintf("a value of %d bytes", length), set("f", secret+strings.Repeat("v", length-len(secret))))
	}
	for _, n := range []int64{1 << 53, -1 << 53, 1<<63 - 1, -1 << 63} {
		b.wantRefused(fmt.Sprint("an increment by ", n), incr("n", n))
	}
	for _, n := range []int64{1<<53 - 1, -1<<53 + 1} {
		s.must(b.batch(sessionstore.Delete("n"), sessionstore.Incr("n", n)))
		s.wantEqual("a new counter", b.get("n"), fmt.Sprint(n))
	}
}

// sets returns n operations, each of which sets another field.
func sets(n int, name string) []sessionstore.Op {
	ops := make([]sessionstore.Op, n)
	for i := range ops {
		ops[i] = sessionstore.Set(fmt.Sprint(name, i), "x")
	}
	return ops
}

func fieldCount(s *scene) {
	b := s.loggedIn(s.store())
	s.must(b.batch(sets(64, "f")...))
	before := s.contents()
	for what, op := range map[string]sessionstore.Op{"Set": sessionstore.Set("one-more", "x"), "Incr": sessionstore.Incr("one-more", 1)} {
		s.wantErr(what+" of a 65th field", b.batch(op), sessionstore.ErrField)
	}
	s.wantUnchanged(before)
	s.must(b.batch(sessionstore.Set("f0", "changed"), sessionstore.Delete("f1"), sessionstore.Set("replacement", "x")))
	if n := len(s.contents()[b.key()]); n != 64+3 {
		s.Errorf("the session has %d fields, want 64 and the three of the store", n)
	}
}
