package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// heavy are modules that tests and the cloud need and no learner should have
// to download to run a step.
var heavy = []string{"github.com/testcontainers/", "github.com/chromedp/", "github.com/aws/"}

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
	for _, c := range []struct{ dir, pattern, what string }{
		{"check", "./redistest", "github.com/testcontainers/"},
		{"deploy/iam", ".", "github.com/aws/"},
	} {
		found := heavyImports(t, filepath.Join(repository, c.dir), c.pattern)
		if !slices.ContainsFunc(found, func(path string) bool { return strings.HasPrefix(path, c.what) }) {
			t.Errorf("%s was not found in %s, which imports it", c.what, c.dir)
		}
	}
}

// Nor does the go command ask for the AWS SDK on its own account, as it does
// for a module that go.mod or go.sum names.
func TestTheWorkspaceKnowsNoAWS(t *testing.T) {
	for _, pattern := range []string{"*/go.mod", "*/go.sum", "go.work*"} {
		files, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "github.com/aws/") {
				t.Errorf("%s names a module of AWS", file)
			}
		}
	}
}

// Tests and the learner's checker share the checks, and a program that imports
// testing has the flags of go test.
func TestTheContractImportsNoTesting(t *testing.T) {
	if slices.Contains(imports(t, filepath.Join(repository, "check"), "./contract/..."), "testing") {
		t.Error("check/contract imports testing, outside its tests")
	}
	// The search itself must be able to find it.
	if !slices.Contains(imports(t, filepath.Join(repository, "check"), "./steptest"), "testing") {
		t.Error("testing was not found in check/steptest, which imports it")
	}
}

// heavyImports lists those of imports that are heavy.
func heavyImports(t *testing.T, dir, pattern string) []string {
	t.Helper()
	isHeavy := func(path string) bool {
		return slices.ContainsFunc(heavy, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
	}
	return slices.DeleteFunc(imports(t, dir, pattern), func(path string) bool { return !isHeavy(path) })
}

// imports lists what the packages need to be built, without their tests.
func imports(t *testing.T, dir, pattern string) []string {
	t.Helper()
	list := exec.Command("go", "list", "-C", dir, "-deps", "-f", "{{.ImportPath}}", pattern)
	list.Env = append(os.Environ(), "GOWORK=off")
	output, err := list.CombinedOutput()
	if err != nil {
		t.Fatalf("go list in %s: %v\n%s", dir, err, output)
	}
	return strings.Fields(string(output))
}
