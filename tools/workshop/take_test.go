package main

import (
	"path/filepath"
	"testing"

	"example.com/session-workshop/tools/internal/repotest"
)

func TestTakeSaysWhatToDoNext(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my service")
	repotest.Write(t, filepath.Join(dir, "go.mod"), "module example.org/svc\n\ngo 1.21\n")
	repotest.WantText(t, do(t, ".", 0, nil, "take", filepath.Join(dir, "internal")),
		"The store is in "+filepath.Join(dir, "internal", "sessionstore"),
		"Next, in "+dir+":\n  go mod edit -go=1.26.0\n  go mod tidy\n  go test ./internal/sessionstore/...\n",
		"TEST_REDIS=redis://127.0.0.1:6379 go test ./internal/sessionstore/...",
		`import "example.org/svc/internal/sessionstore"`)

	alone := filepath.Join(t.TempDir(), "my stores")
	repotest.WantText(t, do(t, ".", 0, nil, "take", alone),
		"Next, in "+filepath.Join(alone, "sessionstore")+":\n  go mod tidy\n  go test ./...\n",
		`replace example.com/session-workshop/sessionstore => "`+filepath.Join(alone, "sessionstore")+`"`)
}
