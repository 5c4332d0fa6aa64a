package redisconn

import (
	"context"
	"time"
)

// LocalAt is Local for another address than the one on which a learner's own
// Redis may be.
func LocalAt(ctx context.Context, addr string) (Server, error) { return local(ctx, addr) }

// OpenLocalAt is Open without REDIS_URL, for another address than the usual.
func OpenLocalAt(ctx context.Context, addr string) (*Conn, error) { return openLocal(ctx, addr) }

// About is what the terminal shows of a Server.
func (s Server) About() string { return s.about() }

// TokenTimes changes how Open renews tokens, until restore is called. Zero
// leaves a time as it is.
func TokenTimes(renewal, validity, timeout time.Duration) (restore func()) {
	before := usualTimes
	for _, c := range []struct {
		now    *time.Duration
		wanted time.Duration
	}{{&usualTimes.renewal, renewal}, {&usualTimes.retry, renewal}, {&usualTimes.validity, validity}, {&usualTimes.timeout, timeout}} {
		if c.wanted != 0 {
			*c.now = c.wanted
		}
	}
	return func() { usualTimes = before }
}
