package wire

import (
	"io"
	"time"
)

// later writes everything a delay after it got it, as a long cable would: what
// comes meanwhile is under way at the same time.
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
			// A write that fails ends the connection, which its reader sees.
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
