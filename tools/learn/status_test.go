package learn

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/shared/lang"
)

func TestTheResultOfASingleCheckIsNotStored(t *testing.T) {
	c := Copy{Root: t.TempDir(), Step: 3}
	if err := os.Mkdir(c.Dir(), 0o755); err != nil {
		t.Fatal(err)
	}
	status := func() string {
		t.Helper()
		var out strings.Builder
		if err := Status(&out, c.Root, lang.English); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	(&Check{Copy: c, Out: io.Discard}).remember(time.Now(), 22, 23)
	before := status()
	if !strings.Contains(before, "step 3  passed 22 of 23 at the last check\n") {
		t.Fatalf("after a check:\n%s", before)
	}
	(&Check{Copy: c, Only: "ttl-set", Out: io.Discard}).remember(time.Now(), 1, 1)
	(&Check{Copy: c, Exercise: "expire-first", Only: "lesson-holds", Out: io.Discard}).remember(time.Now(), 1, 1)
	if after := status(); after != before {
		t.Errorf("after one check alone:\n%swant as before:\n%s", after, before)
	}
}
