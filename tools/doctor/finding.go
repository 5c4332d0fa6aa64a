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
	fine   verdict = iota // nobody
	note                  // nobody, but it is good to know
	mend                  // the person at this machine
	others                // somebody else
)

func (v verdict) String() string { return [...]string{"ok", "note", "mend", "others"}[v] }

// finding is what one check found; cure is what to type, or whom to ask.
type finding struct {
	verdict           verdict
	about, text, cure string
}

func (d *doctor) fine(about, format string, values ...any) {
	d.add(finding{fine, about, fmt.Sprintf(format, values...), ""})
}

func (d *doctor) note(about, format string, values ...any) {
	d.add(finding{note, about, fmt.Sprintf(format, values...), ""})
}

func (d *doctor) mend(about, cure, format string, values ...any) {
	d.add(finding{mend, about, fmt.Sprintf(format, values...), cure})
}

func (d *doctor) others(about, cure, format string, values ...any) {
	d.add(finding{others, about, fmt.Sprintf(format, values...), cure})
}

// add prints a finding at once: some checks take seconds.
func (d *doctor) add(f finding) {
	f.text, f.cure = anonymous(f.text), anonymous(f.cure)
	fmt.Println(f)
	for line := range strings.Lines(f.cure) {
		fmt.Printf("        %s\n", strings.TrimSuffix(line, "\n"))
	}
	d.findings = append(d.findings, f)
}

func (f finding) String() string {
	return fmt.Sprintf("%-6s  %s: %s", f.verdict, f.about, f.text)
}

// conclude prints the block to paste and, where it is still on the screen, the
// sum. It returns the status.
func (d *doctor) conclude() int {
	worst := fine
	for _, f := range d.findings {
		worst = max(worst, f.verdict)
	}
	result, status := "This machine is ready.", 0
	switch worst {
	case mend:
		result, status = "Not ready: do what stands below each line that begins with mend, then run this again.", 1
	case others:
		result, status = "Not ready: somebody else must help with what begins with others.", 2
	}
	fmt.Printf("\nTo ask for help, paste this. It holds no password and not your name:\n\n")
	fmt.Printf("```text\nsession-workshop doctor: status %d, %s/%s\n", status, runtime.GOOS, runtime.GOARCH)
	for _, f := range d.findings {
		fmt.Println(f)
	}
	fmt.Printf("```\n\n%s\n", result)
	return status
}

// anonymous hides the home folder and the user's name, which stand in paths
// and in the error messages that quote them.
func anonymous(text string) string {
	if home, err := os.UserHomeDir(); err == nil && len(home) > 1 {
		text = strings.ReplaceAll(text, home, "~")
		text = strings.ReplaceAll(text, filepath.ToSlash(home), "~")
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
