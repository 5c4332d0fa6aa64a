package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"

	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/tools/internal/netns"
	"example.com/session-workshop/tools/internal/repotest"
)

func TestTheCommandsOfALearner(t *testing.T) {
	root := repotest.Copy(t)
	for _, c := range []struct {
		command string
		status  int
		says    []string
	}{
		{"check １", 1, []string{"make start1"}},
		{"start 1", 0, []string{"my-step1 is ready for you: it is a copy of our step 1 without its cookie", "my-step1/main.go", "make my-step1", "make check1"}},
		{"solve 1", 0, []string{"yours/main.go", "ours/main.go"}},
		{"solve -take 1", 0, []string{"my-step1 is now our solution. Your version is in my-step1-backup-", "make check1"}},
		{"status", 0, []string{"step 1  taken, not checked", "step 2  not started"}},
		{"start 4", 0, []string{"whose four methods are empty", "my-step4/session/store.go", "go test -C my-step4 ./session"}},
		{"reset 4", 0, []string{"my-step4 begins again. Your version is in my-step4-backup-"}},
	} {
		repotest.WantText(t, do(t, root, c.status, nil, strings.Fields(c.command)...), c.says...)
	}
}

func TestCtrlCStopsTheCheckAndTheApp(t *testing.T) {
	// The app is healthy, but never answers a page.
	app, file := repotest.App(t), filepath.Join(t.TempDir(), "address")
	repotest.Change(t, filepath.Join(app, "main.go"), `fmt.Println("a visit")`, `select {}`)
	check := start(t, filepath.Dir(app), []string{"GOWORK=off", "ADDRESS_FILE=" + file}, "check", "1")
	check.WaitFor(`(Checking) my-step1`)
	addr, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	check.interrupt(1)
	repotest.WantText(t, check.String(), "stopped: all that was started")
	if strings.Contains(check.String(), "FAIL") {
		t.Errorf("an interrupt must not be reported as a failure of the app:\n%s", check)
	}
	if netns.Taken(string(addr)) {
		t.Errorf("the app still answers on %s", addr)
	}
}

func TestACheckThatFailsReadsItsVariables(t *testing.T) {
	app := httptest.NewServer(http.NotFoundHandler())
	defer app.Close()
	said := do(t, repository, 1, []string{"HINT=３"}, "check", "-url", app.URL, "1")
	repotest.WantText(t, said, "hint 3: ", "That was the last hint.")
}

func TestColourIsForTerminalsOnly(t *testing.T) {
	app := httptest.NewServer(programs.Right(1, nil, 0))
	defer app.Close()
	for variable, want := range map[string]bool{"TERM=xterm": true, "NO_COLOR=1": false} {
		cmd := exec.Command(program(t, "."), "check", "-url", app.URL, "1")
		cmd.Dir, cmd.Env = repository, append(os.Environ(), "TERM=xterm", variable)
		terminal, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		// On a terminal the end of the output is an error.
		text, _ := io.ReadAll(terminal)
		said := string(text)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", variable, err, said)
		}
		terminal.Close()
		if strings.Contains(said, "\x1b[") != want {
			t.Errorf("%s: colour is %v, want %v:\n%s", variable, !want, want, said)
		}
		repotest.WantText(t, said, "ok", "Passed: all")
	}
}
