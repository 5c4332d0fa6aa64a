// Package foreign detects environment variables that another program has set
// under a name that the workshop also uses, and reads what a user typed with an
// input method that was left on.
package foreign

import (
	"os"
	"strings"
	"unicode/utf8"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
)

// Names are the variables that other programs also set.
var Names = []string{"HOST", "NAME", "URL", "BOARD"}

// Why returns the reason why a variable is ignored. It is empty if the value is
// for the workshop, or if there is none.
func Why(name string) lang.Text {
	value := config.Getenv(name)
	switch {
	case name == "HOST" && value == "" && os.Getenv(name) != "":
		return lang.T("it is neither an IP address nor localhost (conda and tcsh set it, for example)",
			"IP アドレスでも localhost でもありません（conda や tcsh などが設定します）")
	case value == "", isTyped(name):
	case name == "NAME" && isThisMachine(value):
		return lang.T("it is the name of this machine (WSL sets it). Type your own name after make: NAME=ada",
			"このマシンの名前です（WSL が設定します）。自分の名前を make の後に入力してください: NAME=ada")
	case name == "BOARD" && !strings.ContainsAny(Narrow(value), ":/.。"):
		return lang.T("it is not an address (tools for circuit boards set it). The address of a class board looks like this: BOARD=http://192.168.1.20:5050/k7f3qz",
			"アドレスではありません（電子基板用のツールが設定します）。クラスボードのアドレスは次のような形です: BOARD=http://192.168.1.20:5050/k7f3qz")
	case name == "URL":
		return lang.T("many programs set it. Type the address of your app after make: make check3 URL=http://127.0.0.1:8000",
			"多くのプログラムが設定する変数です。アプリのアドレスは make の後に入力してください: make check3 URL=http://127.0.0.1:8000")
	}
	return lang.Text{}
}

// Getenv is config.Getenv, but empty for a variable that Why gives a reason to
// ignore. A variable that was typed in full-width letters after make wins.
func Getenv(name string) string {
	if value, ok := typed()[name]; ok {
		return value
	}
	if Why(name) != (lang.Text{}) {
		return ""
	}
	return config.Getenv(name)
}

// Narrow returns the ASCII characters for full-width ones, such as 2 for ２. It
// needs no module, as the doctor imports this package.
func Narrow(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u3000':
			return ' '
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		}
		return r
	}, text)
}

// WideVariable holds the words after make with a full-width equals sign, which
// make takes for targets. The Makefile sets it.
const WideVariable = "TYPED_WIDE"

// isTyped reports whether the variable was given to make on its command line
// (https://www.gnu.org/software/make/manual/html_node/Options_002fRecursion.html).
func isTyped(name string) bool { return strings.Contains(" "+os.Getenv("MAKEFLAGS"), " "+name+"=") }

// typed returns the variables after make whose name or equals sign is
// full-width. make does not pass them to its programs.
func typed() map[string]string {
	// In MAKEFLAGS a space in a value has a backslash before it.
	const space = "\x00"
	words := strings.Fields(strings.ReplaceAll(os.Getenv("MAKEFLAGS"), `\ `, space) + " " + os.Getenv(WideVariable))
	variables := map[string]string{}
	for _, word := range words {
		end := strings.IndexAny(word, "=＝")
		if end < 0 {
			continue
		}
		sign, size := utf8.DecodeRuneInString(word[end:])
		if name := Narrow(word[:end]); name != word[:end] || sign == '＝' {
			variables[name] = strings.ReplaceAll(word[end+size:], space, " ")
		}
	}
	return variables
}

func isThisMachine(name string) bool {
	host, err := os.Hostname()
	short, _, _ := strings.Cut(host, ".")
	return err == nil && (strings.EqualFold(name, host) || strings.EqualFold(name, short))
}
