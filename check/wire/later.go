package wire

import (
	"io"
	"time"
)

// later writes all data after a delay, as a long cable does: data that comes
// meanwhile does not wait for the data before.
type later struct {
	delay time.Duration
	queue chan parcel
}

type parcel struct {
	due  time.Time
	data []byte
}

func newLater(to io.Writer, delay time.Duration) *later {
	l := &later{delay, make(chan parcel, 1024)}
	go func() {
		for p := range l.queue {
			time.Sleep(time.Until(p.due))
			// If a write fails, the connection has ended, which its reader sees.
			_, _ = to.Write(p.data)
		}
	}()
	return l
}

func (l *later) Write(data []byte) (int, error) {
	l.queue <- parcel{time.Now().Add(l.delay), append([]byte(nil), data...)}
	return len(data), nil
}

func (l *later) close() { close(l.queue) }
