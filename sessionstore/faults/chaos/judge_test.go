package main

import (
	"math"
	"testing"

	"github.com/anishathalye/porcupine"
)

// The effects of a history come one after another, unless they have times.
func TestJudge(t *testing.T) {
	const s0, s1 = 0, 1
	login := func(number int) *op { return &op{verb: begin, of: number, sure: true} }
	logout := &op{verb: end, of: s0, sure: true}
	visit := func(number int, count int64) *op { return &op{verb: read, of: number, count: count, sure: true} }
	dead := func(number int) *op { return &op{verb: read, of: number, none: true, sure: true} }
	listed := func(who sessions) *op { return &op{verb: list, of: noSession, listed: who, sure: true} }
	quiet := &op{verb: settled, of: noSession, sure: true}
	lostIncr := &op{verb: incr, of: s0, to: math.MaxInt64}
	lostLogout := &op{verb: end, of: s0, to: math.MaxInt64}
	for name, c := range map[string]struct {
		want porcupine.CheckResult
		ops  []*op
	}{
		"a session that is visited and ended":        {porcupine.Ok, []*op{login(s0), visit(s0, 0), logout, dead(s0)}},
		"a session that is alive after its logout":   {porcupine.Illegal, []*op{login(s0), logout, visit(s0, 0)}},
		"a session that ends without a cause":        {porcupine.Illegal, []*op{login(s0), dead(s0)}},
		"a live session that is not listed":          {porcupine.Illegal, []*op{login(s0), listed(0), visit(s0, 0)}},
		"an unanswered increment that was done":      {porcupine.Ok, []*op{login(s0), lostIncr, visit(s0, 1)}},
		"an unanswered increment that was not done":  {porcupine.Ok, []*op{login(s0), lostIncr, visit(s0, 0), quiet, visit(s0, 0)}},
		"an unanswered increment that was done late": {porcupine.Ok, []*op{login(s0), lostIncr, visit(s0, 0), quiet, visit(s0, 1)}},
		"an unanswered increment that was done twice": {porcupine.Illegal,
			[]*op{login(s0), lostIncr, visit(s0, 1), visit(s0, 2)}},
		"an unanswered logout that is done after all is settled": {porcupine.Illegal,
			[]*op{login(s0), lostLogout, quiet, visit(s0, 0), dead(s0)}},
		"a login that ends the oldest": {porcupine.Ok,
			[]*op{login(s0), login(s1), {verb: settle, of: s1, old: noSession, sure: true}, dead(s0)}},
		"a login that ends the newest": {porcupine.Illegal,
			[]*op{login(s0), login(s1), {verb: settle, of: s1, old: noSession, sure: true}, dead(s1)}},
	} {
		t.Run(name, func(t *testing.T) {
			r := rules{maxSessions: 1, born: []span{{1, 2}, {4, 5}}}
			if got, _ := r.judge(inSequence(c.ops)); got != c.want {
				t.Errorf("porcupine says %s, want %s", got, c.want)
			}
		})
	}
}

// inSequence gives each effect a time after the one before.
func inSequence(ops []*op) []*op {
	timed := make([]*op, len(ops))
	for i, o := range ops {
		one := *o
		one.from, one.to = int64(2*i), max(one.to, int64(2*i+1))
		timed[i] = &one
	}
	return timed
}

func TestShorten(t *testing.T) {
	ops := inSequence([]*op{
		{verb: begin, of: 0, sure: true}, {verb: read, of: 0, sure: true}, {verb: end, of: 0, sure: true},
		{verb: read, of: 0, sure: true}, {verb: begin, of: 1, sure: true}, {verb: read, of: 1, sure: true},
	})
	short := rules{maxSessions: 1}.shorten(ops)
	var texts []string
	for _, o := range short {
		texts = append(texts, o.String())
	}
	if len(short) != 3 {
		t.Errorf("the shortened history is %q, want a login, a logout and the visit after it", texts)
	}
}

// A slow login keeps its own session, so it can end one that began while it ran.
func TestASlowLoginEndsAYoungerSession(t *testing.T) {
	h := &history{
		rules:   rules{maxSessions: 1, born: []span{{1, 2}, {4, 5}, {4, 5}}, begun: []int64{0, 4, 90}},
		created: []int64{1, 5, 91},
	}
	slow := &op{verb: settle, of: 0, from: 2, to: 80, old: noSession, sure: true}
	if one := h.share(slow, 1); one == nil || one.verb != end || !one.maybe {
		t.Errorf("the effect on the younger session is %v, want a possible end", one)
	}
	if late := h.share(slow, 2); late != nil {
		t.Errorf("the effect on a session that began after the login is %v, want none", late)
	}
}
