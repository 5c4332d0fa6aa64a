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
	"example.com/session-workshop/shared/lang"
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

// finding is the result of one check. Each line of the cure is what to type, or
// whom to ask.
type finding struct {
	verdict      verdict
	about, found lang.Text
	cure         []lang.Text
}

func (d *doctor) add(v verdict, about, found lang.Text, cure ...lang.Text) {
	d.findings = append(d.findings, finding{v, about, found, cure})
	d.status = max(d.status, statuses[v])
}

// say prints a line.
func (d *doctor) say(line lang.Text) { fmt.Fprintln(d.out, line.In(d.language)) }

// report prints whether the machine is ready, then the findings. If the machine is
// not ready, it prints those to act on with their cures, and all in the block to
// paste.
func (d *doctor) report() {
	d.say(d.headline())
	fmt.Fprintln(d.out)
	if d.status == 0 && !d.paste {
		d.printFindings()
	} else {
		d.printCures()
		d.printBlock()
	}
	if d.status == 0 {
		fmt.Fprintln(d.out)
		d.say(lang.T("Next: %s", "次のコマンド: %s", firstStep()))
	}
}

func (d *doctor) headline() lang.Text {
	switch {
	case d.status == statuses[ask]:
		return lang.T("Not ready: ask for help with each line that begins with ask.",
			"まだ準備ができていません。ask で始まる行については、助けを求めてください。")
	case d.status == statuses[fix]:
		return lang.T("Not ready: do what is written below each line that begins with fix, then run this again.",
			"まだ準備ができていません。fix で始まる行の下に書かれていることを行い、もう一度実行してください。")
	case d.unbuilt:
		return lang.T("Almost ready: type %s once. It downloads and builds what is missing, which takes up to two minutes.",
			"あと少しです。%s を 1 回実行してください。足りないものをダウンロードしてビルドします。最大 2 分ほどかかります。", firstStep())
	}
	return lang.T("This machine is ready.", "このマシンは準備完了です。")
}

// printBlock prints the block to paste. It is in the language of the report, so
// that its sender can read what it tells others. The first line and the verdicts
// are the same in both languages.
func (d *doctor) printBlock() {
	d.say(lang.T("Paste this where you ask for help. It contains neither passwords nor your name:",
		"助けを求めるときは、次の行を貼り付けてください。パスワードも名前も含まれていません。"))
	if d.language != lang.English {
		d.say(lang.T("For these lines in English, set WORKSHOP_LANG=en and run this again.",
			"英語の行が必要なら、WORKSHOP_LANG=en を設定してもう一度実行してください。"))
	}
	fmt.Fprintln(d.out, "\n```text")
	fmt.Fprintf(d.out, "session-workshop doctor: status %d, %s/%s\n", d.status, runtime.GOOS, runtime.GOARCH)
	d.printFindings()
	fmt.Fprintln(d.out, "```")
}

func (d *doctor) printFindings() {
	for _, f := range d.findings {
		d.print(f)
	}
}

func (d *doctor) print(f finding) {
	fmt.Fprintf(d.out, "%-4s  %s: %s\n", f.verdict, f.about.In(d.language), anonymous(f.found.In(d.language)))
}

func (d *doctor) printCures() {
	for _, f := range d.findings {
		if len(f.cure) == 0 {
			continue
		}
		d.print(f)
		for _, line := range f.cure {
			fmt.Fprintf(d.out, "      %s\n", anonymous(line.In(d.language)))
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
	return withoutName(text, name)
}

// withoutName hides a name, but not a longer word that contains it. \b knows only
// the letters of ASCII, so it stays away from a name like 花子.
func withoutName(text, name string) string {
	pattern := regexp.QuoteMeta(name)
	if regexp.MustCompile(`^\w`).MatchString(name) {
		pattern = `\b` + pattern
	}
	if regexp.MustCompile(`\w$`).MatchString(name) {
		pattern += `\b`
	}
	return regexp.MustCompile(`(?i)`+pattern).ReplaceAllString(text, "USER")
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
func unset(variable string) lang.Text {
	return lang.Same(inShell("unset "+variable, "Remove-Item Env:"+variable))
}

// inShell returns the command for the shell of this system.
func inShell(unix, powershell string) string {
	if runtime.GOOS == "windows" {
		return powershell
	}
	return unix
}
