package docs

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A shell and make cannot read the line ends of Windows. With .gitattributes
// git keeps them out, of the repository and of every checkout.
func TestEveryTextFileHasTheLineEndsOfUnix(t *testing.T) {
	list := exec.Command("git", "-c", "safe.directory=*", "ls-files", "--eol", "-z")
	list.Dir = root
	output, err := list.Output()
	if err != nil {
		t.Skipf("NOT tested: the line ends in git, because this is no clone (%v)", err)
	}
	files := strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00")
	if len(files) < 100 {
		t.Fatalf("git lists %d files only", len(files))
	}
	for _, file := range files {
		for _, kind := range []string{"i/crlf", "i/mixed", "w/crlf", "w/mixed"} {
			if slices.Contains(strings.Fields(file), kind) {
				t.Errorf("a line ends with CR LF: %s", file)
			}
		}
	}
}

// inColour has files that print in colour when they are asked to, and the tests
// that see NO_COLOR (https://no-color.org) switch it off.
var inColour = map[string]string{"tools/learn/print.go": "tools/workshop/learn_test.go"}

func TestNothingElsePrintsInColour(t *testing.T) {
	// Both ways to begin a colour in Go source, ESC [ digits m.
	colour := regexp.MustCompile(`(?i)(\\x1b|\\033|\\u001b|\\e)\[[0-9;%dsv]*m`)
	if !colour.MatchString(`"\x1b[31mred"`) {
		t.Fatal("the search finds no colour at all")
	}
	for path, text := range files(t, ".go") {
		if found := colour.FindString(text); found != "" && !strings.HasSuffix(path, "_test.go") && inColour[path] == "" {
			t.Errorf("%s prints a colour, %q, which NO_COLOR does not switch off", path, found)
		}
	}
}

func TestWhatPrintsInColourIsTested(t *testing.T) {
	for path, test := range inColour {
		if !strings.Contains(read(t, filepath.Join(root, test)), "NO_COLOR=1") {
			t.Errorf("%s prints in colour, and %s does not set NO_COLOR=1", path, test)
		}
	}
}

var goVersion = regexp.MustCompile(`(?m)^go (\d+\.\d+)`)

func TestDevContainer(t *testing.T) {
	var container struct {
		Image             string
		PostCreateCommand string
		ForwardPorts      []int
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(root, ".devcontainer/devcontainer.json"))), &container); err != nil {
		t.Fatal(err)
	}
	if want := "golang:" + goVersion.FindStringSubmatch(read(t, filepath.Join(root, "go.work")))[1] + "-bookworm"; container.Image != want {
		t.Errorf("the image is %q, and go.work asks for %s", container.Image, want)
	}
	if !slices.Equal(container.ForwardPorts, []int{5000}) {
		t.Errorf("it forwards %v, want the port of the steps", container.ForwardPorts)
	}
	makefile := read(t, filepath.Join(root, "Makefile"))
	targets := target.FindAllStringSubmatch(container.PostCreateCommand, -1)
	if len(targets) == 0 {
		t.Error("no make target runs when it is created")
	}
	for _, match := range targets {
		if !strings.Contains(makefile, "\n"+match[1]+": ") {
			t.Errorf("it runs make %s, which the Makefile does not have", match[1])
		}
	}
	for _, folder := range regexp.MustCompile(`\./(\S+)`).FindAllStringSubmatch(container.PostCreateCommand, -1) {
		if _, err := os.Stat(filepath.Join(root, folder[1])); err != nil {
			t.Errorf("it builds %s: %v", folder[0], err)
		}
	}
}

// The tests name the image in one place. What cannot read a Go constant must
// name the same.
func TestEveryFileNamesTheSameImageOfRedis(t *testing.T) {
	want := regexp.MustCompile(`officialImage = "(\S+)"`).FindStringSubmatch(read(t, filepath.Join(root, "check/redistest/container.go")))[1]
	named := regexp.MustCompile(`\bredis:[0-9][\w.-]*`)
	for _, path := range []string{"compose.yaml", ".ci/run", "tools/internal/machine/machine.go", "CONTRIBUTING.md"} {
		images := named.FindAllString(read(t, filepath.Join(root, path)), -1)
		if len(images) == 0 {
			t.Errorf("%s names no image of Redis", path)
		}
		for _, image := range images {
			if image != want {
				t.Errorf("%s names the image %s, and the tests run on %s", path, image, want)
			}
		}
	}
}

func TestTheRedisOfComposeIsReachedFromThisMachineOnly(t *testing.T) {
	if ports := regexp.MustCompile(`(?m)^ +- "(.*)"$`).FindAllStringSubmatch(read(t, filepath.Join(root, "compose.yaml")), -1); len(ports) != 1 || ports[0][1] != "127.0.0.1:6379:6379" {
		t.Errorf("its ports are %v", ports)
	}
}

// What make prints fits a terminal of 80 columns, and each target that it lists
// is explained in a guide.
func TestMakeHelpIsShortAndExplained(t *testing.T) {
	var explained strings.Builder
	for _, text := range guides(t) {
		explained.WriteString(codeOf(text))
	}
	targets := regexp.MustCompile(`(?m)^([a-z0-9%-]+):.*## (.*)$`).FindAllStringSubmatch(read(t, filepath.Join(root, "Makefile")), -1)
	if len(targets) < 10 {
		t.Fatalf("%d targets found", len(targets))
	}
	for _, target := range targets {
		name, about := target[1], target[2]
		if line := fmt.Sprintf("make %-18s %s", name, about); len(line) > 80 {
			t.Errorf("%d characters: %s", len(line), line)
		}
		// A target for each step is explained by one of them.
		pattern := `\bmake ` + strings.ReplaceAll(strings.TrimRight(regexp.QuoteMeta(name), "1234"), "%", "") + `[1-4]?\b`
		if !regexp.MustCompile(pattern).MatchString(explained.String()) {
			t.Errorf("no guide explains make %s", name)
		}
	}
}
