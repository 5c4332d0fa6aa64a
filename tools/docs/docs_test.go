// Package docs holds the tests of the guides: what they tell their readers to
// do works, and prints what they show; a link leads somewhere, a make target
// exists, and code that is shown is the code that runs.
package docs

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// With -update the diffs and the tables of files in the guides are written
// anew: go test ./tools/docs -update
var update = flag.Bool("update", false, "write the diffs and the tables of files in the guides anew")

const root = "../.."

// guides returns all Markdown files by their path from the root.
func guides(t *testing.T) map[string]string {
	t.Helper()
	return files(t, ".md")
}

func files(t *testing.T, ending string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." || strings.HasPrefix(entry.Name(), "my-step") ||
			entry.Name() == "node_modules" || entry.Name() == "testdata" && ending == ".md"
		if entry.IsDir() && hidden {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ending) {
			return nil
		}
		text, err := os.ReadFile(path)
		found[strings.TrimPrefix(filepath.ToSlash(path), root+"/")] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("no %s file found", ending)
	}
	return found
}

// tracked are the files below a folder that git knows, or would with the next
// git add, by their path from the root.
func tracked(t *testing.T, folder string) []string {
	t.Helper()
	cmd := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", folder)
	cmd.Dir = root
	output, err := cmd.Output()
	if err != nil || len(output) == 0 {
		t.Fatalf("git ls-files %s: %v", folder, err)
	}
	return strings.Split(strings.TrimRight(string(output), "\x00"), "\x00")
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	fence   = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	target  = regexp.MustCompile(`\bmake ([a-z][a-z0-9-]*)`)
)

func TestRelativeLinksResolve(t *testing.T) {
	all := guides(t)
	for path, text := range all {
		for _, match := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(match[1], "#")
			to := path
			if file != "" {
				to = filepath.ToSlash(filepath.Join(filepath.Dir(path), file))
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s links to %s, which is not there", path, match[1])
			} else if anchor != "" && !hasHeading(all[to], anchor) {
				t.Errorf("%s links to %s, and %s has no such heading", path, match[1], to)
			}
		}
	}
}

func hasHeading(text, anchor string) bool {
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		if slug(match[1]) == anchor {
			return true
		}
	}
	return false
}

var notInSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// slug makes the anchor of a heading the way GitHub does.
func slug(heading string) string {
	return strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

func TestEveryMakeTargetThatIsNamedExists(t *testing.T) {
	makefile := read(t, filepath.Join(root, "Makefile"))
	for path, text := range guides(t) {
		for _, match := range target.FindAllStringSubmatch(codeOf(text), -1) {
			if !hasTarget(makefile, match[1]) {
				t.Errorf("%s names make %s, which the Makefile does not have", path, match[1])
			}
		}
	}
}

func hasTarget(makefile, name string) bool {
	// A target for each step may be one with % in place of the number.
	either := regexp.QuoteMeta(name) + `\b[^=]*:|` + strings.TrimRight(regexp.QuoteMeta(name), "1234") + `%:`
	return regexp.MustCompile(`(?m)^(` + either + `)`).MatchString(makefile)
}

var inline = regexp.MustCompile("`([^`\n]+)`")

// codeOf returns what stands in fences and between backticks.
func codeOf(text string) string {
	var code strings.Builder
	for _, match := range fence.FindAllStringSubmatch(text, -1) {
		code.WriteString(match[2] + "\n")
	}
	for _, match := range inline.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		code.WriteString(match[1] + "\n")
	}
	return code.String()
}

func TestCodeThatIsShownIsInTheCode(t *testing.T) {
	var source strings.Builder
	for _, text := range files(t, ".go") {
		source.WriteString(flatten(text) + "\n\n")
	}
	for path, text := range guides(t) {
		for _, match := range fence.FindAllStringSubmatch(text, -1) {
			shown := match[1] == "go" || match[1] == "lua"
			if shown && !strings.Contains(source.String(), flatten(match[2])) {
				t.Errorf("%s shows code that is in no file:\n%s", path, match[2])
			}
		}
	}
}

// flatten drops the indentation, which a guide may cut.
func flatten(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

func TestFencesSayWhatTheyAre(t *testing.T) {
	for path, text := range guides(t) {
		for _, match := range fence.FindAllStringSubmatch(text, -1) {
			if match[1] == "" {
				t.Errorf("%s has a fence without a language:\n%s", path, match[2])
			}
			if match[1] == "sh" && regexp.MustCompile(`(?m)^\$ `).MatchString(match[2]) {
				t.Errorf("%s has a prompt in a command, which is copied with it:\n%s", path, match[2])
			}
		}
	}
}

// diffBlock is a fence that begins with the two files it compares.
var diffBlock = regexp.MustCompile("(?ms)^<!-- diff (\\S+) (\\S+) -->\n```diff\n.*?^```$")

func TestDiffsInTheGuidesAreTheRealOnes(t *testing.T) {
	blocks := 0
	for path, text := range guides(t) {
		fresh := diffBlock.ReplaceAllStringFunc(text, func(block string) string {
			blocks++
			names := diffBlock.FindStringSubmatch(block)
			return "<!-- diff " + names[1] + " " + names[2] + " -->\n```diff\n" + diff(t, names[1], names[2]) + "```"
		})
		if fresh == text {
			continue
		}
		if !*update {
			t.Errorf("a diff in %s is not what the files say. Write it anew: go test ./tools/docs -update", path)
		} else if err := os.WriteFile(filepath.Join(root, path), []byte(fresh), 0o644); err != nil {
			t.Error(err)
		}
	}
	if blocks == 0 {
		t.Error("no guide shows a diff")
	}
}

// diff returns the hunks that git finds between two files of the repository,
// without the lines that name the files and their hashes.
func diff(t *testing.T, from, to string) string {
	t.Helper()
	cmd := exec.Command("git", "-c", "core.pager=", "diff", "--no-index", "--no-color", "--unified=1", "--diff-algorithm=histogram", from, to)
	cmd.Dir = root
	out, err := cmd.Output()
	var exit *exec.ExitError
	// git says 1 where the files differ.
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("git diff: %v", err)
	}
	_, hunks, found := bytes.Cut(out, []byte("\n@@"))
	if !found {
		t.Fatalf("%s and %s do not differ", from, to)
	}
	return regexp.MustCompile(`(?m)^@@ .*$`).ReplaceAllString("@@"+string(hunks), "@@")
}
