//go:build !linux

package docs

import "testing"

func TestGuidesSayWhatHappens(t *testing.T) {
	t.Skip("NOT tested: the commands in the guides. That needs the namespaces of Linux, in which ports 5000 and 6379 are free")
}
