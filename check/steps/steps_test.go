package steps_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/check/steps"
)

const repository = "../.."

func TestTheListMatchesTheRepository(t *testing.T) {
	programs, err := filepath.Glob(filepath.Join(repository, "step[0-9]*", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, program := range programs {
		folders = append(folders, filepath.Base(filepath.Dir(program)))
	}
	if !slices.Equal(folders, steps.Folders[:]) {
		t.Errorf("the repository has %v, the list %v", folders, steps.Folders)
	}
	if first := steps.Folder(1); first != folders[0] {
		t.Errorf("step 1 is %s, want %s", first, folders[0])
	}
}

// These files cannot import the list.
func TestEachStepIsBuiltAndTested(t *testing.T) {
	before := map[string]string{"go.work": "./", "Makefile": "./", ".github/workflows/test.yml": ",", ".ci/versions": "./"}
	for file, mark := range before {
		text, err := os.ReadFile(filepath.Join(repository, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, folder := range steps.Folders {
			if !strings.Contains(string(text), mark+folder) {
				t.Errorf("%s does not name %s", file, folder)
			}
		}
	}
}
