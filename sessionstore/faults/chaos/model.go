package main

import (
	"slices"

	"github.com/anishathalye/porcupine"
)

// verb is an effect that a call has on a user's sessions, or what it reads.
type verb string

const (
	begin     verb = "begin"      // a login creates its session
	settle    verb = "settle"     // the same login ends the old session, and the oldest ones beyond the limit
	end       verb = "end"        // a logout, or the end of an attempt that was not confirmed
	revoke    verb = "revoke"     // one session, by its handle
	revokeAll verb = "revoke all" // but for one, if of is its number
	read      verb = "visit"
	incr      verb = "incr"
	set       verb = "set"
	list      verb = "list"
	settled   verb = "all is settled" // nothing under way can arrive any more
)

// op is one effect, at one moment between from and to, or one reading. Sessions
// are numbers here, in the order in which the suite heard of them.
type op struct {
	verb   verb
	client int
	// from and to are ticks of the round's clock.
	from, to int64
	of       int // the number of the session, or noSession
	old      int // settle: the number of the session to end, or noSession
	// sure says that the call was answered. Any other call took effect once or
	// never, and said nothing.
	sure bool
	// maybe says that the store may or may not have had this effect, by its rules.
	maybe bool
	// What the answer says: that there is no such session, what its fields
	// hold, who is listed.
	none   bool
	count  int64
	note   string
	listed sessions
}

const noSession = -1

// sessions is a set of session numbers, below 64.
type sessions uint64

// only is the set of one session, and empty for noSession.
func only(number int) sessions {
	if number == noSession {
		return 0
	}
	return 1 << number
}

func (s sessions) has(number int) bool           { return s&only(number) != 0 }
func (s sessions) minus(other sessions) sessions { return s &^ other }

// state is what Redis holds of one user.
type state struct {
	alive []session // the oldest first
	ended sessions  // these are never alive again
	// settled is true when whatever has not taken effect never will.
	settled bool
	// seen are the ghosts that the last list showed.
	seen sessions
}

type session struct {
	number int
	count  int64
	note   string
}

func (s state) find(number int) int {
	return slices.IndexFunc(s.alive, func(one session) bool { return one.number == number })
}

func (s state) living() (all sessions) {
	for _, one := range s.alive {
		all |= only(one.number)
	}
	return all
}

func (s state) without(gone sessions) state {
	s.alive = slices.DeleteFunc(slices.Clone(s.alive), func(one session) bool { return gone.has(one.number) })
	s.ended, s.seen = s.ended|gone, s.seen.minus(gone)
	return s
}

// span is when a session was created, at the earliest and at the latest, in
// milliseconds since 1970.
type span struct{ earliest, latest int64 }

// rules are what the store promises of one user's sessions.
type rules struct {
	maxSessions int
	born        []span // by the number of the session
	// begun is the tick at which a session could exist at the earliest, by its
	// number.
	begun []int64
	// ghosts are sessions that a login asked for and did not hand out, for want of
	// a reply. One can begin at any time until all is settled, and end at any time.
	ghosts sessions
}

// model is for porcupine.
func (r rules) model() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{state{}} },
		Step: func(s, input, _ any) (after []any) {
			for _, next := range r.step(s.(state), input.(*op)) {
				after = append(after, next)
			}
			return after
		},
		Equal: func(a, b any) bool {
			one, other := a.(state), b.(state)
			return one.settled == other.settled && one.ended == other.ended && one.seen == other.seen && slices.Equal(one.alive, other.alive)
		},
		DescribeOperation: func(input, _ any) string { return input.(*op).String() },
		DescribeState:     func(s any) string { return s.(state).String() },
	}
	return m.ToModel()
}

// step returns the states that can follow, none if the answer cannot be. An
// unanswered effect comes before all is settled, or never.
func (r rules) step(s state, o *op) []state {
	switch {
	case o.verb == settled:
		s.settled = true
		return []state{s}
	case o.maybe:
		return append(r.effect(s, o), s)
	case !o.sure && s.settled:
		return []state{s}
	}
	return r.effect(s, o)
}

func (r rules) effect(s state, o *op) []state {
	at := s.find(o.of)
	switch o.verb {
	case begin:
		if at >= 0 || s.ended.has(o.of) {
			return nil
		}
		s.alive = append(slices.Clone(s.alive), session{number: o.of})
		return []state{s}
	case settle:
		return r.evict(s.without(only(o.old)), o)
	case end:
		if at < 0 && !o.sure {
			return nil
		}
		return []state{s.without(only(o.of))}
	case revokeAll:
		return []state{r.look(s, s.seen&only(o.of)).without(s.living().minus(only(o.of)))}
	case list:
		possible := o.listed.minus(r.ghosts) == s.living() && o.listed&s.ended == 0
		return onlyIf(possible, r.look(s, o.listed))
	}
	if r.ghosts.has(o.of) {
		return r.revokeGhost(s, o)
	}
	// The rest is about one session.
	if o.sure && o.none {
		return onlyIf(at < 0, s)
	}
	if at < 0 {
		return nil
	}
	now := s.alive[at]
	switch o.verb {
	case revoke:
		return []state{s.without(only(o.of))}
	case incr:
		now.count++
	case set:
		now.note = o.note
	}
	if o.sure && (o.count != now.count || o.note != now.note) {
		return nil
	}
	s.alive = slices.Clone(s.alive)
	s.alive[at] = now
	return []state{s}
}

func onlyIf(possible bool, s state) []state {
	if possible {
		return []state{s}
	}
	return nil
}

// revokeGhost ends a ghost. No other call is about one: its token went to no browser.
func (r rules) revokeGhost(s state, o *op) []state {
	ghost := only(o.of)
	switch {
	case o.sure && !o.none:
		return onlyIf(s.ended&ghost == 0, s.without(ghost))
	case o.none && s.seen&ghost != 0:
		return []state{s.without(ghost)}
	}
	return []state{s}
}

// look is what is known of the ghosts when these of them are alive.
func (r rules) look(s state, alive sessions) state {
	gone := s.seen
	if s.settled {
		gone = r.ghosts
	}
	s.ended |= gone.minus(alive)
	s.seen = alive & r.ghosts
	return s
}

// evict ends the oldest sessions beyond the limit, in each way that is possible:
// a ghost may count as a session or not. The session of the login itself stays.
func (r rules) evict(s state, login *op) (after []state) {
	least := len(s.alive) - r.maxSessions
	most := least
	for number, begun := range r.begun {
		if r.ghosts.minus(s.ended).has(number) && begun < login.to {
			most++
		}
	}
	for n := max(0, least); n <= min(max(0, most), len(s.alive)); n++ {
		after = append(after, r.endOldest(s, n, login.of)...)
	}
	return after
}

// endOldest ends n sessions, but not keep. The store tells ages apart by the
// millisecond, so of sessions that may be of the same one any can go.
func (r rules) endOldest(s state, n, keep int) (after []state) {
	others := s.without(only(keep)).alive
	if n == 0 || len(others) == 0 {
		return []state{s}
	}
	oldest := r.born[others[0].number]
	for _, one := range others {
		if r.born[one.number].earliest <= oldest.latest {
			after = append(after, r.endOldest(s.without(only(one.number)), n-1, keep)...)
		}
	}
	return after
}
