package docs

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inFolders is what the jobs of the workflow that share make test-all test.
var inFolders = regexp.MustCompile(`arguments: .*-in (\S+)`)

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
		t.Errorf("no job in .github/workflows/test.yml tests %s", folder)
	}
}
