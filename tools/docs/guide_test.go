package docs

import (
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// step is one thing that the reader of a guide does.
type step struct {
	line    int
	command string   // a block of shell commands
	actions []action // or actions in a browser, or with a running app
	// The rest says how the block is run:
	notHere     string // the reason why it is not run
	interactive bool   // the output contains lines that the reader types after a prompt
	terminal    int    // it keeps running in this terminal,
	until       string // and the guide continues once it has printed this
	output      *element
}

// action is one action in a comment "do".
type action struct {
	verb, argument string
	// texts must be on the page. For wait, the program must print them.
	texts []string
}

var (
	runMarker = regexp.MustCompile(`^run: (?:not here, because (.+)|(interactive)|(?:terminal (\d), )?until "([^"]+)")$`)
	anAction  = regexp.MustCompile(`^(browser \d|restart|kill|wait \d+m?s|wait "[^"]*"|(?:login [\w.-]+|logout|load(?: \d+)?)(?: "[^"]*")*)(?:, |$)`)
	quoted    = regexp.MustCompile(`"([^"]*)"`)
	// Other tests read these comments.
	otherMarker = regexp.MustCompile(`^(diff|files|from) `)
)

// steps returns the steps of the reader of a guide. Each problem names a line
// that it does not understand.
func steps(text string) (found []step, problems []problem) {
	all := append(parse(text), element{kind: "end"})
	for i, e := range all {
		switch {
		case e.kind == aHeading:
			// An output belongs to a command in the same section.
			found = append(found, step{})
		case e.kind == aComment:
			actions, wrong := understand(e, all[i+1])
			if wrong != nil {
				problems = append(problems, *wrong)
			}
			if actions != nil {
				found = append(found, step{line: e.line, actions: actions})
			}
		case e.kind == aFence && e.lang == "":
			problems = append(problems, problem{e.line, "a fence that says its language", "none"})
		case e.lang == "sh" || e.lang == "text" && strings.HasPrefix(e.mark, "run: not here"):
			found = append(found, newStep(e))
		case e.lang == "text" && e.mark != "figure":
			last := len(found) - 1
			if last < 0 || found[last].line == 0 || found[last].output != nil {
				problems = append(problems, problem{e.line, "a command before its output, or the comment figure if this is not an output", "a text fence alone"})
				continue
			}
			found[last].output = &e
		}
	}
	return slices.DeleteFunc(found, func(s step) bool { return s.line == 0 }), problems
}

// understand returns the actions in a comment, or the mistake in it.
func understand(comment, next element) ([]action, *problem) {
	actions, isDo := strings.CutPrefix(comment.text, "do: ")
	switch {
	case isDo:
		found, misread := parseActions(actions)
		if misread != "" {
			return nil, &problem{comment.line, "actions like: login aaa, load 3 \"Visits: 4\", wait 11s, restart", misread}
		}
		return found, nil
	case comment.text == "figure" || runMarker.MatchString(comment.text):
		if next.kind != aFence {
			return nil, &problem{comment.line, "a fence right below the comment", string(next.kind)}
		}
	case !otherMarker.MatchString(comment.text):
		return nil, &problem{comment.line, `run: until "TEXT" | run: terminal N, until "TEXT" | run: interactive | run: not here, because REASON | do: | figure | diff | files | from`, comment.text}
	}
	return nil, nil
}

func newStep(fence element) step {
	s := step{line: fence.line, command: fence.text}
	if parts := runMarker.FindStringSubmatch(fence.mark); parts != nil {
		s.notHere, s.interactive, s.until = parts[1], parts[2] != "", parts[4]
		s.terminal, _ = strconv.Atoi(parts[3])
	}
	if s.until != "" && s.terminal == 0 {
		s.terminal = 1
	}
	return s
}

// parseActions returns the actions, or else the rest that it cannot read.
func parseActions(text string) (found []action, misread string) {
	for text != "" {
		match := anAction.FindStringSubmatch(text)
		if match == nil {
			return nil, text
		}
		var a action
		a.verb, a.argument, _ = strings.Cut(strings.TrimSpace(quoted.ReplaceAllString(match[1], "")), " ")
		for _, words := range quoted.FindAllStringSubmatch(match[1], -1) {
			a.texts = append(a.texts, words[1])
		}
		found = append(found, a)
		text = text[len(match[0]):]
	}
	return found, ""
}

// problem is a place in which a guide is wrong.
type problem struct {
	line          int
	expected, got string
}

// in returns the problem with the path of its guide, in a form that most
// editors turn into a link.
func (p problem) in(path string) string {
	return fmt.Sprintf("%s:%d:\n  expected:\n%s  got:\n%s", path, p.line, indent(p.expected), indent(p.got))
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}

// withCommands returns the guides that have something to run. It leaves out
// translations: another test checks that they have the same commands.
func withCommands(t *testing.T) (paths []string) {
	t.Helper()
	for path, text := range guides(t) {
		hasCommand := slices.ContainsFunc(parse(text), func(e element) bool { return e.lang == "sh" })
		if hasCommand && !isTranslation(path) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// reasons are the allowed reasons to leave out a block.
var reasons = []string{
	"it needs an AWS account", "each session has a key of its own", "the reader has a clone already",
	"this is itself one of these tests", "TestOffline does it with the archive", "it needs a project of your own",
	"it takes ten minutes and a machine that does nothing else",
}

func TestMarkersInTheGuidesAreUnderstood(t *testing.T) {
	for _, path := range withCommands(t) {
		found, problems := steps(read(t, filepath.Join(root, path)))
		for _, s := range found {
			if s.notHere != "" && !slices.Contains(reasons, s.notHere) {
				problems = append(problems, problem{s.line, "a block that is run, or one of the known reasons", s.notHere})
			}
		}
		for _, p := range problems {
			t.Error(p.in(path))
		}
	}
}

func TestStepsOfAGuide(t *testing.T) {
	found, problems := steps(read(t, "testdata/guides/markers.md"))
	want := []step{
		{line: 5, command: "echo one\n"},
		{line: 16, command: "serve\n", terminal: 2, until: "is running"},
		{line: 24, actions: []action{
			{"browser", "2", nil}, {"login", "aaa", []string{"Visits: 1", "a, b"}}, {"wait", "11s", nil}, {"load", "3", nil},
		}},
		{line: 27, command: "never\n", notHere: "it would never end"},
	}
	for i := range found {
		if hasOutput := found[i].output != nil; hasOutput != (i < 2) {
			t.Errorf("step %d has an output: %v", i+1, hasOutput)
		}
		found[i].output = nil
	}
	if !reflect.DeepEqual(found, want) {
		t.Errorf("the steps are %+v, want %+v", found, want)
	}
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.line)
	}
	if want := []int{36, 40, 42, 44, 46, 49, 55}; !slices.Equal(lines, want) {
		t.Errorf("problems at lines %v, want %v: %v", lines, want, problems)
	}
}
