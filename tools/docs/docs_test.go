// Package docs tests the guides: their commands work and print the shown
// output, their links lead somewhere, the commands in them exist, and the shown
// code is the code that runs.
package docs

import (
	"flag"
	"html"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/tools/internal/clone"
)

// With -update, the diffs and the tables of files in the guides are written
// again: go test ./tools/docs -update
var update = flag.Bool("update", false, "write the diffs and the tables of files in the guides again")

const root = "../.."

// guides returns all Markdown files by their path from the root.
func guides(t *testing.T) map[string]string {
	t.Helper()
	return files(t, ".md")
}

// files returns the files of the repository with this ending, by their path
// from the root.
func files(t *testing.T, ending string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range clone.Files(t, root, ".") {
		// The guides in testdata are wrong on purpose.
		if strings.HasSuffix(name, ending) && !(ending == ".md" && strings.Contains(name, "testdata/")) {
			found[name] = read(t, filepath.Join(root, name))
		}
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRelativeLinksResolve(t *testing.T) {
	all := guides(t)
	for path, text := range all {
		for _, link := range linksIn(words(parse(text))) {
			if strings.Contains(link, "://") {
				continue
			}
			file, anchor, _ := strings.Cut(link, "#")
			to := path
			if file != "" {
				to = filepath.ToSlash(filepath.Join(filepath.Dir(path), file))
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s links to %s, which is not there", path, link)
			} else if anchor != "" && !hasHeading(all[to], anchor) {
				t.Errorf("%s links to %s, and %s has no such heading", path, link, to)
			}
			if isTranslation(path) && !isTranslation(to) && to != english(path) && all[strings.TrimSuffix(to, ".md")+japanese] != "" {
				t.Errorf("%s: the link %s leads to English, and there is a Japanese page", path, link)
			}
		}
	}
}

// handouts are the pages that the teacher prints, in both languages.
var handouts = []string{"docs/handout.html", "docs/handout.ja.html"}

// commandsOf returns the text in code font of a hand-out.
func commandsOf(page string) (commands []string) {
	for _, match := range regexp.MustCompile(`<code>([^<]*)</code>`).FindAllStringSubmatch(page, -1) {
		commands = append(commands, html.UnescapeString(match[1]))
	}
	return commands
}

func TestTheGuidesHaveARowForEverySetting(t *testing.T) {
	var rows strings.Builder
	for path, text := range guides(t) {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "| `") && !isTranslation(path) {
				rows.WriteString(line)
			}
		}
	}
	for _, name := range config.Variables() {
		if !strings.Contains(rows.String(), "`"+name+"`") {
			t.Errorf("no table has a row for %s", name)
		}
	}
}

func TestEveryNamedCommandExists(t *testing.T) {
	makefile := read(t, filepath.Join(root, "Makefile"))
	code := codeOfGuides(t)
	for _, path := range handouts {
		code[path] = strings.Join(commandsOf(read(t, filepath.Join(root, path))), "\n")
	}
	for path, form := range files(t, ".yml") {
		if strings.HasPrefix(path, ".github/ISSUE_TEMPLATE/") {
			code[path] = form
		}
	}
	for path, text := range code {
		for _, command := range unknown(text, makefile) {
			t.Errorf("%s names %s, which does not exist", path, command)
		}
	}
}

func TestTheGuidesExplainTheCommandsOfMakeAndTheHandouts(t *testing.T) {
	explained := strings.Join(slices.Collect(maps.Values(codeOfGuides(t))), "")
	listed := regexp.MustCompile(`(?m)^([a-z0-9%-]+):.*## `).FindAllStringSubmatch(read(t, filepath.Join(root, "Makefile")), -1)
	if len(listed) == 0 {
		t.Error("make lists nothing")
	}
	for _, match := range listed {
		// A target for each step needs an explanation for only one step.
		name := strings.TrimRight(match[1], "1234%")
		if !regexp.MustCompile(`\bmake ` + name + `[1-4]?\b`).MatchString(explained) {
			t.Errorf("no guide explains make %s", match[1])
		}
	}
	for _, path := range handouts {
		for _, command := range commandsOf(read(t, filepath.Join(root, path))) {
			if strings.HasPrefix(command, "redis-cli ") && !strings.Contains(explained, command) {
				t.Errorf("%s: no guide shows %s", path, command)
			}
		}
	}
}

