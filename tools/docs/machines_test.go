package docs

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/check/redisimage"
)

func TestDevContainer(t *testing.T) {
	var container struct {
		Image             string
		PostCreateCommand string
		ForwardPorts      []int
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(root, ".devcontainer/devcontainer.json"))), &container); err != nil {
		t.Fatal(err)
	}
	if want := "golang:" + regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, filepath.Join(root, "go.work")))[1] + "-bookworm"; container.Image != want {
		t.Errorf("the image is %q, and go.work asks for %s", container.Image, want)
	}
	if !slices.Equal(container.ForwardPorts, []int{5000}) {
		t.Errorf("it forwards %v, want the port of the steps", container.ForwardPorts)
	}
	for _, command := range unknown(container.PostCreateCommand, read(t, filepath.Join(root, "Makefile"))) {
		t.Errorf("it runs %s, which does not exist", command)
	}
}

// The programs name the image in one place. Files that cannot read a Go
// constant must name the same one.
func TestEveryFileNamesTheSameImageOfRedis(t *testing.T) {
	named := regexp.MustCompile(`\bredis:[0-9][\w.-]*`)
	for _, path := range []string{"compose.yaml", ".ci/run", "docs/maintaining.md"} {
		images := named.FindAllString(read(t, filepath.Join(root, path)), -1)
		if len(images) == 0 {
			t.Errorf("%s names no image of Redis", path)
		}
		for _, image := range images {
			if image != redisimage.Official {
				t.Errorf("%s names the image %s, and the tests run on %s", path, image, redisimage.Official)
			}
		}
	}
}

func TestTheRedisOfComposeIsReachedFromThisMachineOnly(t *testing.T) {
	ports := regexp.MustCompile(`(?m)^ +- "(.*:\d+)"$`).FindAllString(read(t, filepath.Join(root, "compose.yaml")), -1)
	if len(ports) != 1 || !strings.Contains(ports[0], `"127.0.0.1:6379:6379"`) {
		t.Errorf("its ports are %q", ports)
	}
}
