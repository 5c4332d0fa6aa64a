package wire

import "sync"

// Held is a request or a reply that a wire keeps back.
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

// Arrived is closed when the wire has what it keeps back.
func (h *Held) Arrived() <-chan struct{} { return h.arrived }

// Release lets it go on. What has not arrived yet will not be kept back.
func (h *Held) Release() { h.release() }

// wait returns when it may go on. Nothing keeps a nil back.
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
