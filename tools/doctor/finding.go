package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/config"
)

// verdict says who must act on a finding. The report prints it as a word, without
// colour.
type verdict string

const (
	ok   verdict = "ok"
	note verdict = "note" // good to know, and nothing to do
	fix  verdict = "fix"  // for the user of this machine
	ask  verdict = "ask"  // for someone whom the user asks
)

var statuses = map[verdict]int{fix: 1, ask: 2}

// finding is the result of one check. cure is what to type, or whom to ask.
type finding struct {
	verdict    verdict
	text, cure string
}

func (d *doctor) add(v verdict, about, cure, format string, values ...any) {
	text := fmt.Sprintf("%-4s  %s: %s", v, about, anonymous(fmt.Sprintf(format, values...)))
	d.findings = append(d.findings, finding{v, text, anonymous(cure)})
	d.status = max(d.status, statuses[v])
}

// report prints whether the machine is ready, then the findings. If the machine is
// not ready, it prints those to act on with their cures, and all in the block to
// paste.
func (d *doctor) report() {
	ready := "This machine is ready."
	if d.unbuilt {
		ready = "Almost ready: type " + firstStep() + " once. It downloads and builds what is missing, which takes up to two minutes."
	}
	fmt.Fprintln(d.out, [...]string{
		ready,
		"Not ready: do what is written below each line that begins with fix, then run this again.",
		"Not ready: ask for help with each line that begins with ask.",
	}[d.status])
	fmt.Fprintln(d.out)
	if d.status == 0 && !d.paste {
		d.printFindings()
	} else {
		d.printCures()
		fmt.Fprintln(d.out, "Paste this where you ask for help. It contains neither passwords nor your name:\n\n```text")
		fmt.Fprintf(d.out, "session-workshop doctor: status %d, %s/%s\n", d.status, runtime.GOOS, runtime.GOARCH)
		d.printFindings()
		fmt.Fprintln(d.out, "```")
	}
	if d.status == 0 {
		fmt.Fprintln(d.out, "\nNext:", firstStep())
	}
}

func (d *doctor) printFindings() {
	for _, f := range d.findings {
		fmt.Fprintln(d.out, f.text)
	}
}

func (d *doctor) printCures() {
	for _, f := range d.findings {
		if f.cure == "" {
			continue
		}
		fmt.Fprintln(d.out, f.text)
		for line := range strings.Lines(f.cure) {
			fmt.Fprintf(d.out, "      %s\n", strings.TrimSuffix(line, "\n"))
		}
		fmt.Fprintln(d.out)
	}
}

// firstStep is the command that runs step 1 on this machine.
func firstStep() string {
	if _, err := exec.LookPath("make"); err != nil {
		return "go run ./" + steps.Folder(1)
	}
	return "make step1"
}

// anonymous hides the home folder and the user's name, which occur in paths and in
// error messages.
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

var addresses = regexp.MustCompile(`[^\s,|"]*(?://|@)[^\s,|"]*`)

// withoutPasswords removes the secrets from each address in a text, such as a list
// of proxies.
func withoutPasswords(text string) string {
	return addresses.ReplaceAllStringFunc(text, func(found string) string {
		address := strings.TrimRight(found, ":")
		return config.Shown(address) + strings.TrimPrefix(found, address)
	})
}

// unset is the command that removes a variable from this shell.
func unset(variable string) string { return inShell("unset "+variable, "Remove-Item Env:"+variable) }

// inShell returns the command for the shell of this system.
func inShell(unix, powershell string) string {
	if runtime.GOOS == "windows" {
		return powershell
	}
	return unix
}
