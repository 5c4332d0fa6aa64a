package modules_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/check/steps"
)

const repository = "../../.."

// heavy are modules that tests and the cloud need and no learner should have
// to download to run a step.
var heavy = []string{"github.com/testcontainers/", "github.com/chromedp/", "github.com/aws/"}

func TestLearnersDownloadNothingHeavy(t *testing.T) {
	for _, dir := range append(slices.Clone(steps.Folders[:]), "tools/workshop") {
		if found := heavyImports(t, filepath.Join(repository, dir), "./..."); len(found) > 0 {
			t.Errorf("%s imports, outside its tests, %s", dir, strings.Join(found, ", "))
		}
	}
}

// Step 1 has no Redis, so a learner who starts with it downloads no client.
func TestStep1NeedsNoRedisClient(t *testing.T) {
	const client = "github.com/redis/go-redis/v9"
	if slices.Contains(imports(t, filepath.Join(repository, "step1-no-redis"), "./..."), client) {
		t.Errorf("step 1 imports %s", client)
	}
	if !slices.Contains(imports(t, filepath.Join(repository, "step2-visits"), "./..."), client) {
		t.Errorf("%s was not found in step 2, which imports it", client)
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

// arrow says which of our packages a part of the house may import.
type arrow struct {
	from *regexp.Regexp // packages, as folders
	may  *regexp.Regexp // what they may import of ours
}

// The house has floors: steps stand on shared, and what checks an app stands
// beside it and uses three of its packages. Nothing imports a step.
var arrows = []arrow{
	{regexp.MustCompile(`^shared/(config|embedded|redisconn/iam)$`), regexp.MustCompile(`^$`)},
	{regexp.MustCompile(`^shared/redisconn$`), regexp.MustCompile(`^shared/(config|embedded|redisconn/iam)$`)},
	{regexp.MustCompile(`^shared/web$`), regexp.MustCompile(`^shared/config$`)},
	{regexp.MustCompile(`^shared/inspect$`), regexp.MustCompile(`^shared/(config|web)$`)},
	{regexp.MustCompile(`^shared/inspect/redishook$`), regexp.MustCompile(`^shared/inspect$`)},
	{regexp.MustCompile(`^check/`), regexp.MustCompile(`^(check/.*|shared/(config|redisconn|embedded))$`)},
	{regexp.MustCompile(`^step1-`), regexp.MustCompile(`^shared/(config|web|inspect)$`)},
	{regexp.MustCompile(`^step[23]-`), regexp.MustCompile(`^shared/`)},
	{regexp.MustCompile(`^step4-store`), regexp.MustCompile(`^(shared/.*|step4-store/session)$`)},
	{regexp.MustCompile(`^sessionstore$`), regexp.MustCompile(`^$`)},
	{regexp.MustCompile(`^sessionstore/example$`), regexp.MustCompile(`^(shared/.*|sessionstore(/.*)?)$`)},
	{regexp.MustCompile(`^tools/board$`), regexp.MustCompile(`^(shared/.*|check/.*|sessionstore(/.*)?|tools/internal/.*)$`)},
	{regexp.MustCompile(`^tools/`), regexp.MustCompile(`^(shared|check|tools)/`)},
}

func TestArrowsGoOneWay(t *testing.T) {
	const ours = "example.com/session-workshop/"
	list := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "work")
	list.Dir = repository
	output, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := map[int]bool{}
	for line := range strings.Lines(string(output)) {
		from, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		from = strings.TrimPrefix(from, ours)
		i := slices.IndexFunc(arrows, func(a arrow) bool { return a.from.MatchString(from) })
		if i < 0 {
			// A suite that a store exports runs in tests alone.
			if !strings.HasPrefix(from, "sessionstore/") {
				t.Errorf("no arrow says what %s may import", from)
			}
			continue
		}
		seen[i] = true
		for path := range strings.FieldsSeq(imports) {
			if to, is := strings.CutPrefix(path, ours); is && !arrows[i].may.MatchString(to) {
				t.Errorf("%s imports %s", from, to)
			}
		}
	}
	for i, a := range arrows {
		if !seen[i] {
			t.Errorf("there is no package like %s", a.from)
		}
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
