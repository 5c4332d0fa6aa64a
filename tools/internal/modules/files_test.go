package modules_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/tools/internal/clone"
	"example.com/session-workshop/tools/internal/modules"
)

// outside is the document that names the modules outside go.work.
const outside = "docs/decisions/0006-modules-outside-go-work.md"

// joined returns the folders of the modules in go.work.
func joined(t *testing.T) (folders []string) {
	t.Helper()
	edit := exec.Command("go", "work", "edit", "-json", "go.work")
	edit.Dir = repository
	output, err := edit.Output()
	if err != nil {
		t.Fatalf("go work edit: %v", err)
	}
	var work struct{ Use []struct{ DiskPath string } }
	if err := json.Unmarshal(output, &work); err != nil {
		t.Fatal(err)
	}
	for _, use := range work.Use {
		folders = append(folders, path.Clean(use.DiskPath))
	}
	return folders
}

// separate returns the folders that the decision names.
func separate(t *testing.T) (folders []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, outside))
	if err != nil {
		t.Fatal(err)
	}
	decision := regexp.MustCompile(`(?m)^\*\*Decision\.\*\*.*`).Find(text)
	for _, name := range regexp.MustCompile("`([^`]+)`").FindAllSubmatch(decision, -1) {
		folders = append(folders, string(name[1]))
	}
	return folders
}

// This includes what testdata contains: tests read or build it as a part of the
// module around it.
func TestEachGoFileIsInAModule(t *testing.T) {
	all := clone.Files(t, repository, ".")
	for _, file := range all {
		if strings.HasSuffix(file, ".go") && !hasModule(all, path.Dir(file)) {
			t.Errorf("%s is in no Go module, so no command builds, tests or checks it. Move it into a module, or make one: go mod init in %s, and a line in go.work", file, path.Dir(file))
		}
	}
}

// hasModule reports whether one of the files is a go.mod in this folder or above
// it.
func hasModule(all []string, folder string) bool {
	return slices.Contains(all, path.Join(folder, "go.mod")) || folder != "." && hasModule(all, path.Dir(folder))
}

func TestEachModuleIsInTheWorkspaceOrOutsideByDecision(t *testing.T) {
	known := slices.Concat(joined(t), separate(t))
	var found []string
	for _, file := range clone.Files(t, repository, ".") {
		folder := path.Dir(file)
		if path.Base(file) != "go.mod" || slices.ContainsFunc(strings.Split(folder, "/"), modules.Ignored) {
			continue
		}
		found = append(found, folder)
		if !slices.Contains(known, folder) {
			t.Errorf("the module %s is not in go.work. Add it: go work use ./%s. If it needs what the steps must not download, name it in the decision in %s", folder, folder, outside)
		}
	}
	for i, folder := range known {
		if !slices.Contains(found, folder) {
			t.Errorf("%s has no go.mod, and go.work or %s names it. Delete the name there", folder, outside)
		}
		if slices.Contains(known[:i], folder) {
			t.Errorf("%s is in go.work, and %s names it as outside. Delete one of the two", folder, outside)
		}
	}
}
