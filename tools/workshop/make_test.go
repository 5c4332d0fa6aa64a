package main

import (
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"

	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/repotest"
)

// makeIn runs make in a folder, first in a script and then on a terminal, and
// returns the output of each.
func makeIn(t *testing.T, dir string, args ...string) (script, terminal string) {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("NOT tested: the Makefile. That needs make, which is not on the PATH")
	}
	command := func() *exec.Cmd {
		cmd := exec.Command("make", args...)
		cmd.Dir = dir
		return cmd
	}
	piped := command()
	said, err := piped.CombinedOutput()
	if err == nil {
		t.Errorf("make %q succeeds in a script:\n%s", args, said)
	}
	typed := command()
	tty, err := pty.Start(typed)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	// On a terminal the end of the output is an error.
	text, _ := io.ReadAll(tty)
	if err := typed.Wait(); err != nil {
		t.Errorf("make %q on a terminal: %v, for which make prints a line:\n%s", args, err, text)
	}
	// On a busy machine it takes long to see that nothing is to be built.
	quick := strings.NewReplacer("\r", "", "Building what has changed ...\n", "", "Building what has changed ...\r\n", "")
	return quick.Replace(string(said)), quick.Replace(string(text))
}

func TestAnUnknownTargetIsAnsweredInOneLine(t *testing.T) {
	for _, c := range []struct{ folder, slip string }{
		{".", "step9"},
		{".", "chek3"},
		{".", "check"}, // also a folder
		{"step3-ttl", "chek3"},
	} {
		script, terminal := makeIn(t, filepath.Join(repository, c.folder), c.slip)
		repotest.WantText(t, script, `There is no "make `+c.slip+`".`)
		if !strings.HasPrefix(terminal, `There is no "make `+c.slip+`". The steps are 1 to 4`) || strings.Count(terminal, "\n") != 1 {
			t.Errorf("make %s in %s prints:\n%s", c.slip, c.folder, terminal)
		}
	}
}

// An input method that was left on makes a target of make of the setting.
func TestMakeTakesFullWidthLetters(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("NOT tested: the Makefile. That needs make, which is not on the PATH")
	}
	for typed, want := range map[string]string{
		"learn ARGS=３": "workshop learn ３ ", "learn ＡＲＧＳ=３": "workshop learn ３ ", "learn ARGS＝３": "workshop learn ３ ",
		"scale ＳＴＥＰ＝1 Ｎ＝３": "workshop scale -n ３ 1 ", "step３": "step3-ttl", "watch３": "watch 3",
		"check３ BOARD＝http://192.168.1.20:5050/k7f3qz": "workshop check  ３ ",
	} {
		for _, folder := range []string{".", "step3-ttl"} {
			cmd := exec.Command("make", append([]string{"--dry-run"}, strings.Fields(typed)...)...)
			cmd.Dir = filepath.Join(repository, folder)
			said, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("make %s in %s: %v", typed, folder, err)
			}
			repotest.WantText(t, string(said), want)
		}
	}
}

func TestMakeSpeaksTheLanguageOfTheUser(t *testing.T) {
	t.Setenv("LANG", "ja_JP.UTF-8")
	const english, japanese = `There is no "make chek3".`, `"make chek3" はありません。`
	script, terminal := makeIn(t, repository, "chek3")
	repotest.WantText(t, script, english)
	repotest.WantText(t, terminal, japanese)
	for _, c := range []struct{ variable, says, lists string }{
		{"WORKSHOP_LANG=ja", japanese, "\n学ぶ\nmake doctor             このマシンの"},
		{"WORKSHOP_LANG=en", english, "\nLearn\nmake doctor             check whether"},
	} {
		name, value, _ := strings.Cut(c.variable, "=")
		t.Setenv(name, value)
		script, _ := makeIn(t, repository, "chek3")
		repotest.WantText(t, script, c.says)
		repotest.WantText(t, repotest.Run(t, repository, "make", "help"), c.lists)
	}
}

