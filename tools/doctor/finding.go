package main

import (
	"fmt"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// verdict says who must act on a finding. The words carry the meaning: there
// is no colour.
type verdict string

const (
	ok   verdict = "ok"
	note verdict = "note" // good to know, and nothing to do
	fix  verdict = "fix"  // for the user of this machine
	ask  verdict = "ask"  // for somebody else
)

var statuses = map[verdict]int{fix: 1, ask: 2}

// add prints a finding at once, because some checks take seconds. cure is what
// to type, or whom to ask.
func (d *doctor) add(v verdict, about, cure, format string, values ...any) {
	finding := fmt.Sprintf("%-4s  %s: %s", v, about, anonymous(fmt.Sprintf(format, values...)))
	fmt.Fprintln(d.out, finding)
	for line := range strings.Lines(anonymous(cure)) {
		fmt.Fprintf(d.out, "      %s\n", strings.TrimSuffix(line, "\n"))
	}
	d.findings = append(d.findings, finding)
	d.status = max(d.status, statuses[v])
}

// conclude prints the block to paste, and last the sum.
func (d *doctor) conclude() {
	result := [...]string{
		"This machine is ready.",
		"Not ready: do what stands below each line that begins with fix, then run this again.",
		"Not ready: ask for help with each line that begins with ask.",
	}[d.status]
	fmt.Fprintln(d.out, "\nTo ask for help, paste this. It holds no password and not your name:\n\n```text")
	fmt.Fprintf(d.out, "session-workshop doctor: status %d, %s/%s\n", d.status, runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(d.out, "%s\n```\n\n%s\n", strings.Join(d.findings, "\n"), result)
}

// anonymous hides the home folder and the user's name, which are in paths and
// in the error messages that quote them.
func anonymous(text string) string {
	if home, err := os.UserHomeDir(); err == nil && len(home) > 1 {
		text = strings.NewReplacer(home, "~", filepath.ToSlash(home), "~").Replace(text)
	}
	// Windows shortens a long name: C:\Users\ANNAMA~1.
	text = regexp.MustCompile(`(?i)([\\/](?:users|home)[\\/])[^\\/\s"']+`).ReplaceAllString(text, "${1}USER")
	account, err := user.Current()
	if err != nil {
		return text
	}
	// On Windows it is DOMAIN\name.
	name := account.Username[strings.LastIndex(account.Username, `\`)+1:]
	if name == "" || name == "root" {
		return text
	}
	return regexp.MustCompile(`(?i)\b`+regexp.QuoteMeta(name)+`\b`).ReplaceAllString(text, "USER")
}

// withoutPasswords removes from each address in a text, such as a list of
// proxies, who logs in and with what, and what follows a "?".
func withoutPasswords(text string) string {
	return regexp.MustCompile(`[a-z]+://[^\s,|"]+`).ReplaceAllStringFunc(text, func(found string) string {
		address := strings.TrimRight(found, ":")
		u, err := url.Parse(address)
		if err != nil {
			return "(an address that cannot be read)"
		}
		u.User, u.RawQuery = nil, ""
		return u.String() + strings.TrimPrefix(found, address)
	})
}

// unset is the command that removes a variable from this shell.
func unset(variable string) string { return inShell("unset "+variable, "Remove-Item Env:"+variable) }

// inShell is the one of two commands that the shell of this system knows.
func inShell(unix, powershell string) string {
	if runtime.GOOS == "windows" {
		return powershell
	}
	return unix
}
