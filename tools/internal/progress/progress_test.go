package progress_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"example.com/session-workshop/tools/internal/progress"
)

func TestLongWorkIsNamedAgainUntilItIsDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		done := progress.Say(&out, "Counting")
		time.Sleep(2*progress.Often + time.Second)
		done()
		time.Sleep(2 * progress.Often)
		synctest.Wait()
		const want = "Counting ...\n  ... Counting, for 30 s\n  ... Counting, for 60 s\n"
		if out.String() != want {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	})
}
