// Package foreign recognises what other programs have left in the variables of
// this shell, under a name that the workshop has, too.
package foreign

import (
	"os"
	"strings"

	"example.com/session-workshop/shared/config"
)

// Names are the variables that other programs set, too.
var Names = []string{"HOST", "NAME", "URL", "BOARD"}

// Why says why the value of a variable is not read. It is empty if the value is
// for the workshop, or if there is none.
func Why(name string) string {
	value := config.Getenv(name)
	switch {
	case name == "HOST" && value == "" && os.Getenv(name) != "":
		return "it is neither an IP address nor localhost (conda and tcsh set it, for example)"
	case value == "", typed(name):
		return ""
	case name == "NAME" && isThisMachine(value):
		return "it is the name of this machine (WSL sets it). Yours goes after make: NAME=ada"
	case name == "BOARD" && !strings.ContainsAny(value, ":/."):
		return "it is no address (tools for circuit boards set it). That of the class board: BOARD=http://192.168.1.20:5050/k7f3qz"
	case name == "URL":
		return "programs of all kinds set it. An app to check goes after make: make check3 URL=http://127.0.0.1:8000"
	}
	return ""
}

// Getenv is config.Getenv without what Why is about.
func Getenv(name string) string {
	if Why(name) != "" {
		return ""
	}
	return config.Getenv(name)
}

// typed reports whether make was given the variable
// (https://www.gnu.org/software/make/manual/html_node/Options_002fRecursion.html).
func typed(name string) bool { return strings.Contains(" "+os.Getenv("MAKEFLAGS"), " "+name+"=") }

func isThisMachine(name string) bool {
	host, err := os.Hostname()
	short, _, _ := strings.Cut(host, ".")
	return err == nil && (strings.EqualFold(name, host) || strings.EqualFold(name, short))
}
