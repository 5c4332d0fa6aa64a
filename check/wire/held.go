package wire

import "sync"

// Held is a request or a reply that a wire holds.
type Held struct {
	arrived, released chan struct{}
	arrive, release   func()
}

func newHeld() *Held {
	h := &Held{arrived: make(chan struct{}), released: make(chan struct{})}
	h.arrive = sync.OnceFunc(func() { close(h.arrived) })
	h.release = sync.OnceFunc(func() { close(h.released) })
	return h
}

// Arrived returns a channel that is closed when the wire holds it.
func (h *Held) Arrived() <-chan struct{} { return h.arrived }

// Release lets it go on. If it has not arrived yet, the wire will not hold it.
func (h *Held) Release() { h.release() }

// wait returns when it may go on: at once for nil.
func (h *Held) wait(w *Wire) {
	if h == nil {
		return
	}
	h.arrive()
	select {
	case <-h.released:
	case <-w.closed:
	}
}
