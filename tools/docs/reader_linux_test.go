package docs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"example.com/session-workshop/check/browse"
)

// reader does what a guide says, as a user with a browser and some terminals
// would.
type reader struct {
	scratch  string        // a folder for the files of the reader
	running  [10]*terminal // by the number of the terminal
	latest   *terminal     // the program that was started last
	browsers map[int]*browse.Browser
	browser  int // the number of the present one
	problems []problem
}

// errStuck ends a guide, because everything that follows could only fail too.
var errStuck = errors.New("the guide cannot go on")

// follow does all steps of a guide, and then stops everything that is still
// running.
func (r *reader) follow(all []step) []problem {
	for _, s := range all {
		if r.take(s) != nil {
			break
		}
	}
	for number := range r.running {
		_ = r.stop(number)
	}
	return r.problems
}

func (r *reader) take(s step) error {
	switch {
	case s.notHere != "":
		return nil
	case s.actions != nil:
		return r.act(s)
	case s.until != "":
		return r.start(s)
	case s.interactive:
		return r.talk(s)
	default:
		return r.run(s)
	}
}

func (r *reader) report(line int, expected, got string) error {
	r.problems = append(r.problems, problem{line, expected, got})
	return errStuck
}

// compare reports an output that is not the shown one. The guide continues.
func (r *reader) compare(s step, output string) {
	if s.output != nil && normal(output) != normal(s.output.text) {
		_ = r.report(s.output.line, s.output.text, output)
	}
}

// resume gives a block the variables and the folder of the blocks before it, as
// in one terminal.
const resume = `. "$0/state" 2>/dev/null && cd "$PWD"
`

// withState runs a block in bash. It saves the variables and the folder for the
// next block, and the line of the guide in which the first command failed, or
// 0.
const withState = resume + `rm -f "$0/state"
set -o pipefail
guide_failed=0
trap 'if [ $guide_failed = 0 ]; then guide_failed=$LINENO; fi' ERR
. <(printf %s "$1") </dev/null
trap - ERR
declare -p | grep -v " LINENO=" >"$0/state"`

var failedLine = regexp.MustCompile(`guide_failed="(\d+)"`)

// run runs a block that ends.
func (r *reader) run(s step) error {
	// Empty lines before the block make bash count lines as the guide does.
	t, err := r.open(s.line, withState, strings.Repeat("\n", s.line)+s.command)
	if err != nil {
		return err
	}
	defer t.close()
	if !eventually(t.ended) {
		return r.report(s.line, "an end. What stays running needs the comment run: until \"TEXT\"", t.said())
	}
	state, _ := os.ReadFile(r.scratch + "/state")
	if match := failedLine.FindSubmatch(state); match == nil {
		return r.report(s.line, "a block that does not end the shell", t.said())
	} else if line, _ := strconv.Atoi(string(match[1])); line != 0 {
		_ = r.report(line, "every command with exit status 0", "a command that failed. The block printed:\n"+t.said())
	}
	r.compare(s, t.said())
	return nil
}

