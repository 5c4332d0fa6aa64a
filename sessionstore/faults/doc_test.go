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

// What the README shows is what the tests of faults use.
func TestReadmeShowsTheClientOfTheTests(t *testing.T) {
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(string(text)), " ")
	}
	_, options, _ := strings.Cut(read("faults_test.go"), "return &redis.Options{ Addr: addr, ")
	options, _, found := strings.Cut(options, " } }")
	if !found || !strings.Contains(read("../README.md"), options) {
		t.Errorf("the README does not show the options of recommended:\n%s", options)
	}
}
