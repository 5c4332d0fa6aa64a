package main

import (
	"errors"
	"fmt"
	"math"

	"example.com/session-workshop/sessionstore"
)

// history is the effects of all calls on the sessions of one user.
type history struct {
	rules
	calls   []*call
	ops     []*op
	numbers map[string]int // of sessions, by their handles
	// created is the latest tick at which a session began, and confirmed the tick at
	// which its login returned, both by its number.
	created, confirmed []int64
	wrong              []string // what is wrong in any order of the effects
}

// explain turns calls into effects. After tick, no command can still arrive.
func explain(calls []*call, tick int64, maxSessions int) *history {
	h := &history{calls: calls, rules: rules{maxSessions: maxSessions}, numbers: map[string]int{}}
	for _, c := range calls {
		for _, a := range c.attempts {
			h.attempt(c, a)
		}
	}
	h.ops = append(h.ops, &op{verb: settled, from: tick, to: tick, of: noSession, sure: true})
	for _, c := range calls {
		if c.err != nil && !expected(c.err) {
			h.wrong = append(h.wrong, fmt.Sprintf("%s fails with %v", c.verb, c.err))
		}
		switch {
		case c.verb == begin:
			h.login(c)
			// This reports a session that the hook has not seen.
			h.number(c.handle)
		case c.answered(), c.verb != read && c.verb != list:
			h.add(h.answer(c))
		}
	}
	return h
}

// attempt gives the session of an attempt a number.
func (h *history) attempt(c *call, a attempt) {
	created, confirmed := a.to, c.to
	if c.err != nil || a.handle != c.handle {
		created, confirmed = math.MaxInt64, math.MaxInt64
		h.ghosts |= only(len(h.born))
	}
	h.numbers[a.handle] = len(h.born)
	h.born, h.begun = append(h.born, a.born), append(h.begun, a.from)
	h.created, h.confirmed = append(h.created, created), append(h.confirmed, confirmed)
}

// expected reports whether faults may cause an error.
func expected(err error) bool {
	return errors.Is(err, sessionstore.ErrNoSession) || errors.Is(err, sessionstore.ErrUnavailable) || errors.Is(err, sessionstore.ErrStillLive)
}

// answer returns the effect of a call other than a login.
func (h *history) answer(c *call) *op {
	o := &op{
		verb: c.verb, client: c.client, from: c.from, to: c.to,
		of: h.number(c.handle), old: noSession, sure: c.answered(),
		none: errors.Is(c.err, sessionstore.ErrNoSession), count: c.count, note: c.note,
	}
	for _, handle := range c.listed {
		o.listed |= only(h.number(handle))
	}
	return o
}

// login adds the effects of a login: the confirmed attempt creates a session and then
// ends others. What other attempts may have created ends before the login returns.
func (h *history) login(c *call) {
	for _, a := range c.attempts {
		o := op{client: c.client, from: a.to, to: c.to, of: h.number(a.handle), old: noSession, sure: true}
		switch {
		case c.err == nil && a.handle == c.handle:
			created := o
			created.verb, created.from, created.to = begin, a.from, a.to
			h.add(&created)
			o.verb, o.old = settle, h.number(c.old)
			h.add(&o)
		case c.err == nil:
			o.verb = end
			h.add(&o)
		case a.confirmed:
			o.verb, o.old, o.sure = settle, h.number(c.old), false
			h.add(&o)
		}
	}
}

// add adds an effect. An unanswered one may happen at any later time.
func (h *history) add(o *op) {
	if !o.sure {
		o.to = math.MaxInt64
	}
	h.ops = append(h.ops, o)
}

func (h *history) number(handle string) int {
	if handle == "" {
		return noSession
	}
	number, known := h.numbers[handle]
	if !known {
		h.wrong = append(h.wrong, fmt.Sprintf("no login created the session %.8s", handle))
		return noSession
	}
	return number
}

// checkLeft reports the sessions of the user that are left in Redis after RevokeAll.
// On a cluster a failed login can leave a session without an entry in the index. No
// browser got its token, and it ends after the idle timeout.
func (h *history) checkLeft(left []string, cluster bool) {
	for _, key := range left {
		number, ours := h.numbers[key]
		if ours && !(cluster && h.ghosts.has(number)) {
			h.wrong = append(h.wrong, "after RevokeAll Redis still has "+key)
		}
	}
}

// parts returns the histories to judge. On one server the store's promises hold for
// all sessions of a user together.
func (h *history) parts(cluster bool) [][]*op {
	if cluster {
		return h.bySession()
	}
	return [][]*op{h.ops}
}
