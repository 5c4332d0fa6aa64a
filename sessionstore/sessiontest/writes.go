package sessiontest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.com/session-workshop/sessionstore"
)

var writes = []test{
	{"all parallel increments count", parallelIncrements},
	{"all parallel Sets of different fields are kept", parallelSets},
	{"a batch runs in order", batchInOrder},
	{"a refused batch changes no field but counts as a visit", refusedBatch},
	{"a full session refuses another field", fullSession},
	{"a very long batch is done completely or not at all", longBatch},
	{"a counter is exact up to its limits", exactCounter},
}

// Two web servers serve one session, and each request has its own Session.
func parallelIncrements(s *scene) {
	const goroutines, each = 50, 200
	stores := []*store{s.store(), s.store()}
	b := s.loggedIn(stores[0])
	var seen [goroutines*each + 1]atomic.Bool
	var group sync.WaitGroup
	for i := range goroutines {
		group.Go(func() {
			request := b.at(stores[i%2]).request()
			for range each {
				sum, err := request.Incr(s.ctx, "n", 1)
				if err != nil {
					s.Error(err)
					return
				}
				if sum < 1 || sum > goroutines*each || seen[sum].Swap(true) {
					s.Errorf("Incr returned %d, which is out of range or a duplicate", sum)
				}
			}
		})
	}
	group.Wait()
	s.wantEqual("the field after all increments", b.get("n"), fmt.Sprint(goroutines*each))
}

func parallelSets(s *scene) {
	const each = 32
	stores := []*store{s.store(), s.store()}
	b := s.loggedIn(stores[0])
	var group sync.WaitGroup
	for i, store := range stores {
		request := b.at(store).request()
		s.must(request.Refresh(s.ctx))
		group.Go(func() {
			for n := range each {
				if err := request.Set(s.ctx, fmt.Sprintf("f%d.%d", i, n), "here"); err != nil {
					s.Error(err)
				}
			}
		})
	}
	group.Wait()
	for i := range stores {
		for n := range each {
			field := fmt.Sprintf("f%d.%d", i, n)
			s.wantEqual("the field "+field, b.get(field), "here")
		}
	}
}

func batchInOrder(s *scene) {
	b := s.loggedIn(s.store())
	s.must(b.batch(sessionstore.Set("old", "x"), sessionstore.Set("count", "40")))
	s.must(b.batch(
		sessionstore.Incr("count", 2),
		sessionstore.Set("n", "5"), sessionstore.Incr("n", 2),
		sessionstore.Delete("old"), sessionstore.Delete("never"),
		sessionstore.Set("gone", "x"), sessionstore.Delete("gone"),
		sessionstore.Delete("back"), sessionstore.Set("back", "x"),
		sessionstore.Set("zero", "9"), sessionstore.Delete("zero"), sessionstore.Incr("zero", -1),
	))
	all := s.contents()[b.key()]
	maps.DeleteFunc(all, func(field, _ string) bool { return field == "username" || field[0] == '@' })
	want := map[string]string{"count": "42", "n": "7", "back": "x", "zero": "-1"}
	if !maps.Equal(all, want) {
		s.Errorf("the session holds %v, want %v", all, want)
	}
}