// codeOfGuides returns the text in fences and between backticks, by the guide.
func codeOfGuides(t *testing.T) map[string]string {
	t.Helper()
	code := map[string]string{}
	for path, text := range guides(t) {
		all := parse(text)
		for _, e := range all {
			if e.kind == aFence {
				code[path] += e.text
			}
		}
		code[path] += strings.Join(codeIn(words(all)), "\n") + "\n"
	}
	return code
}

var (
	target    = regexp.MustCompile(`\bmake ([a-z][a-z0-9-]*)`)
	withGo    = regexp.MustCompile(`\bgo (?:run|build)\b[^\n&|;]*`)
	folder    = regexp.MustCompile(` \./([a-z][\w/-]*)`)
	ofTheTool = regexp.MustCompile(`\btools/workshop ([a-z][a-z-]*)`)
)

// unknown returns the targets of make, the folders and the workshop commands in
// code that do not exist.
func unknown(code, makefile string) (found []string) {
	for _, match := range target.FindAllStringSubmatch(code, -1) {
		if !hasTarget(makefile, match[1]) {
			found = append(found, match[0])
		}
	}
	for _, match := range folder.FindAllStringSubmatch(strings.Join(withGo.FindAllString(code, -1), "\n"), -1) {
		if _, err := os.Stat(filepath.Join(root, match[1])); err != nil {
			found = append(found, match[1])
		}
	}
	for _, match := range ofTheTool.FindAllStringSubmatch(code, -1) {
		if !regexp.MustCompile(`(?m)/workshop[ ,]` + match[1] + `\b|^` + match[1] + `$`).MatchString(makefile + commandsOfTheTool()) {
			found = append(found, match[0])
		}
	}
	return found
}

func hasTarget(makefile, name string) bool {
	// The Makefile may have % in place of the number of a step.
	return regexp.MustCompile(`(?m)^(` + name + `|` + strings.TrimRight(name, "1234") + `%):`).MatchString(makefile)
}

func TestUnknownCommandsAreFound(t *testing.T) {
	makefile := read(t, filepath.Join(root, "Makefile"))
	right := "make check3 HINT=2\ngo run ./step3-ttl -ttl 2m\ngo run ./tools/workshop check -hint 2 3\n"
	wrong := []string{"make chek3", "step3", "tools/workshop chekc"}
	if found := unknown(right+"make chek3 HINT=2\ngo run ./step3\ngo run ./tools/workshop chekc 3", makefile); !slices.Equal(found, wrong) {
		t.Errorf("it finds %q, want %q", found, wrong)
	}
}

func TestTheHandoutIsTheSameInBothLanguages(t *testing.T) {
	english, translated := read(t, filepath.Join(root, handouts[0])), read(t, filepath.Join(root, handouts[1]))
	translated = strings.NewReplacer(".ja.md", ".md", `<html lang="ja">`, `<html lang="en">`).Replace(translated)
	same := regexp.MustCompile(`<code>[^<]*</code>|</?[a-z][^>]*>`)
	if a, b, differ := firstDifference(same.FindAllString(english, -1), same.FindAllString(translated, -1)); differ {
		t.Errorf("%s has %s, and %s %s", handouts[0], a, handouts[1], b)
	}
}

func TestShownCodeIsInTheRepository(t *testing.T) {
	var source strings.Builder
	for _, text := range files(t, ".go") {
		source.WriteString(flatten(text) + "\n\n")
	}
	for path, text := range guides(t) {
		for _, fence := range parse(text) {
			shown := fence.lang == "go" || fence.lang == "lua"
			if shown && !strings.Contains(source.String(), flatten(fence.text)) {
				t.Errorf("%s:%d: this code is in no file:\n%s", path, fence.line, fence.text)
			}
		}
	}
}

// flatten removes the indentation, which a guide may shorten.
func flatten(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

// commandsOfTheTool returns the names of the commands of tools/workshop, one on each
// line.
func commandsOfTheTool() (lines string) {
	source, _ := os.ReadFile(filepath.Join(root, "tools/workshop/main.go"))
	for _, found := range regexp.MustCompile(`\n\t\{"([a-z-]+)", lang\.T\(`).FindAllStringSubmatch(string(source), -1) {
		lines += "\n" + found[1]
	}
	return lines + "\n"
}