// open runs commands in a new terminal.
func (r *reader) open(line int, commands string, args ...string) (*terminal, error) {
	cmd := exec.Command("bash", append([]string{"-c", commands, r.scratch}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+r.scratch)
	t, err := openTerminal(cmd)
	if err != nil {
		return nil, r.report(line, "a program that starts", err.Error())
	}
	return t, nil
}

// start runs a block that keeps running, in its terminal. It first stops the
// program that ran there, as a user would have to.
func (r *reader) start(s step) error {
	if err := r.stop(s.terminal); err != nil {
		return err
	}
	t, err := r.open(s.line, resume+s.command)
	if err != nil {
		return err
	}
	t.block = s
	r.latest, r.running[s.terminal] = t, t
	if err := t.mustSay(s.until); err != nil {
		return r.report(s.line, "a program that prints this, and stays", err.Error())
	}
	if s.output != nil && !t.waitFor(func(output string) bool { return strings.Contains(normal(output), normal(s.output.text)) }) {
		return r.report(s.output.line, s.output.text, t.said())
	}
	return nil
}

func (r *reader) stop(number int) error {
	s := r.running[number]
	if s == nil {
		return nil
	}
	r.running[number] = nil
	if err := s.interrupt(); err != nil {
		return r.report(s.block.line, "a program that stays until Ctrl+C, and ends then", err.Error())
	}
	return nil
}

// talk types the lines after a prompt, and compares the whole output.
func (r *reader) talk(s step) error {
	var prompt string
	if s.output != nil {
		prompt = regexp.MustCompile(`^.*?> `).FindString(s.output.text)
	}
	if prompt == "" {
		return r.report(s.line, "a text fence that begins with a prompt, such as \"> \", and what is typed after it", "none")
	}
	t, err := r.open(s.line, resume+s.command)
	if err != nil {
		return err
	}
	defer t.close()
	prompts := 0
	asks := func(output string) bool {
		return strings.HasSuffix(output, prompt) && strings.Count(output, prompt) > prompts
	}
	for line := range strings.Lines(s.output.text) {
		typed, isTyped := strings.CutPrefix(line, prompt)
		if !isTyped {
			continue
		}
		if !t.waitFor(asks) {
			return r.report(s.output.line, "the prompt "+prompt, t.said())
		}
		prompts++
		if _, err := io.WriteString(t.tty, typed); err != nil {
			return r.report(s.output.line, "a program that listens", err.Error())
		}
	}
	t.waitFor(asks)
	_, said, _ := strings.Cut(t.said(), prompt)
	r.compare(s, prompt+strings.TrimSuffix(said, prompt))
	return nil
}

// act does actions in a browser or with a running app, and compares the visits
// on the pages with the following fence.
func (r *reader) act(s step) error {
	r.browser = 1
	var visits []string
	for _, a := range s.actions {
		pages, err := r.do(a)
		if errors.Is(err, errStuck) {
			return err // which says why
		}
		if err != nil {
			return r.report(s.line, a.verb+" "+a.argument, err.Error())
		}
		for _, page := range pages {
			visits = append(visits, visitsIn(page)...)
		}
		for _, text := range a.texts {
			if len(pages) > 0 && !strings.Contains(pages[len(pages)-1], text) {
				_ = r.report(s.line, text, strings.Join(pages, "\n"))
			}
		}
	}
	if s.output != nil && !slices.Equal(visits, visitsIn(s.output.text)) {
		_ = r.report(s.output.line, s.output.text, strings.Join(visits, "\n"))
	}
	return nil
}

func visitsIn(text string) []string { return regexp.MustCompile(`Visits: \d+`).FindAllString(text, -1) }

// do does one action, and returns the pages that the browser ended on.
func (r *reader) do(a action) (pages []string, err error) {
	if r.latest == nil {
		return nil, errors.New("no app is running")
	}
	switch a.verb {
	case "browser":
		r.browser, err = strconv.Atoi(a.argument)
	case "login":
		return r.load(1, "/login", url.Values{"username": {a.argument}})
	case "logout":
		return r.load(1, "/logout", url.Values{})
	case "load":
		times, _ := strconv.Atoi(a.argument)
		return r.load(max(times, 1), "/", nil)
	case "restart":
		again := r.latest.block
		again.output = nil
		err = r.start(again)
	case "kill":
		err = r.latest.kill()
	case "wait":
		err = r.wait(a)
	}
	return nil, err
}

var address = regexp.MustCompile(`is running: (http://\S+)`)

// load loads a page of the latest app, by POST if there is a form.
func (r *reader) load(times int, path string, form url.Values) (pages []string, err error) {
	match := address.FindStringSubmatch(r.latest.said())
	if match == nil {
		return nil, errors.New("the running program has not printed its address")
	}
	browser := r.browsers[r.browser]
	if browser == nil {
		browser = browse.New(match[1])
		browser.FollowRedirects()
		r.browsers[r.browser] = browser
	}
	browser.Home = match[1]
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	for range times {
		page, err := browser.Do(context.Background(), method, path, form, nil)
		if err == nil && page.Status != http.StatusOK {
			err = fmt.Errorf("the page says %d: %s", page.Status, page.Text())
		}
		if err != nil {
			return nil, err
		}
		pages = append(pages, page.Text())
	}
	return pages, nil
}

// kill runs the first "kill -9 …" that the program has printed.
func (t *terminal) kill() error {
	command := regexp.MustCompile(`kill -9 \d+`).FindString(t.said())
	if command == "" {
		return errors.New("the running program has printed no command that begins with kill -9")
	}
	if err := exec.Command("bash", "-c", command).Run(); err != nil {
		return err
	}
	// A killed process can still receive a request until it is gone.
	return t.mustSay("process " + strings.TrimPrefix(command, "kill -9 ") + " has ended")
}

// wait waits for a time, as the guide says, or until the running program prints
// a text.
func (r *reader) wait(a action) error {
	if a.argument == "" {
		return r.latest.mustSay(a.texts[0])
	}
	d, err := time.ParseDuration(a.argument)
	time.Sleep(d)
	return err
}

// followInNamespace is the process that TestMain becomes in new namespaces. It
// prints the problems of the guide.
func followInNamespace(guide, dir string) (status int) {
	// Tests in the background ignore Ctrl+C, and those under nohup SIGHUP.
	// Children inherit that, and a shell cannot change it. A signal that is
	// caught here has its default effect in the children.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGTERM)
	// The test holds the other end, which closes when the test ends.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	problems, err := followIn(dir, guide)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for _, p := range problems {
		fmt.Println(p.in(guide))
		status = 1
	}
	return status
}

// followIn follows a guide in a copy of the repository.
func followIn(dir, guide string) ([]problem, error) {
	text, err := os.ReadFile(guide)
	if err != nil {
		return nil, err
	}
	all, problems := steps(string(text))
	if len(problems) > 0 {
		return problems, nil
	}
	scratch, err := os.MkdirTemp("", "guide-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	repository, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	// The copy is mounted over the repository, only for this process and its
	// children: without --make-rprivate the mount would be visible outside.
	const prepare = `ip link set lo up && mount --make-rprivate / && mount --bind "$0" "$1"`
	if said, err := exec.Command("sh", "-c", prepare, dir, repository).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("prepare the namespace: %w\n%s", err, said)
	}
	if err := os.Chdir(repository); err != nil {
		return nil, err
	}
	r := &reader{scratch: scratch, browsers: map[int]*browse.Browser{}}
	return r.follow(all), nil
}
