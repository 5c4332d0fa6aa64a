package launch

import (
	"errors"
	"strings"
	"testing"
)

// The output of an app comes in pieces of any size. A part of an address must not
// be taken for the whole.
func TestOutputFindsTheAddressInPieces(t *testing.T) {
	o := newOutput(nil)
	const text = "starting\nStep 3 is running: http://127.0.0.1:5000\r\nRedis: http://127.0.0.1:1\nStep 4 is running: http://127.0.0.1:2\n"
	for i := range len(text) {
		o.Write([]byte{text[i]})
	}
	if got := <-o.url; got != "http://127.0.0.1:5000" {
		t.Errorf("the address is %q, want http://127.0.0.1:5000", got)
	}
	if o.String() != text {
		t.Errorf("the text is %q, want %q", o.String(), text)
	}
}

func TestOutputKeepsTheEnd(t *testing.T) {
	o := newOutput(brokenWriter{})
	line := strings.Repeat("x", 1023) + "\n"
	for range 3 * keep / len(line) {
		if n, err := o.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatalf("Write returned %d, %v; want %d and no error", n, err, len(line))
		}
	}
	o.Write([]byte("the end\n"))
	if got := o.String(); len(got) < keep || len(got) > 2*keep || !strings.HasSuffix(got, "the end\n") {
		t.Errorf("%d bytes are kept, want from %d to %d with the end", len(got), keep, 2*keep)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

// Start returns soon after it has the address, and its caller takes all output
// from then on for something that the app printed later.
func TestOutputPassesALineOnBeforeItsAddressIsKnown(t *testing.T) {
	var o *output
	o = newOutput(writerFunc(func(p []byte) {
		if len(o.url) > 0 {
			t.Errorf("the address was known before %q was passed on", p)
		}
	}))
	o.Write([]byte("Step 3 is running: http://127.0.0.1:5000\n"))
	if len(o.url) != 1 {
		t.Error("the address was not found")
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }
