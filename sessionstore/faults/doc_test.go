package faults

import (
	"os"
	"strings"
	"testing"
)

func TestDocListsThePrivilegesOfTheTests(t *testing.T) {
	source, err := os.ReadFile("../store.go")
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Join(strings.Fields(strings.ReplaceAll(string(source), "//", " ")), " ")
	for _, privilege := range strings.Fields(leastPrivileges + " " + clusterPrivileges) {
		if !strings.Contains(doc, " "+privilege) {
			t.Errorf("the doc comment of the package does not list %s", privilege)
		}
	}
}
