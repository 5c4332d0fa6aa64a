package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inFolders is what the jobs of the workflow that share make test-all test.
var inFolders = regexp.MustCompile(`arguments: .*-in (\S+)`)

// anyFolders is what a command of the workflow tests.
var anyFolders = regexp.MustCompile(`[ "]-in ([^\s"']+)`)

// GitHub finds a wrong name only after a push, or on a Monday.
func TestTheWorkflowNamesWhatExists(t *testing.T) {
	makefile, found := read(t, filepath.Join(root, "Makefile")), false
	for path, text := range files(t, ".yml") {
		if !strings.HasPrefix(path, ".github/workflows/") {
			continue
		}
		// It names folders after go test as after go run.
		for _, command := range unknown(strings.ReplaceAll(text, "go test ", "go run "), makefile) {
			t.Errorf("%s runs %s, which does not exist. Correct its name, or add it", path, command)
		}
		for _, list := range anyFolders.FindAllStringSubmatch(text, -1) {
			found = true
			for folder := range strings.SplitSeq(list[1], ",") {
				if info, err := os.Stat(filepath.Join(root, folder)); folder == "" || err != nil || !info.IsDir() {
					t.Errorf("%s tests the folder %q, which does not exist. Correct its name in %q, or delete it there", path, folder, "-in "+list[1])
				}
			}
		}
	}
	if !found {
		t.Error("no workflow has -in. If it is written in another way now, correct anyFolders in this file")
	}
}

// The jobs on GitHub share the folders of make test-all, and none may be left
// out.
func TestGitHubTestsEachFolder(t *testing.T) {
	var tested []string
	for _, found := range inFolders.FindAllStringSubmatch(read(t, root+"/.github/workflows/test.yml"), -1) {
		tested = append(tested, strings.Split(found[1], ",")...)
	}
	left := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "my-") || name == "testdata" || name == "node_modules") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		folder = filepath.ToSlash(folder)
		isIn := func(other string) bool { return folder == other || strings.HasPrefix(folder, other+"/") }
		if !slices.ContainsFunc(tested, isIn) {
			left[folder] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder := range left {
		t.Errorf("no job in .github/workflows/test.yml tests %s. Add it after -in, in one of the arguments of the job whole: under the part tools if it is Go code of ours, or under deploy if it has a go.mod that go.work does not name", folder)
	}
}
