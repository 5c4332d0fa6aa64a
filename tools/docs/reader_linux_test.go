package docs

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// reader does what a guide says, as a person with a browser and some terminals
// would.
type reader struct {
	dir      string // the copy of the repository
	env      []string
	shell    *shell
	running  map[int]*server
	browsers map[int]*http.Client
	recent   int // the terminal in which something was started last
	problems []problem
}

// server is a block that stays running.
type server struct {
	*terminal
	block step
}

func newReader(dir, scratch string, env []string) (*reader, error) {
	shell, err := openShell(env, dir, scratch)
	if err != nil {
		return nil, err
	}
	return &reader{dir: dir, env: env, shell: shell, running: map[int]*server{}, browsers: map[int]*http.Client{}}, nil
}

// errStuck ends a guide: what follows could only go wrong too.
var errStuck = errors.New("the guide cannot go on")

// follow does all steps of a guide and then stops what is still running.
func (r *reader) follow(all []step) []problem {
	defer r.shell.close()
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

// run does a block that ends by itself.
func (r *reader) run(s step) error {
	output, failed, err := r.shell.run(s)
	if err != nil {
		return r.report(s.line, "an end. What stays running needs the comment run: until \"TEXT\"", err.Error()+":\n"+output)
	}
	if failed != 0 {
		_ = r.report(failed, "every command with exit status 0", "a command that failed. The block printed:\n"+output)
	}
	if s.output != nil && normal(output) != normal(s.output.text) {
		_ = r.report(s.output.line, s.output.text, output)
	}
	return nil
}

// start runs a block that stays, in its terminal. What ran there before is
// stopped first, as a person would have to.
func (r *reader) start(s step) error {
	if r.running[s.terminal] != nil {
		if err := r.stop(s.terminal); err != nil {
			return err
		}
	}
	cmd := exec.Command("bash", "-c", s.command)
	cmd.Dir, cmd.Env = r.dir, r.env
	t, err := open(cmd, nil)
	if err != nil {
		return r.report(s.line, "a program that starts", err.Error())
	}
	r.running[s.terminal], r.recent = &server{t, s}, s.terminal
	if !t.waitFor(func(output string) bool { return strings.Contains(output, s.until) }) {
		return r.report(s.line, fmt.Sprintf("a program that prints %q and stays", s.until), t.said())
	}
	if s.output != nil && !t.waitFor(func(output string) bool { return strings.Contains(normal(output), normal(s.output.text)) }) {
		return r.report(s.output.line, s.output.text, t.said())
	}
	return nil
}

func (r *reader) stop(number int) error {
	s := r.running[number]
	delete(r.running, number)
	if err := s.interrupt(); err != nil {
		return r.report(s.block.line, "a program that stays until Ctrl+C, and ends then", err.Error())
	}
	return nil
}

// talk types the lines that come after a prompt, and compares all of it.
func (r *reader) talk(s step) error {
	if s.output == nil {
		return r.report(s.line, "a text fence with what is typed after a prompt, and the answers", "none")
	}
	prompt, _, found := strings.Cut(s.output.text, "> ")
	if !found || strings.Contains(prompt, "\n") {
		return r.report(s.output.line, "a first line with a prompt that ends in \"> \"", s.output.text)
	}
	prompt += "> "
	cmd := exec.Command("bash", "-c", s.command)
	cmd.Dir, cmd.Env = r.dir, r.env
	t, err := open(cmd, nil)
	if err != nil {
		return r.report(s.line, "a program that starts", err.Error())
	}
	defer t.close()
	prompts := 1
	asks := func(output string) bool {
		return strings.HasSuffix(output, prompt) && strings.Count(output, prompt) >= prompts
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
	said = prompt + strings.TrimSuffix(said, prompt)
	if normal(said) != normal(s.output.text) {
		_ = r.report(s.output.line, s.output.text, said)
	}
	return nil
}

// act does what is done in a browser or with a running app, and compares what
// its pages count with the fence that follows.
func (r *reader) act(s step) error {
	who := 1
	var visits []string
	for _, a := range s.actions {
		var pages []string
		var err error
		switch a.verb {
		case "browser":
			who, _ = strconv.Atoi(a.argument)
		case "login":
			pages, err = r.open(who, 1, "/login", url.Values{"username": {a.argument}})
		case "logout":
			pages, err = r.open(who, 1, "/logout", url.Values{})
		case "load":
			times, _ := strconv.Atoi(a.argument)
			pages, err = r.open(who, max(times, 1), "/", nil)
		case "restart":
			again := r.running[r.recent]
			if again == nil {
				return r.report(s.line, "something that runs and can be restarted", "nothing")
			}
			again.block.output = nil
			if err := r.start(again.block); err != nil {
				return err
			}
		case "kill":
			err = r.kill()
		case "wait":
			if err := r.wait(s.line, a); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return r.report(s.line, a.verb+" "+a.argument, err.Error())
		}
		for _, page := range pages {
			visits = append(visits, visitsIn(page)...)
		}
		for _, text := range a.texts {
			if len(pages) == 0 || !strings.Contains(pages[len(pages)-1], text) {
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

var address = regexp.MustCompile(`is running: (http://\S+)`)

// open loads a page in a browser, by POST where there is a form. It returns
// the text of each page that the browser ends up on.
func (r *reader) open(who, times int, path string, form url.Values) (pages []string, err error) {
	var base string
	if s := r.running[r.recent]; s != nil {
		if match := address.FindStringSubmatch(s.said()); match != nil {
			base = match[1]
		}
	}
	if base == "" {
		return nil, errors.New("no app is running that has printed its address")
	}
	if r.browsers[who] == nil {
		jar, _ := cookiejar.New(nil)
		r.browsers[who] = &http.Client{Jar: jar, Timeout: 5 * time.Minute}
	}
	for range times {
		var response *http.Response
		if form == nil {
			response, err = r.browsers[who].Get(base + path)
		} else {
			response, err = r.browsers[who].PostForm(base+path, form)
		}
		if err != nil {
			return pages, err
		}
		page, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return pages, err
		}
		text := regexp.MustCompile(`\s+`).ReplaceAllString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(page), " "), " ")
		if response.StatusCode != http.StatusOK {
			return pages, fmt.Errorf("the page says %s: %s", response.Status, text)
		}
		pages = append(pages, text)
	}
	return pages, nil
}

// kill does the first "kill -9 …" that the running program has printed.
func (r *reader) kill() error {
	var command string
	s := r.running[r.recent]
	if s != nil {
		command = regexp.MustCompile(`kill -9 \d+`).FindString(s.said())
	}
	if command == "" {
		return errors.New("nothing that runs has printed a command that begins with kill -9")
	}
	if err := exec.Command("bash", "-c", command).Run(); err != nil {
		return err
	}
	// A process that is killed can still take a request until it is gone.
	process := "process " + strings.TrimPrefix(command, "kill -9 ") + " has ended"
	if !s.waitFor(func(output string) bool { return strings.Contains(output, process) }) {
		return fmt.Errorf("it was killed, and what runs has not printed %q:\n%s", process, s.said())
	}
	return nil
}

// wait waits for a time, as the guide tells its reader to, or until the
// running program prints something.
func (r *reader) wait(line int, a action) error {
	if len(a.texts) == 0 {
		d, _ := time.ParseDuration(a.argument)
		time.Sleep(d)
		return nil
	}
	s := r.running[r.recent]
	if s == nil {
		return r.report(line, "something that runs", "nothing")
	}
	if !s.waitFor(func(output string) bool { return strings.Contains(output, a.texts[0]) }) {
		return r.report(line, a.texts[0], s.said())
	}
	return nil
}

// followInNamespace is the process that TestMain becomes in namespaces of its
// own. It prints the problems that it finds in the guide.
func followInNamespace(guide, name, dir, repository string) (status int) {
	// Tests that run in the background ignore Ctrl+C, and those under nohup the
	// end of a terminal. Children inherit that, and a shell cannot change it. A
	// signal that is caught here has its default effect in the children.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGTERM)
	// The other end is held by the test, and ends with it.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	scratch, err := os.MkdirTemp("", "guide-")
	if err == nil {
		defer os.RemoveAll(scratch)
		err = loopbackUp()
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(guide)
	}
	if err == nil {
		err = mountOver(repository, dir)
	}
	var r *reader
	if err == nil {
		r, err = newReader(repository, scratch, append(os.Environ(), "HOME="+scratch))
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	all, problems := steps(string(text))
	if len(problems) == 0 {
		problems = r.follow(all)
	}
	for _, p := range problems {
		fmt.Println(p.in(name))
		status = 1
	}
	return status
}
