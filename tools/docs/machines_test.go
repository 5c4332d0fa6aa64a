package docs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

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

func TestWhatMakeListsIsExplained(t *testing.T) {
	var explained strings.Builder
	for _, text := range guides(t) {
		explained.WriteString(codeOf(text))
	}
	targets := regexp.MustCompile(`(?m)^([a-z0-9%-]+):.*## (.*)$`).FindAllStringSubmatch(read(t, filepath.Join(root, "Makefile")), -1)
	if len(targets) < 10 {
		t.Fatalf("%d targets found", len(targets))
	}
	for _, target := range targets {
		name := target[1]
		// A target for each step is explained by one of them.
		pattern := `\bmake ` + strings.ReplaceAll(strings.TrimRight(regexp.QuoteMeta(name), "1234"), "%", "") + `[1-4]?\b`
		if !regexp.MustCompile(pattern).MatchString(explained.String()) {
			t.Errorf("no guide explains make %s", name)
		}
	}
}
