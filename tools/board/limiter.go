package board

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	// maxWrong codes in a minute are more than a class behind one address mistypes.
	maxWrong = 60
	limitFor = time.Minute
	// After maxWrong codes, each wrong code waits slowFor for its answer, and at most
	// maxSlow of one address wait at once. So an address can try 100 codes a second:
	// half of all join codes, 300 million, take it 34 days.
	slowFor = time.Second
	maxSlow = 100
)

// limiter bounds how many codes an address can try. The right code passes after
// wrong ones too, since a whole class can share one address. It needs no Redis, so
// that guesses cost nothing.
type limiter struct {
	mutex sync.Mutex
	began time.Time
	wrong map[netip.Prefix]int
	slow  map[netip.Prefix]int
}

type verdict int

const (
	right verdict = iota
	wrong
	// tooMany is also the answer to the right code while maxSlow others wait.
	tooMany
)

// judge counts a wrong code of an address. It looks and counts under one lock, so
// that guesses sent together are all counted.
func (l *limiter) judge(remote string, isRight bool) verdict {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.wrong == nil || time.Since(l.began) >= limitFor {
		l.began, l.wrong = time.Now(), map[netip.Prefix]int{}
	}
	if l.slow == nil {
		l.slow = map[netip.Prefix]int{}
	}
	who := network(remote)
	switch {
	case l.slow[who] >= maxSlow:
		return tooMany
	case isRight:
		return right
	case l.wrong[who] < maxWrong:
		l.wrong[who]++
		return wrong
	}
	l.slow[who]++
	l.mutex.Unlock()
	// A client that does not wait for the answer still counts.
	time.Sleep(slowFor)
	l.mutex.Lock()
	if l.slow[who]--; l.slow[who] == 0 {
		delete(l.slow, who)
	}
	return tooMany
}

// network is an IPv4 address, or the first 64 bits of an IPv6 address: a machine
// chooses the others itself.
func network(remote string) netip.Prefix {
	addr, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := addr.Addr().Unmap(), 32
	if ip.Is6() {
		bits = 64
	}
	// Prefix fails only for too many bits.
	prefix, _ := ip.WithZone("").Prefix(bits)
	return prefix
}

// sender is the address of a connection as the teacher sees it, without the port.
func sender(remote string) string { return strings.TrimSuffix(network(remote).String(), "/32") }