func refusedBatch(s *scene) {
	for name, ops := range map[string][]sessionstore.Op{
		"Incr of a word":                       {sessionstore.Incr("word", 1)},
		"Incr of a fraction":                   {sessionstore.Incr("fraction", 1)},
		"Incr of an empty value":               {sessionstore.Incr("empty", 1)},
		"Incr of a word set in the same batch": {sessionstore.Set("n", "x"), sessionstore.Incr("n", 1)},
		"above 2^53":                           {sessionstore.Incr("high", 2)},
		"below -2^53":                          {sessionstore.Incr("low", -2)},
		"above 2^53 with two steps":            {sessionstore.Incr("high", 1), sessionstore.Incr("high", 1)},
		"far above 2^53":                       {sessionstore.Incr("huge", 0)},
		"too many fields":                      sets(64, "more"),
	} {
		b := s.loggedIn(s.store())
		s.must(b.batch(sessionstore.Set("word", "x"), sessionstore.Set("fraction", "1.5"), sessionstore.Set("empty", ""),
			sessionstore.Set("high", "9007199254740991"), sessionstore.Set("low", "-9007199254740991"),
			sessionstore.Set("huge", "123456789012345678901234567890")))
		s.must(s.admin.PExpire(s.ctx, b.key(), time.Minute).Err())
		before, began := s.contents(), s.now()
		if len(ops) == 1 {
			s.wantErr(name+", alone", b.batch(ops...), sessionstore.ErrField)
			s.wantUnchanged(before)
		}
		// The refused operations are between valid ones.
		ops = slices.Concat([]sessionstore.Op{sessionstore.Set("a", "1"), sessionstore.Incr("b", 1), sessionstore.Delete("none")},
			ops, []sessionstore.Op{sessionstore.Set("z", "1"), sessionstore.Delete("fraction")})
		s.wantErr(name, b.batch(ops...), sessionstore.ErrField)
		s.wantUnchanged(before)
		s.wantExpiry("after: "+name, b.key(), began+time.Hour.Milliseconds(), s.now()+time.Hour.Milliseconds())
	}
}

func fullSession(s *scene) {
	b := s.loggedIn(s.store())
	s.must(b.batch(sets(64, "f")...))
	before := s.contents()
	for name, op := range map[string]sessionstore.Op{
		"a field": sessionstore.Set("more", "x"), "a counter": sessionstore.Incr("more", 1), "a counter that begins at 0": sessionstore.Incr("more", 0),
	} {
		s.wantErr(name, b.batch(op), sessionstore.ErrField)
		s.wantErr(name+" in a batch", b.batch(sessionstore.Delete("none"), op), sessionstore.ErrField)
	}
	s.wantUnchanged(before)
	s.must(b.batch(sessionstore.Set("f0", "y")))
	s.must(b.batch(sessionstore.Delete("f1"), sessionstore.Incr("more", 1)))
}

// Lua passes at most some thousand values to a command.
func longBatch(s *scene) {
	var deletes, inPassing []sessionstore.Op
	for n := range 10_000 {
		field := fmt.Sprint("f", n)
		deletes = append(deletes, sessionstore.Delete(field))
		inPassing = append(inPassing, sessionstore.Set(field, "x"), sessionstore.Delete(field))
	}
	for name, ops := range map[string][]sessionstore.Op{"deletes": deletes, "set and deleted": inPassing} {
		b := s.loggedIn(s.store())
		before := s.contents()
		switch err := b.batch(slices.Concat([]sessionstore.Op{sessionstore.Set("first", "x")}, ops, []sessionstore.Op{sessionstore.Set("last", "x")})...); {
		case errors.Is(err, sessionstore.ErrField):
			s.wantUnchanged(before)
		case err != nil:
			s.Errorf("%s: want success or ErrField, got: %.300v", name, err)
			s.wantUnchanged(before)
		case b.get("first") != "x" || b.get("last") != "x":
			s.Errorf("%s: the batch returned no error but was not done", name)
		}
	}
}

// A sum that is too large to be exact is refused, not rounded.
func exactCounter(s *scene) {
	b := s.loggedIn(s.store())
	for _, sign := range []int64{1, -1} {
		s.must(b.batch(sessionstore.Set("n", fmt.Sprint(sign*(1<<53-2)))))
		want := sign * (1<<53 - 2)
		for range 4 {
			sum, err := b.request().Incr(s.ctx, "n", sign)
			if errors.Is(err, sessionstore.ErrField) {
				break
			}
			s.must(err)
			want += sign
			if sum != want {
				s.Errorf("the sum is %d, want %d or ErrField", sum, want)
			}
		}
		s.wantEqual("the field after the increments without an error", b.get("n"), fmt.Sprint(want))
		// A field can be set to a number that is not exact in Lua.
		s.must(b.batch(sessionstore.Set("n", fmt.Sprint(sign*(1<<53+1)))))
		err := b.batch(sessionstore.Incr("n", -2*sign))
		if got := b.get("n"); !errors.Is(err, sessionstore.ErrField) && got != fmt.Sprint(sign*(1<<53-1)) {
			s.Errorf("2^53 + 1, less 2, is %s (%v)", got, err)
		}
	}
}
