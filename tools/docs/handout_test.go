package docs

import (
	"html"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Both languages of the hand-out.
var handouts = []string{"docs/handout.html", "docs/handout.ja.html"}

var (
	codeElement = regexp.MustCompile(`<code>([^<]*)</code>`)
	withGo      = regexp.MustCompile(`^go run (\./\S+)(?: ([a-z]+))?`)
)

// commandsOf are what a hand-out says in the letters of code.
func commandsOf(page string) (commands []string) {
	for _, match := range codeElement.FindAllStringSubmatch(page, -1) {
		commands = append(commands, html.UnescapeString(match[1]))
	}
	return commands
}

func TestTheHandoutNamesWhatThereIs(t *testing.T) {
	makefile := read(t, filepath.Join(root, "Makefile"))
	var shown strings.Builder
	for _, text := range guides(t) {
		shown.WriteString(codeOf(text))
	}
	for _, path := range handouts {
		commands := commandsOf(read(t, filepath.Join(root, path)))
		if len(commands) < 25 {
			t.Errorf("%s has %d commands only", path, len(commands))
		}
		for _, command := range commands {
			if reason := unknown(command, makefile, shown.String()); reason != "" {
				t.Errorf("%s: %q: %s", path, command, reason)
			}
		}
	}
}

// unknown says why a command is none of the workshop, and nothing where it is.
func unknown(command, makefile, shown string) string {
	if match := target.FindStringSubmatch(command); match != nil && !hasTarget(makefile, match[1]) {
		return "the Makefile has no such target"
	}
	if match := withGo.FindStringSubmatch(command); match != nil {
		program := regexp.MustCompile(` ` + regexp.QuoteMeta(match[1]) + ` `)
		if match[2] != "" {
			program = regexp.MustCompile(`(bin|tools)/workshop ` + match[2] + `\b`)
		}
		if !program.MatchString(makefile) {
			return "no target of the Makefile runs this"
		}
	}
	if strings.HasPrefix(command, "redis-cli ") && !strings.Contains(shown, command) {
		return "no guide shows it"
	}
	return ""
}

func TestCommandsThatAHandoutMustNotName(t *testing.T) {
	makefile := read(t, filepath.Join(root, "Makefile"))
	for command, want := range map[string]string{
		"make check3 HINT=2":                       "",
		"make chek3":                               "the Makefile has no such target",
		"go run ./step3-ttl":                       "",
		"go run ./step3":                           "no target of the Makefile runs this",
		"go run ./tools/workshop check -hint 2 3":  "",
		"go run ./tools/workshop chekc -hint 2 3":  "no target of the Makefile runs this",
		"redis-cli ttl workshop:user:aaa":          "",
		"redis-cli expire workshop:user:aaa 86400": "no guide shows it",
	} {
		if got := unknown(command, makefile, "redis-cli ttl workshop:user:aaa\n"); got != want {
			t.Errorf("%s: it says %q, want %q", command, got, want)
		}
	}
}

func TestTheHandoutIsTheSameInBothLanguages(t *testing.T) {
	english, translated := read(t, filepath.Join(root, handouts[0])), read(t, filepath.Join(root, handouts[1]))
	translated = strings.NewReplacer("README.ja.md", "README.md", `<html lang="ja">`, `<html lang="en">`).Replace(translated)
	if a, b, differ := firstDifference(commandsOf(english), commandsOf(translated)); differ {
		t.Errorf("%s says %q, and %s %q", handouts[0], a, handouts[1], b)
	}
	tag := regexp.MustCompile(`</?[a-z][^>]*>`)
	if a, b, differ := firstDifference(tag.FindAllString(english, -1), tag.FindAllString(translated, -1)); differ {
		t.Errorf("%s has %s, and %s %s", handouts[0], a, handouts[1], b)
	}
}
