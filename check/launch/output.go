package launch

import (
	"io"
	"regexp"
	"sync"
)

// keep is the number of bytes of an app's output that are kept at least.
const keep = 256 << 10

// running matches the first line of every app. The line must be complete, so that
// the address is.
var running = regexp.MustCompile(`is running: (https?://[^\s]+)\r?\n`)

// output collects what an app prints, and finds its address in it.
type output struct {
	url chan string // gets the address once

	mu    sync.Mutex
	text  []byte
	found bool
	also  io.Writer
}

func newOutput(also io.Writer) *output {
	if also == nil {
		also = io.Discard
	}
	return &output{url: make(chan string, 1), also: also}
}

// Write never fails: an app must not fail because also does.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, _ = o.also.Write(p)
	o.text = append(o.text, p...)
	// Start returns soon after it has the address. By then also must have got what
	// the app printed before, because callers distinguish output before and after
	// Start.
	o.findURL()
	if len(o.text) > 2*keep {
		o.text = append([]byte(nil), o.text[len(o.text)-keep:]...)
	}
	return len(p), nil
}

func (o *output) findURL() {
	if o.found {
		return
	}
	if match := running.FindSubmatch(o.text); match != nil {
		o.found = true
		o.url <- string(match[1])
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}
