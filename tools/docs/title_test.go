package docs

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"example.com/session-workshop/shared/web"
)

// The page of a step and its guide have the same title.
func TestAPageHasTheTitleOfItsGuide(t *testing.T) {
	for name, title := range web.Titles {
		number := strings.TrimPrefix(name, "Step ")
		paths, err := filepath.Glob(filepath.Join(root, "step"+number+"-*", "README.md"))
		if err != nil || len(paths) != 1 {
			t.Fatalf("guides of %s: %v, %v", name, paths, err)
		}
		heading, _, _ := strings.Cut(read(t, paths[0]), "\n")
		if want := "# " + strings.Replace(title, fmt.Sprintf(" of %d", len(web.Titles)), "", 1); heading != want {
			t.Errorf("%s begins with %q, want %q", paths[0], heading, want)
		}
	}
}
