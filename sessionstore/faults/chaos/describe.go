package main

import (
	"fmt"
	"math/bits"
	"strings"
)

func (s sessions) String() string {
	var names []string
	for ; s != 0; s &= s - 1 {
		names = append(names, fmt.Sprint("s", bits.TrailingZeros64(uint64(s))))
	}
	return "{" + strings.Join(names, " ") + "}"
}

func (o *op) String() string {
	text := string(o.verb)
	switch {
	case o.verb == revokeAll && o.of != noSession:
		text += fmt.Sprint(" except s", o.of)
	case o.of != noSession:
		text += fmt.Sprint(" s", o.of)
	}
	if o.verb == settle && o.old != noSession {
		text += fmt.Sprint(", end s", o.old)
	}
	switch {
	case o.maybe:
		return text + ": maybe"
	case !o.sure:
		return text + ": unanswered"
	case o.none:
		return text + ": no session"
	case o.verb == list:
		return text + ": " + o.listed.String()
	case o.verb == read || o.verb == incr || o.verb == set:
		return text + fmt.Sprintf(": count %d, note %q", o.count, o.note)
	}
	return text
}

func (s state) String() string {
	var all []string
	for _, one := range s.alive {
		all = append(all, fmt.Sprintf("s%d (%d, %q)", one.number, one.count, one.note))
	}
	return "alive: " + strings.Join(all, ", ")
}
