//go:build !linux

package docs

import "testing"

func TestGuidesSayWhatHappens(t *testing.T) {
	t.Skip("NOT tested: what the guides say. That needs the namespaces of Linux, so that port 5000 and 6379 are free")
}
