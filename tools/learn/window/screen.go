package window

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// screen prints all output of a window. Several goroutines may use it.
type screen struct {
	// rewrites is true if a line can be overwritten.
	rewrites bool
	// raw is true if the terminal begins a new line where the last one ended.
	raw bool

	mu      sync.Mutex
	out     io.Writer
	passing bool // the next text overwrites the last line
}

// Write never fails: an app must not end because its terminal is gone.
func (s *screen) Write(text []byte) (int, error) {
	s.print(string(text), false)
	return len(text), nil
}

// progress prints a text that the next one overwrites, if the terminal can do that.
func (s *screen) progress(text string) {
	if s.rewrites {
		s.print(text, true)
	} else {
		fmt.Fprintln(s, text)
	}
}

func (s *screen) print(text string, passing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.passing {
		// Go to the start of the line and clear it.
		text = "\r\x1b[K" + text
	}
	s.passing = passing
	line := []byte(text)
	if s.raw {
		line = bytes.ReplaceAll(line, []byte("\n"), []byte("\r\n"))
	}
	_, _ = s.out.Write(line)
}