func TestEachTargetIsListedInJapanese(t *testing.T) {
	t.Setenv("WORKSHOP_LANG", "ja")
	listed := regexp.MustCompile(`(?m)^(make \S+) +(.*)$`).FindAllStringSubmatch(repotest.Run(t, repository, "make", "help"), -1)
	if len(listed) < 20 {
		t.Errorf("%d targets are listed", len(listed))
	}
	for _, target := range listed {
		if !regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}]`).MatchString(target[2]) {
			t.Errorf("%s is explained as %q; in the Makefile the Japanese is after the English and a |", target[1], target[2])
		}
	}
}

func TestMakePrintsNothingAfterAProgramOnATerminal(t *testing.T) {
	testall.Only(t)
	root := repotest.Copy(t)
	const hint = "there is no my-step1 yet. Begin it: make start1\n"
	script, terminal := makeIn(t, root, "check1")
	repotest.WantText(t, script, "Building, once: this takes up to a minute ...\n"+hint)
	if terminal != hint {
		t.Errorf("the second time it prints:\n%s", terminal)
	}
	repotest.Run(t, root, "make", "start1")
	// A learner is often in the folder of the copy.
	_, terminal = makeIn(t, filepath.Join(root, "my-step1"), "start1")
	if !strings.HasSuffix(terminal, "To begin again, with a backup: make reset1\n") {
		t.Errorf("in the learner's folder it prints:\n%s", terminal)
	}
}

// Settings of the go command for other projects, and variables of other
// programs, must not stop or change a command of make.
func TestMakeIgnoresVariablesOfOtherPrograms(t *testing.T) {
	testall.Only(t)
	root, app := repotest.Copy(t), httptest.NewServer(programs.Right(1, nil, 0))
	defer app.Close()
	const unknown = "there is no my-step1 yet"
	for _, c := range []struct {
		env  string
		args []string
		says []string
	}{
		{"GOFLAGS=-mod=mod", []string{"check1"}, []string{unknown}},
		{"GOFLAGS=-modcacherw -mod=vendor", []string{"check1"}, []string{unknown}},
		{"GOWORK=off", []string{"check1"}, []string{unknown}},
		{"GO111MODULE=off", []string{"check1"}, []string{unknown}},
		{"GOFLAGS=nonsense -C=..", []string{"check1"}, []string{unknown}},
		{"GOEXPERIMENT=nonsense", []string{"check1"}, []string{unknown}},
		{"GOROOT=/nowhere", []string{"check1"}, []string{unknown}},
		{"GOTOOLCHAIN=go1.20", []string{"check1"}, []string{unknown}},
		{"GOOS=plan9", []string{"check1"}, []string{unknown}},
		{"ARGS=-nonsense", []string{"check1"}, []string{unknown}},
		{"TO=nowhere", []string{"take"}, []string{"take: where to?"}},
		{"URL=" + app.URL, []string{"check1"}, []string{unknown, "URL of this shell is not read: "}},
		{"URL=http://other.example", []string{"check1", "URL=" + app.URL}, []string{"Passed: all"}},
		{"STEP=2", []string{"scale", "STEP=nowhere"}, []string{"scale: this is not the folder"}},
		{"N=nine", []string{"scale", "STEP=nowhere"}, []string{"scale: this is not the folder"}},
		{"HINT=1", []string{"check１", "ＨＩＮＴ=９"}, []string{"HINT: there is no such hint"}},
		{"HINT=1", []string{"check1", "HINT＝９"}, []string{"HINT: there is no such hint"}},
		{"URL=http://other.example", []string{"check1", "ＵＲＬ＝" + app.URL}, []string{"Passed: all"}},
		{"ARGS=1", []string{"learn", "ARGS＝９"}, []string{"there is no step 9"}},
		{"ARGS=1", []string{"learn", "ＡＲＧＳ=９"}, []string{"there is no step 9"}},
	} {
		cmd := exec.Command("make", c.args...)
		name, value, _ := strings.Cut(c.env, "=")
		cmd.Dir, cmd.Env = root, append(os.Environ(), name+"="+value)
		said, _ := cmd.CombinedOutput()
		t.Log(c.env, c.args)
		repotest.WantText(t, string(said), c.says...)
	}
	// make takes a password with a space in it for more than one target.
	for _, typed := range []string{"redis://:hunter2@host", "hunter2 redis://:a@host", "redis://:a hunter2 b@host"} {
		said, _ := exec.Command("make", append([]string{"-C", root}, strings.Fields(typed)...)...).CombinedOutput()
		if repotest.WantText(t, string(said), "There is no"); strings.Contains(string(said), "hunter2") {
			t.Errorf("a password is printed: %s", said)
		}
	}
}

// The go command cannot write the program if bin is a file. Its own message is
// above ours.
func TestMakeSaysWhatToCheckIfNothingWasBuilt(t *testing.T) {
	testall.Only(t)
	root := repotest.Copy(t)
	repotest.Write(t, filepath.Join(root, "bin"), "")
	_, terminal := makeIn(t, root, "step1")
	repotest.WantText(t, terminal, "The build failed, for the reason above.", "free space")
	if strings.Contains(terminal, "*** [") {
		t.Errorf("make reports an error:\n%s", terminal)
	}
}

// In the folder of a step, make runs a second make.
func TestMakeReportsNoErrorAfterCtrlC(t *testing.T) {
	testall.Only(t)
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("NOT tested: the Makefile. That needs make, which is not on the PATH")
	}
	cmd := exec.Command("make", "step1")
	cmd.Dir, cmd.Env = filepath.Join(repotest.Copy(t), "step1-no-redis"), append(os.Environ(), "PORT=0")
	var tty *os.File
	read := make(chan struct{})
	app := begin(t, cmd, func(out io.Writer) (err error) {
		tty, err = pty.Start(cmd)
		go func() {
			defer close(read)
			_, _ = io.Copy(out, tty)
		}()
		return err
	})
	defer tty.Close()
	app.WaitFor(`(Stop) it: Ctrl`)
	if _, err := tty.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	<-app.Ended
	<-read
	// The message would be "make: *** [Makefile:22: step1] Interrupt". If make
	// learns late of Ctrl+C, it may complain that its child has already ended.
	if strings.Contains(app.String(), "*** [") {
		t.Errorf("make reports an error:\n%s", app)
	}
}
