package board

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// maxWrong codes in a minute are more than a room mistypes behind one
	// address, and few enough that nobody finds a code of 29 bits in a day.
	maxWrong = 60
	// limitFor is how long an address waits after them.
	limitFor = time.Minute
)

// limiter bounds how many codes an address can try. It needs no Redis, so that
// whoever guesses costs nothing.
type limiter struct {
	mutex sync.Mutex
	began time.Time
	wrong map[netip.Prefix]int
}

type verdict int

const (
	right verdict = iota
	wrong
	// tooMany does not tell whether the code was right, or guessing would go on.
	tooMany
)

// judge counts a wrong code of an address. It looks and counts in one go, so
// that guesses sent together are all counted.
func (l *limiter) judge(remote string, isRight bool) verdict {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if time.Since(l.began) >= limitFor || l.wrong == nil {
		l.began, l.wrong = time.Now(), map[netip.Prefix]int{}
	}
	who := network(remote)
	switch {
	case l.wrong[who] >= maxWrong:
		return tooMany
	case isRight:
		return right
	}
	l.wrong[who]++
	return wrong
}

// network is an IPv4 address, or the 64 bits of an IPv6 address that a machine
// cannot choose by itself.
func network(remote string) netip.Prefix {
	addr, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := addr.Addr().Unmap(), 32
	if ip.Is6() {
		bits = 64
	}
	// The error is that of too many bits.
	prefix, _ := ip.WithZone("").Prefix(bits)
	return prefix
}
