// Package progress says what a command does while it prints nothing else.
package progress

import (
	"fmt"
	"io"
	"time"
)

// Often is the time after which silence makes a user think that a command hangs.
const Often = 30 * time.Second

// Every calls function at that interval until stop is called. stop returns after the
// last call has ended.
func Every(interval time.Duration, function func()) (stop func()) {
	ticker, done, ended := time.NewTicker(interval), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				function()
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
		<-ended
	}
}

// Say prints what begins now, and then often that it goes on, until done is
// called.
func Say(out io.Writer, what string) (done func()) {
	began := time.Now()
	fmt.Fprintf(out, "%s ...\n", what)
	return Every(Often, func() {
		fmt.Fprintf(out, "  ... %s, for %.0f s\n", what, time.Since(began).Seconds())
	})
}
