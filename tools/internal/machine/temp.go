package machine

import "os"

// GoTemp gives the go commands of this process a temporary folder of their own:
// an interrupted go build leaves its files behind. remove deletes that folder.
// Without a place for it, the go command reports that.
func GoTemp() (remove func()) {
	dir, err := os.MkdirTemp("", "workshop-build-")
	if err != nil || os.Setenv("GOTMPDIR", dir) != nil {
		return func() {}
	}
	return func() { _ = os.RemoveAll(dir) }
}
