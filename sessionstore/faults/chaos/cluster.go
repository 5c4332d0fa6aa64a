package main

// bySession is the history of each session alone. On a cluster a session and the
// index of its user are on two nodes, so the store promises less of what is about
// several sessions:
//
//   - List has each session that was confirmed before the call and is alive until
//     its end, and none that was dead before the call;
//   - RevokeAll ends each session that was confirmed before the call, and may end
//     others that begin meanwhile;
//   - a login may end any session that is too old for the limit while it runs.
func (h *history) bySession() [][]*op {
	parts := make([][]*op, len(h.born))
	for number := range parts {
		for _, o := range h.ops {
			if part := h.share(o, number); part != nil {
				parts[number] = append(parts[number], part)
			}
		}
	}
	return parts
}

// share is what an effect is to one session, nil for nothing.
func (h *history) share(o *op, number int) *op {
	one := *o
	switch {
	case o.verb == settled:
	case o.verb == list:
		one.listed &= only(number)
		if one.listed == 0 && !h.confirmedBefore(number, o) {
			return nil
		}
	case o.verb == revokeAll:
		if o.of == number {
			return nil
		}
		one.verb, one.of = end, number
		one.maybe = o.sure && !h.confirmedBefore(number, o)
	case o.verb == settle && o.old == number:
		one.verb, one.of, one.old = end, number, noSession
	case o.verb == settle && h.tooOld(number, o):
		one.verb, one.of, one.maybe = end, number, o.sure
	case o.verb == settle || o.of != number:
		return nil
	}
	return &one
}

// confirmedBefore reports whether the login of a session had returned when a call
// was made.
func (h *history) confirmedBefore(number int, o *op) bool {
	return h.confirmed[number] < o.from
}

// tooOld reports whether a login may have seen so many younger sessions that it
// had to end this one. Its own session counts in any case, for it stays: while a
// login is slow, others can begin that are younger than its own.
func (h *history) tooOld(number int, login *op) bool {
	var younger int
	for other := range h.born {
		if other != number && (other == login.of || h.mayBeYounger(other, number, login)) {
			younger++
		}
	}
	return younger >= h.maxSessions && h.begun[number] < login.to
}

// mayBeYounger reports whether a login may have seen that a session is younger than
// another one. The store tells ages apart by the millisecond.
func (h *history) mayBeYounger(other, number int, login *op) bool {
	return h.begun[other] < login.to &&
		(h.created[other] > h.begun[number] || h.born[other].latest >= h.born[number].earliest)
}
