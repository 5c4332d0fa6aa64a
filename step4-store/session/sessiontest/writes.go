package sessiontest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.com/session-workshop/step4-store/session"
)

var writes = []test{
	{"parallel increments are all counted", parallelIncrements},
	{"parallel Sets of different fields all stay", parallelSets},
	{"a batch is done in its order", batchInOrder},
	{"a batch that Redis refuses changes nothing and refreshes", refusedBatch},
	{"a batch of very many operations is done wholly", longBatch},
	{"a counter is exact up to its bounds", exactCounter},
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
			request, _ := b.on(stores[i%2]).request()
			for range each {
				sum, err := request.Incr(s.ctx, "n", 1)
				if err != nil {
					s.Error(err)
					return
				}
				if sum < 1 || sum > goroutines*each || seen[sum].Swap(true) {
					s.Errorf("Incr answers %d, which is none of the sums, or was answered before", sum)
				}
			}
		})
	}
	group.Wait()
	if got, want := b.get("n"), fmt.Sprint(goroutines*each); got != want {
		s.Errorf("after %s increments the field is %s", want, got)
	}
}

func parallelSets(s *scene) {
	const each = 32
	stores := []*store{s.store(), s.store()}
	b := s.loggedIn(stores[0])
	var group sync.WaitGroup
	for i, store := range stores {
		request, _ := b.on(store).request()
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
			if field := fmt.Sprintf("f%d.%d", i, n); b.get(field) != "here" {
				s.Errorf("the field %s is lost", field)
			}
		}
	}
}

func batchInOrder(s *scene) {
	b := s.loggedIn(s.store())
	s.must(b.batch(session.Set("old", "x"), session.Set("count", "40")))
	s.must(b.batch(
		session.Incr("count", 2),
		session.Set("n", "5"), session.Incr("n", 2),
		session.Delete("old"), session.Delete("never"),
		session.Set("gone", "x"), session.Delete("gone"),
		session.Delete("back"), session.Set("back", "x"),
		session.Set("zero", "9"), session.Delete("zero"), session.Incr("zero", -1),
	))
	all := s.contents()[b.key()]
	maps.DeleteFunc(all, func(field, _ string) bool { return field == "username" || field[0] == '@' })
	want := map[string]string{"count": "42", "n": "7", "back": "x", "zero": "-1"}
	if !maps.Equal(all, want) {
		s.Errorf("the session holds %v, want %v", all, want)
	}
}

func refusedBatch(s *scene) {
	var tooMany []session.Op
	for n := range 64 {
		tooMany = append(tooMany, session.Set(fmt.Sprint("more", n), "x"))
	}
	for name, ops := range map[string][]session.Op{
		"a word is no number":           {session.Incr("word", 1)},
		"a fraction is no whole number": {session.Incr("fraction", 1)},
		"nothing is no number":          {session.Incr("empty", 1)},
		"set in this batch to a word":   {session.Set("n", "x"), session.Incr("n", 1)},
		"above 2^53":                    {session.Incr("high", 2)},
		"below -2^53":                   {session.Incr("low", -2)},
		"above 2^53 with two steps":     {session.Incr("high", 1), session.Incr("high", 1)},
		"far above 2^53":                {session.Incr("huge", 0)},
		"too many fields":               tooMany,
	} {
		b := s.loggedIn(s.store())
		s.must(b.batch(session.Set("word", "x"), session.Set("fraction", "1.5"), session.Set("empty", ""),
			session.Set("high", "9007199254740991"), session.Set("low", "-9007199254740991"),
			session.Set("huge", "123456789012345678901234567890")))
		s.must(s.admin.PExpire(s.ctx, b.key(), time.Minute).Err())
		before, began := s.contents(), s.now()
		// What is refused stands between what would be possible.
		ops = slices.Concat([]session.Op{session.Set("a", "1"), session.Incr("b", 1), session.Delete("none")},
			ops, []session.Op{session.Set("z", "1"), session.Delete("fraction")})
		if err := b.batch(ops...); !errors.Is(err, session.ErrField) {
			s.Errorf("%s: the error is %v, want ErrField", name, err)
		}
		s.unchanged(before)
		s.expires("after: "+name, b.key(), began+time.Hour.Milliseconds(), s.now()+time.Hour.Milliseconds())
	}
}

// Lua can pass some thousand values on at once, and no more.
func longBatch(s *scene) {
	var deletes, inPassing []session.Op
	for n := range 10_000 {
		field := fmt.Sprint("f", n)
		deletes = append(deletes, session.Delete(field))
		inPassing = append(inPassing, session.Set(field, "x"), session.Delete(field))
	}
	for name, ops := range map[string][]session.Op{"deletes": deletes, "set and deleted": inPassing} {
		b := s.loggedIn(s.store())
		before := s.contents()
		switch err := b.batch(slices.Concat([]session.Op{session.Set("first", "x")}, ops, []session.Op{session.Set("last", "x")})...); {
		case errors.Is(err, session.ErrField):
			s.unchanged(before)
		case err != nil:
			s.Errorf("%s: neither done nor refused with ErrField: %.300v", name, err)
			s.unchanged(before)
		case b.get("first") != "x" || b.get("last") != "x":
			s.Errorf("%s: the batch is said to be done, and is not", name)
		}
	}
}

// A sum that cannot be told exactly is refused, not rounded.
func exactCounter(s *scene) {
	b := s.loggedIn(s.store())
	for _, sign := range []int64{1, -1} {
		s.must(b.batch(session.Set("n", fmt.Sprint(sign*(1<<53-2)))))
		want := sign * (1<<53 - 2)
		for range 4 {
			request, _ := b.request()
			sum, err := request.Incr(s.ctx, "n", sign)
			if errors.Is(err, session.ErrField) {
				break
			}
			s.must(err)
			want += sign
			if sum != want {
				s.Errorf("the sum is %d, want %d or ErrField", sum, want)
			}
		}
		if got := b.get("n"); got != fmt.Sprint(want) {
			s.Errorf("the field is %s, and the increments without an error make %d", got, want)
		}
		// A field can be set to a number that Lua cannot tell exactly.
		s.must(b.batch(session.Set("n", fmt.Sprint(sign*(1<<53+1)))))
		err := b.batch(session.Incr("n", -2*sign))
		if got := b.get("n"); !errors.Is(err, session.ErrField) && got != fmt.Sprint(sign*(1<<53-1)) {
			s.Errorf("2^53 + 1, less 2, is %s (%v)", got, err)
		}
	}
}
