package watch

import (
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"example.com/session-workshop/tools/internal/modules"
)

// snapshot is the state of the source files in some folders at one moment.
type snapshot map[string]fileState

type fileState struct {
	modified time.Time
	size     int64
}

// takeSnapshot leaves out a file that cannot be read, because an editor may be
// replacing it.
func takeSnapshot(folders ...string) snapshot {
	s := snapshot{}
	for _, folder := range folders {
		filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return nil
			case entry.IsDir() && path != folder && modules.Ignored(entry.Name()):
				return fs.SkipDir
			case entry.IsDir() || !isSource(entry.Name()):
				return nil
			}
			if info, err := entry.Info(); err == nil {
				s[path] = fileState{info.ModTime(), info.Size()}
			}
			return nil
		})
	}
	return s
}

func (s snapshot) equal(other snapshot) bool { return maps.Equal(s, other) }

func isSource(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "_test.go") {
		return false
	}
	switch filepath.Ext(name) {
	case ".go", ".html", ".css", ".js":
		return true
	}
	return name == "go.mod"
}
