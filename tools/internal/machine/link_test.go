//go:build unix

package machine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The PATH of root may lack /usr/local/bin.
func TestALinkThatIsNotOnThePathIsNamed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT tested: the link to a Redis server. Only root makes it")
	}
	program := filepath.Join(t.TempDir(), "redis-check-rdb")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho 'Redis server v=8'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "redis-server")
	usual := os.Getenv("PATH")
	t.Setenv("PATH", "/usr/bin:/bin")
	// The second time the link exists already.
	for range 2 {
		err := linkServer(t.Context(), program, link)
		if err == nil || !strings.Contains(err.Error(), "export PATH="+filepath.Dir(link)+":$PATH") {
			t.Errorf("the error is %v", err)
		}
	}
	t.Setenv("PATH", filepath.Dir(link)+":"+usual)
	if err := linkServer(t.Context(), program, link); err != nil {
		t.Error(err)
	}
}
