// Package output is where a command writes what its user asked for.
package output

import (
	"io"
	"sync"

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/advice"
)

// Writer keeps the first error of its writes. A command that prints many lines checks
// it once, at its end: the output can be a file on a full disk.
type Writer struct {
	to io.Writer
	mu sync.Mutex
	// err is the first error.
	err error
}

// To returns a writer to w.
func To(w io.Writer) *Writer { return &Writer{to: w} }

func (w *Writer) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	return n, err
}

// Err is nil if everything was written. Otherwise it is for the user, with advice.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		return nil
	}
	return advice.Add(lang.Errorf("the output could not be written: %w", "出力を書き込めませんでした: %w", w.err))
}
