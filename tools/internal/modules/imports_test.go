package modules_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const repository = "../../.."

// goPackage describes a package, without its tests, as go list does.
type goPackage struct {
	ImportPath    string
	Imports, Deps []string
}

// workspace returns our packages by their folder.
func workspace(t *testing.T) map[string]goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "work")
	list.Dir = repository
	output, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]goPackage{}
	for in := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p goPackage
		if err := in.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, ours)] = p
	}
}

// unwanted lists dependencies, direct or not, that packages must not have: a
// learner should not download what only tests and AWS need, and a program that
// imports testing gets the flags of go test.
var unwanted = []struct {
	from, what *regexp.Regexp
	// found is a package that does have the dependency. It proves that the
	// search works.
	found string
}{
	{regexp.MustCompile(`^(step[1-4]-|shared/|tools/workshop$)`), regexp.MustCompile(`^github\.com/(testcontainers|chromedp|aws)/`), "check/redistest"},
	// Step 1 has no Redis, so a learner who begins there downloads no client.
	{regexp.MustCompile(`^step1-`), regexp.MustCompile(`^github\.com/redis/go-redis/`), "step2-visits"},
	// Tests and the checker of learners share the checks.
	{regexp.MustCompile(`^check/contract`), regexp.MustCompile(`^testing$`), "check/steptest"},
}

func TestPackagesHaveNoUnwantedDependency(t *testing.T) {
	all := workspace(t)
	for _, u := range unwanted {
		checked := 0
		for folder, p := range all {
			i := slices.IndexFunc(p.Deps, u.what.MatchString)
			if u.from.MatchString(folder) {
				checked++
				if i >= 0 {
					t.Errorf("%s needs %s", folder, p.Deps[i])
				}
			}
			if folder == u.found && i < 0 {
				t.Errorf("%s was not found in the dependencies of %s, which has it", u.what, folder)
			}
		}
		if checked == 0 || all[u.found].ImportPath == "" {
			t.Errorf("no package matches %s, or there is no %s", u.from, u.found)
		}
	}
}

// The go command asks for a module that go.mod or go.sum names, even if no
// package needs it.
func TestTheWorkspaceNamesNoModuleOfAWS(t *testing.T) {
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

// arrow says which of our packages some packages may import.
type arrow struct {
	from *regexp.Regexp // the folders of these packages
	may  *regexp.Regexp // the folders of our packages that they may import
}

// The steps import shared. The checks of an app import four packages of
// shared. Nothing imports a step.
var arrows = []arrow{
	{regexp.MustCompile(`^shared/(config|lang|system|redisconn/iam)$`), regexp.MustCompile(`^$`)},
	{regexp.MustCompile(`^shared/embedded$`), regexp.MustCompile(`^shared/system$`)},
	{regexp.MustCompile(`^shared/redisconn$`), regexp.MustCompile(`^shared/(config|embedded|lang|system|redisconn/iam)$`)},
	{regexp.MustCompile(`^shared/web$`), regexp.MustCompile(`^shared/(config|lang|system)$`)},
	{regexp.MustCompile(`^shared/inspect$`), regexp.MustCompile(`^shared/(config|lang|web)$`)},
	{regexp.MustCompile(`^shared/inspect/redishook$`), regexp.MustCompile(`^shared/inspect$`)},
	{regexp.MustCompile(`^check/`), regexp.MustCompile(`^(check/.*|shared/(config|redisconn|embedded|lang))$`)},
	{regexp.MustCompile(`^step1-`), regexp.MustCompile(`^shared/(config|web|inspect)$`)},
	{regexp.MustCompile(`^step[23]-`), regexp.MustCompile(`^shared/`)},
	{regexp.MustCompile(`^step4-store`), regexp.MustCompile(`^(shared/.*|step4-store/session)$`)},
	{regexp.MustCompile(`^sessionstore$`), regexp.MustCompile(`^$`)},
	{regexp.MustCompile(`^sessionstore/example$`), regexp.MustCompile(`^(shared/.*|sessionstore(/.*)?)$`)},
	{regexp.MustCompile(`^tools/board$`), regexp.MustCompile(`^(shared/.*|check/.*|sessionstore(/.*)?|tools/internal/.*)$`)},
	{regexp.MustCompile(`^tools/`), regexp.MustCompile(`^(shared|check|tools)/`)},
}

const ours = "example.com/session-workshop/"

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	seen := map[int]bool{}
	for from, p := range workspace(t) {
		i := slices.IndexFunc(arrows, func(a arrow) bool { return a.from.MatchString(from) })
		if i < 0 {
			// Only tests use the suite that the store exports.
			if !strings.HasPrefix(from, "sessionstore/") {
				t.Errorf("no rule says what %s may import", from)
			}
			continue
		}
		seen[i] = true
		for _, path := range p.Imports {
			if to, is := strings.CutPrefix(path, ours); is && !arrows[i].may.MatchString(to) {
				t.Errorf("%s imports %s", from, to)
			}
		}
	}
	for i, a := range arrows {
		if !seen[i] {
			t.Errorf("no package matches %s", a.from)
		}
	}
}
