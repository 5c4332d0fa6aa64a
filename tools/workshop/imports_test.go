package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// heavy are modules that tests and the cloud need and no learner should have
// to download to run a step.
var heavy = []string{"github.com/testcontainers/", "github.com/chromedp/", "github.com/aws/aws-sdk-go"}

func TestLearnersDownloadNothingHeavy(t *testing.T) {
	steps, err := filepath.Glob(filepath.Join(repository, "step[0-9]-*"))
	if err != nil || len(steps) < 4 {
		t.Fatalf("steps found: %v, %v", steps, err)
	}
	for _, dir := range append(steps, ".") {
		if found := heavyImports(t, dir, "./..."); len(found) > 0 {
			t.Errorf("%s imports, outside its tests, %s", dir, strings.Join(found, ", "))
		}
	}
}

// The search itself must be able to find something.
func TestHeavyImportsAreFound(t *testing.T) {
	if len(heavyImports(t, filepath.Join(repository, "shared"), "./redistest")) == 0 {
		t.Error("testcontainers was not found in shared/redistest, which imports it")
	}
}

// heavyImports lists what the packages need to be built, without their tests.
func heavyImports(t *testing.T, dir, pattern string) []string {
	t.Helper()
	list := exec.Command("go", "list", "-C", dir, "-deps", "-f", "{{.ImportPath}}", pattern)
	list.Env = append(os.Environ(), "GOWORK=off")
	output, err := list.CombinedOutput()
	if err != nil {
		t.Fatalf("go list in %s: %v\n%s", dir, err, output)
	}
	var found []string
	for path := range strings.Lines(string(output)) {
		for _, prefix := range heavy {
			if strings.HasPrefix(path, prefix) {
				found = append(found, strings.TrimSpace(path))
			}
		}
	}
	return found
}
