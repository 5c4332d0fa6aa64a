package window

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// screen is what all that a window prints goes through, from several goroutines.
type screen struct {
	// rewrites is true if a line can be written over.
	rewrites bool
	// raw is true if the terminal begins a new line where the last one ended.
	raw bool

	mu      sync.Mutex
	out     io.Writer
	passing bool // what stands in the last line is to be written over
}

// Write never fails: an app must not end because its terminal is gone.
func (s *screen) Write(text []byte) (int, error) {
	s.print(string(text), false)
	return len(text), nil
}

// progress prints what the next text writes over, if the terminal can do that.
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
		// To the start of the line, which is then empty.
		text = "\r\x1b[K" + text
	}
	s.passing = passing
	line := []byte(text)
	if s.raw {
		line = bytes.ReplaceAll(line, []byte("\n"), []byte("\r\n"))
	}
	_, _ = s.out.Write(line)
}
