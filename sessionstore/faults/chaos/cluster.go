package main

// bySession returns a separate history for each session. On a cluster a session and
// the index of its user are on two nodes, so the store promises less about several
// sessions together:
//
//   - List shows each session that was confirmed before the call and is alive at its
//     end, and none that was dead before the call;
//   - RevokeAll ends each session that was confirmed before the call, and may end
//     sessions that begin during it;
//   - a login may end any session that is too old for the limit while the login runs.
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

// share returns the part of an effect that concerns one session, nil if none.
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

// confirmedBefore reports whether the login of a session returned before a call
// began.
func (h *history) confirmedBefore(number int, o *op) bool {
	return h.confirmed[number] < o.from
}

// tooOld reports whether a login may have seen so many younger sessions that it had
// to end this one. The session of the login always counts, because it stays: during a
// slow login sessions can begin that are younger than its own.
func (h *history) tooOld(number int, login *op) bool {
	var younger int
	for other := range h.born {
		if other != number && (other == login.of || h.mayBeYounger(other, number, login)) {
			younger++
		}
	}
	return younger >= h.maxSessions && h.begun[number] < login.to
}

// mayBeYounger reports whether a login may have seen other as younger than number.
// The store compares ages in milliseconds.
func (h *history) mayBeYounger(other, number int, login *op) bool {
	return h.begun[other] < login.to &&
		(h.created[other] > h.begun[number] || h.born[other].latest >= h.born[number].earliest)
}
