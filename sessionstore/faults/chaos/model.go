package main

import (
	"slices"

	"github.com/anishathalye/porcupine"
)

// verb is what an effect does to the sessions of a user, or what it reads.
type verb string

const (
	begin     verb = "begin"      // a login creates its session
	settle    verb = "settle"     // the same login ends the old session and the oldest ones beyond the limit
	end       verb = "end"        // a logout, or the end of an attempt that was not confirmed
	revoke    verb = "revoke"     // one session by its handle
	revokeAll verb = "revoke all" // except session of, if there is one
	read      verb = "visit"
	incr      verb = "incr"
	set       verb = "set"
	list      verb = "list"
	settled   verb = "all is settled" // from here on no command can still arrive
)

// op is one effect or one read, at one moment between from and to. Sessions have
// numbers, in the order in which logins attempted them.
type op struct {
	verb   verb
	client int
	// from and to are ticks of the round's clock.
	from, to int64
	of       int // the number of the session, or noSession
	old      int // settle: the number of the session to end, or noSession
	// sure says that the call was answered. An unanswered call took effect once or
	// never.
	sure bool
	// maybe says that the rules of the store allow this effect and also its absence.
	maybe bool
	// The answer: there is no such session (none), the fields of the session, or the
	// sessions in the list.
	none   bool
	count  int64
	note   string
	listed sessions
}

const noSession = -1

// sessions is a set of session numbers, below 64.
type sessions uint64

// only returns the set of one session; the empty set for noSession.
func only(number int) sessions {
	if number == noSession {
		return 0
	}
	return 1 << number
}

func (s sessions) has(number int) bool           { return s&only(number) != 0 }
func (s sessions) minus(other sessions) sessions { return s &^ other }

// state is what Redis holds for one user.
type state struct {
	alive []session // oldest first
	ended sessions  // these are never alive again
	// settled says that an unanswered effect no longer happens.
	settled bool
	// seen are the ghosts in the last list.
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

// span is the earliest and the latest time at which a session was created, in
// milliseconds since 1970.
type span struct{ earliest, latest int64 }

// rules are the promises of the store about the sessions of one user.
type rules struct {
	maxSessions int
	born        []span // by the number of the session
	// begun is the earliest tick at which a session could exist, by its number.
	begun []int64
	// ghosts are sessions that a login attempted but did not return, because the
	// reply was lost. A ghost can begin at any time until all is settled, and can end
	// at any time.
	ghosts sessions
}

// model returns the rules as a model for porcupine.
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

// step returns the possible next states, none if the answer is impossible. An
// unanswered effect happens before all is settled, or never.
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
	// All other effects are about one session.
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

// revokeGhost ends a ghost. No other call is about a ghost, because no browser has
// its token.
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

// look updates the ghosts, of which these are alive.
func (r rules) look(s state, alive sessions) state {
	gone := s.seen
	if s.settled {
		gone = r.ghosts
	}
	s.ended |= gone.minus(alive)
	s.seen = alive & r.ghosts
	return s
}

// evict ends the oldest sessions beyond the limit, in all possible ways: a ghost may
// count as a session or not. The session of the login stays.
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

// endOldest ends the n oldest sessions except keep. The store compares ages in
// milliseconds, so any of several sessions from the same millisecond can end.
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
