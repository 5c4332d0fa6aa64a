package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// element is a part of a guide that the tests look at: a heading, a comment,
// or a fence. All else is prose.
type element struct {
	line int // of its first line, counted from 1
	kind kind
	lang string // of a fence
	// text is what is inside a fence or a comment, the whole line of a
	// heading, and of prose.
	text string
}

type kind string

const (
	aHeading kind = "heading"
	aComment kind = "comment"
	aFence   kind = "fence"
	prose    kind = "prose"
)

// parse splits a guide into its elements, without the empty lines.
func parse(text string) []element {
	var found []element
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		e := element{line: i + 1, kind: prose, text: lines[i]}
		switch line := lines[i]; {
		case strings.TrimSpace(line) == "":
			continue
		case strings.HasPrefix(line, "```"):
			e.kind, e.lang = aFence, strings.TrimPrefix(line, "```")
			e.text, i = until(lines, i+1, func(line string) bool { return line == "```" })
		case strings.HasPrefix(line, "<!--"):
			end := func(line string) bool { return strings.HasSuffix(line, "-->") }
			e.kind = aComment
			if !end(line) {
				var rest string
				rest, i = until(lines, i+1, end)
				e.text += "\n" + rest
			}
			e.text = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(e.text, "<!--"), "-->"))
		case heading.MatchString(line):
			e.kind = aHeading
		}
		found = append(found, e)
	}
	return found
}

// until returns the lines from the given one to the one before the end, and
// where the end is.
func until(lines []string, from int, isEnd func(string) bool) (text string, end int) {
	end = from
	for end < len(lines) && !isEnd(lines[end]) {
		end++
	}
	for _, line := range lines[min(from, len(lines)):min(end, len(lines))] {
		text += line + "\n"
	}
	return text, end
}

// step is one thing that the reader of a guide does.
type step struct {
	line    int
	command string   // a block of shell
	actions []action // or what is done in a browser, or with a running app
	// how the block is run:
	notHere     string // why it is not run
	interactive bool   // the output has lines that are typed after a prompt
	terminal    int    // it stays running, in this terminal,
	until       string // and goes on once it has printed this
	output      *element
}

// action is one of the things in a comment "do".
type action struct {
	verb, argument string
	texts          []string // which must be on the page
}

var (
	runMarker = regexp.MustCompile(`^run: (?:not here, because (.+)|(interactive)|(?:terminal (\d), )?until "([^"]+)")$`)
	doMarker  = regexp.MustCompile(`^do: (.+)$`)
	anAction  = regexp.MustCompile(`^(browser|login|logout|load|wait|restart|kill)(?: ([\w.-]+))?((?: "[^"]*")*)(?:, |$)`)
	quoted    = regexp.MustCompile(`"([^"]*)"`)
	// Other comments belong to other tests.
	otherMarker = regexp.MustCompile(`^(diff|files|from) `)
)

// steps turns a guide into what its reader does. The errors name the line of
// what cannot be understood.
func steps(text string) (found []step, problems []problem) {
	var marker *element // waits for its fence
	var figure bool
	report := func(e element, expected, got string) {
		problems = append(problems, problem{e.line, expected, got})
	}
	for _, e := range parse(text) {
		if marker != nil && e.kind != aFence {
			report(*marker, "a fence right below the comment", string(e.kind))
			marker = nil
		}
		switch {
		case e.kind == aComment && strings.HasPrefix(e.text, "run:"):
			if !runMarker.MatchString(e.text) {
				report(e, `run: until "TEXT" | run: terminal N, until "TEXT" | run: interactive | run: not here, because REASON`, e.text)
				continue
			}
			marker = &e
		case e.kind == aComment && strings.HasPrefix(e.text, "do:"):
			actions, err := parseActions(doMarker.FindStringSubmatch(e.text))
			if err != nil {
				report(e, "actions like: login aaa, load 3 \"Visits: 4\", wait 11s, restart", err.Error())
				continue
			}
			found = append(found, step{line: e.line, actions: actions})
		case e.kind == aComment && e.text == "figure":
			figure = true
		case e.kind == aComment && !otherMarker.MatchString(e.text):
			report(e, "a comment that begins with run:, do:, figure, diff, files or from", e.text)
		case e.kind == aHeading:
			// An output belongs to a command of its own section.
			found = append(found, step{})
		case e.kind == aFence && e.lang == "sh":
			found = append(found, newStep(e, marker))
			marker = nil
		case e.kind == aFence && e.lang == "text" && !figure:
			last := len(found) - 1
			switch {
			case marker != nil && runMarker.FindStringSubmatch(marker.text)[1] != "":
				found = append(found, newStep(e, marker))
			case last < 0 || found[last].line == 0 || found[last].output != nil:
				report(e, "a command before its output, or the comment figure where this is none", "a text fence alone")
			default:
				found[last].output = &e
			}
			marker = nil
		case e.kind == aFence:
			figure, marker = false, nil
		}
	}
	return slices.DeleteFunc(found, func(s step) bool { return s.line == 0 }), problems
}

