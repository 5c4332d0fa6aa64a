// Package foreign detects environment variables that another program has set
// under a name that the workshop also uses.
package foreign

import (
	"os"
	"strings"

	"example.com/session-workshop/shared/config"
)

// Names are the variables that other programs also set.
var Names = []string{"HOST", "NAME", "URL", "BOARD"}

// Why returns the reason why a variable is ignored. It is empty if the value is
// for the workshop, or if there is none.
func Why(name string) string {
	value := config.Getenv(name)
	switch {
	case name == "HOST" && value == "" && os.Getenv(name) != "":
		return "it is neither an IP address nor localhost (conda and tcsh set it, for example)"
	case value == "", typed(name):
		return ""
	case name == "NAME" && isThisMachine(value):
		return "it is the name of this machine (WSL sets it). Type your own name after make: NAME=ada"
	case name == "BOARD" && !strings.ContainsAny(value, ":/."):
		return "it is not an address (tools for circuit boards set it). The address of a class board looks like this: BOARD=http://192.168.1.20:5050/k7f3qz"
	case name == "URL":
		return "many programs set it. Type the address of your app after make: make check3 URL=http://127.0.0.1:8000"
	}
	return ""
}

// Getenv is config.Getenv, but empty for a variable that Why gives a reason to
// ignore.
func Getenv(name string) string {
	if Why(name) != "" {
		return ""
	}
	return config.Getenv(name)
}

// typed reports whether the variable was given to make on its command line
// (https://www.gnu.org/software/make/manual/html_node/Options_002fRecursion.html).
func typed(name string) bool { return strings.Contains(" "+os.Getenv("MAKEFLAGS"), " "+name+"=") }

func isThisMachine(name string) bool {
	host, err := os.Hostname()
	short, _, _ := strings.Cut(host, ".")
	return err == nil && (strings.EqualFold(name, host) || strings.EqualFold(name, short))
}
