package supervisor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFolder(t *testing.T) {
	for name, want := range map[string]string{
		"3":                     "step3-ttl",
		"memory":                "step1-no-redis/memory",
		"../../../step2-visits": "step2-visits",
	} {
		dir, err := Folder(name)
		if err != nil || !filepath.IsAbs(dir) || !strings.HasSuffix(filepath.ToSlash(dir), "/"+want) {
			t.Errorf("%s is in %s (%v), want %s", name, dir, err, want)
		}
		if _, err := os.Stat(filepath.Join(dir, "main.go")); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]string{
		"0":        "there is no step 0",
		"9":        "there is no step 9",
		"nowhere":  "this is not the folder of a step",
		"my-step3": "there is no my-step3 yet. Begin it: make start3",
	} {
		if _, err := Folder(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, want %q", name, err, want)
		}
	}
	t.Chdir(t.TempDir())
	if _, err := Folder("3"); err == nil || !strings.Contains(err.Error(), "run this inside the workshop's folder") {
		t.Errorf("outside of the workshop the error is %v", err)
	}
}