func newStep(fence element, marker *element) step {
	s := step{line: fence.line, command: fence.text}
	if marker != nil {
		parts := runMarker.FindStringSubmatch(marker.text)
		s.notHere, s.interactive, s.until = parts[1], parts[2] != "", parts[4]
		s.terminal, _ = strconv.Atoi(parts[3])
	}
	if s.until != "" && s.terminal == 0 {
		s.terminal = 1
	}
	return s
}

func parseActions(match []string) (found []action, err error) {
	if match == nil {
		return nil, fmt.Errorf("nothing")
	}
	for rest := match[1]; rest != ""; {
		parts := anAction.FindStringSubmatch(rest)
		if parts == nil {
			return nil, fmt.Errorf("%s", rest)
		}
		a := action{verb: parts[1], argument: parts[2]}
		for _, text := range quoted.FindAllStringSubmatch(parts[3], -1) {
			a.texts = append(a.texts, text[1])
		}
		if err := a.check(); err != nil {
			return nil, err
		}
		found = append(found, a)
		rest = rest[len(parts[0]):]
	}
	return found, nil
}

func (a action) check() error {
	_, notNumber := strconv.Atoi(a.argument)
	_, notTime := time.ParseDuration(a.argument)
	var ok bool
	switch a.verb {
	case "login":
		ok = a.argument != ""
	case "load":
		ok = a.argument == "" || notNumber == nil
	case "browser":
		ok = notNumber == nil
	case "wait":
		ok = (notTime == nil) != (len(a.texts) == 1)
	default:
		ok = a.argument == ""
	}
	if !ok {
		return fmt.Errorf("%s %s", a.verb, a.argument)
	}
	return nil
}

// problem is where a guide does not say what happens.
type problem struct {
	line          int
	expected, got string
}

// in names the guide. The message can be clicked on in most editors.
func (p problem) in(path string) string {
	return fmt.Sprintf("%s:%d:\n  expected:\n%s  got:\n%s", path, p.line, indent(p.expected), indent(p.got))
}

func indent(text string) string {
	var all strings.Builder
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		all.WriteString("    " + line)
	}
	return all.String()
}

// withCommands are the guides that have something to run. A translation has
// the same commands, which another test sees to.
func withCommands(t *testing.T) (paths []string) {
	t.Helper()
	for path, text := range guides(t) {
		hasCommand := slices.ContainsFunc(parse(text), func(e element) bool { return e.kind == aFence && e.lang == "sh" })
		if hasCommand && !isTranslation(path) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

func TestMarkersInTheGuidesAreUnderstood(t *testing.T) {
	for _, path := range withCommands(t) {
		_, problems := steps(read(t, filepath.Join(root, path)))
		for _, p := range problems {
			t.Error(p.in(path))
		}
	}
}

// mostNotRun is how many blocks the guides may have that no test runs. It is
// to fall, not to rise. Those that can never be run here, and those that
// another test runs, do not count.
const mostNotRun = 3

var otherReasons = []string{"it needs an AWS account", "TestOffline does it with the archive"}

func TestFewBlocksAreNotRun(t *testing.T) {
	var list []string
	for _, path := range withCommands(t) {
		found, _ := steps(read(t, filepath.Join(root, path)))
		for _, s := range found {
			if s.notHere != "" && !slices.Contains(otherReasons, s.notHere) {
				list = append(list, fmt.Sprintf("%s:%d is not run, because %s", path, s.line, s.notHere))
			}
		}
	}
	t.Log(strings.Join(list, "\n"))
	if len(list) > mostNotRun {
		t.Errorf("%d blocks are not run, at most %d may be:\n%s", len(list), mostNotRun, strings.Join(list, "\n"))
	}
}

func TestStepsOfAGuide(t *testing.T) {
	text := read(t, "testdata/guides/markers.md")
	found, problems := steps(text)
	want := []step{
		{line: 5, command: "echo one\n"},
		{line: 16, command: "serve\n", terminal: 2, until: "is running"},
		{line: 24, actions: []action{{verb: "browser", argument: "2"}, {verb: "login", argument: "aaa", texts: []string{"Visits: 1", "a, b"}}, {verb: "wait", argument: "11s"}, {verb: "load", argument: "3"}}},
		{line: 27, command: "never\n", notHere: "it would never end"},
	}
	if len(found) != len(want) {
		t.Fatalf("%d steps, want %d: %+v", len(found), len(want), found)
	}
	for i, got := range found {
		hasOutput := got.output != nil
		got.output = nil
		if fmt.Sprint(got) != fmt.Sprint(want[i]) || hasOutput != (i < 2) {
			t.Errorf("step %d is %+v, output %v, want %+v", i+1, got, hasOutput, want[i])
		}
	}
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.line)
	}
	if wantLines := []int{36, 40, 42, 44, 46, 49, 55}; !slices.Equal(lines, wantLines) {
		t.Errorf("problems at lines %v, want %v: %v", lines, wantLines, problems)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
