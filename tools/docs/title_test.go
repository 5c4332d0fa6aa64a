package docs

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"example.com/session-workshop/shared/web"
)

// The page of a step and its guide have the same title, in both languages.
func TestAPageHasTheTitleOfItsGuide(t *testing.T) {
	for name, title := range web.Titles {
		number := strings.TrimPrefix(name, "Step ")
		for guide, wanted := range map[string]string{
			"README.md":    strings.Replace(title.EN, fmt.Sprintf(" of %d", len(web.Titles)), "", 1),
			"README.ja.md": strings.Replace(title.JA, fmt.Sprintf("/%d", len(web.Titles)), "", 1),
		} {
			paths, err := filepath.Glob(filepath.Join(root, "step"+number+"-*", guide))
			if err != nil || len(paths) != 1 {
				t.Fatalf("guides of %s: %v, %v", name, paths, err)
			}
			heading, _, _ := strings.Cut(read(t, paths[0]), "\n")
			if want := "# " + wanted; heading != want {
				t.Errorf("%s begins with %q, want %q", paths[0], heading, want)
			}
		}
	}
}
