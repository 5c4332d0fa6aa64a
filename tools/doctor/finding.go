package main

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// verdict says who must act on a finding. The words carry the meaning: there
// is no colour.
type verdict int

const (
	ok   verdict = iota
	note         // good to know, and nothing to do
	fix          // for the user of this machine
	ask          // for somebody else
)

func (v verdict) String() string { return [...]string{"ok", "note", "fix", "ask"}[v] }

// finding is what one check found.
type finding struct {
	verdict     verdict
	about, text string
}

func (f finding) String() string { return fmt.Sprintf("%-4s  %s: %s", f.verdict, f.about, f.text) }

// add prints a finding at once, because some checks take seconds. cure is what
// to type, or whom to ask.
func (d *doctor) add(v verdict, about, cure, format string, values ...any) {
	f := finding{v, about, anonymous(fmt.Sprintf(format, values...))}
	fmt.Println(f)
	for line := range strings.Lines(anonymous(cure)) {
		fmt.Printf("      %s\n", strings.TrimSuffix(line, "\n"))
	}
	d.findings = append(d.findings, f)
}

// conclude prints the block to paste, and last the sum. It returns the status.
func (d *doctor) conclude() int {
	worst := ok
	for _, f := range d.findings {
		worst = max(worst, f.verdict)
	}
	result, status := "This machine is ready.", 0
	switch worst {
	case fix:
		result, status = "Not ready: do what stands below each line that begins with fix, then run this again.", 1
	case ask:
		result, status = "Not ready: ask for help with each line that begins with ask.", 2
	}
	fmt.Printf("\nTo ask for help, paste this. It holds no password and not your name:\n\n")
	fmt.Printf("```text\nsession-workshop doctor: status %d, %s/%s\n", status, runtime.GOOS, runtime.GOARCH)
	for _, f := range d.findings {
		fmt.Println(f)
	}
	fmt.Printf("```\n\n%s\n", result)
	return status
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

// unset is the command that removes a variable from this shell.
func unset(variables ...string) string {
	if runtime.GOOS != "windows" {
		return "unset " + strings.Join(variables, " ")
	}
	return "Remove-Item Env:" + strings.Join(variables, ", Env:")
}

// set is the command that sets a variable in this shell.
func set(variable, value string) string {
	if runtime.GOOS != "windows" {
		return "export " + variable + "=" + value
	}
	return fmt.Sprintf("$Env:%s = %q", variable, value)
}
