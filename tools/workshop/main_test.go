package main

import (
	"context"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/loopback"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/tools/internal/repotest"
)

// repository is the root of the tested checkout.
const repository = "../.."

// program returns the path of the built program of a folder.
func program(t *testing.T, folder string) string {
	t.Helper()
	binary, err := steptest.Program(folder)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// process is a running command.
type process struct {
	*repotest.Running
	cmd *exec.Cmd
}

// start runs the workshop command in dir, with env added to the environment.
func start(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	return startTyping(t, nil, dir, env, args...)
}

// startTyping is start for a command that reads its input from typed.
func startTyping(t *testing.T, typed io.Reader, dir string, env []string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(program(t, "."), args...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, append(os.Environ(), env...), typed
	return begin(t, cmd, func(out io.Writer) error {
		cmd.Stdout, cmd.Stderr = out, out
		return cmd.Start()
	})
}

// begin starts a command by a function, which receives the writer for its
// output.
func begin(t *testing.T, cmd *exec.Cmd, start func(out io.Writer) error) *process {
	t.Helper()
	begun := make(chan error)
	p := &process{cmd: cmd, Running: repotest.Go(t, func(ctx context.Context, r *repotest.Running) error {
		err := start(r)
		begun <- err
		if err != nil {
			return err
		}
		defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
		return cmd.Wait()
	})}
	if err := <-begun; err != nil {
		t.Fatal(err)
	}
	return p
}

// interrupt sends Ctrl+C. The process must then end with this status.
func (p *process) interrupt(status int) {
	p.T.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.T.Fatal(err)
	}
	p.wantEnd(status)
}

func (p *process) wantEnd(status int) {
	p.T.Helper()
	select {
	case <-p.Ended:
	case <-time.After(repotest.Patience):
		p.T.Fatalf("it has not ended within %v:\n%s", repotest.Patience, p)
	}
	if got := p.cmd.ProcessState.ExitCode(); got != status {
		p.T.Errorf("status %d, want %d:\n%s", got, status, p)
	}
}

// do runs a command that must end with this status, and returns its output.
func do(t *testing.T, dir string, status int, env []string, args ...string) string {
	t.Helper()
	p := start(t, dir, env, args...)
	p.wantEnd(status)
	return p.String()
}

// startStep3 starts step 3 with more settings.
func startStep3(t *testing.T, env ...string) *launch.App {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	app, err := launch.Start(ctx, launch.Options{Binary: program(t, repository+"/step3-ttl"), Env: append(env, "PORT=0", "SESSION_TTL=10m")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Kill)
	return app
}

func port(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// The error says what is wrong, and never repeats a word that may be a
// password.
func TestCommandsRefuseInvalidArguments(t *testing.T) {
	taken := httptest.NewServer(nil)
	defer taken.Close()
	busy, free := port(taken.Listener.Addr().String()), loopback.Closed(t)
	noRedis := map[string]string{"REDIS_URL": "redis://:secret@" + free}
	embedded := map[string]string{"REDIS_URL": "redis://" + embeddedRedis(t)}
	for _, c := range []struct {
		command string
		env     map[string]string
		says    []string
	}{
		{"nothing", nil, []string{`the first word is not one of these commands`}},
		{"watch", nil, []string{"watch: which step?"}},
		{"watch 9", nil, []string{"watch: there is no step 9"}},
		{"watch nowhere", nil, []string{"watch: this is not the folder of a step"}},
		{"watch 3 -ttl 2m", nil, []string{"after two dashes"}},
		{"scale 7", nil, []string{"there is no step 7", "1 to 4, memory"}},
		{"scale nowhere", nil, []string{"scale: this is not the folder of a step"}},
		{"scale my-step3", nil, []string{"scale: there is no my-step3 yet. Begin it: make start3"}},
		{"scale -n 0 1", nil, []string{"0 servers", "1 to 9"}},
		{"scale -n 10 1", nil, []string{"10 servers", "1 to 9"}},
		{"scale 1 2", nil, []string{"one word too many", "scale -n 3 4"}},
		{"scale 1", map[string]string{"PORT": busy}, []string{"PORT: " + busy, "answers there already", "choose another"}},
		{"scale 1", map[string]string{"PORT": "seven"}, []string{"PORT:", "is not a port"}},
		{"board -code abc", nil, []string{"board: -code: a join code has 6 to 32 letters a-z and digits 0-9"}},
		{"board -code 日本語日本語", nil, []string{"board: -code: a join code has 6 to 32"}},
		{"board -code assets", nil, []string{"is an address of the board itself"}},
		{"board -port x", nil, []string{"PORT: this is not a port"}},
		{"board -port " + busy, embedded, []string{"PORT: " + busy + " is taken"}},
		{"board -port 0 -redis-url redis://" + free, nil, []string{"REDIS_URL: redis://" + free + ": no server answers there"}},
		{"board -redis-url http://127.0.0.1", nil, []string{"REDIS_URL: it must begin with redis://"}},
		{"board now", nil, []string{"board: word 1 is not an option; -h lists them"}},
		{"redis now", nil, []string{"redis: word 1 is not an option", "-port 6380"}},
		{"redis -port " + busy, nil, []string{busy + " is taken", "choose another port", "-port 6380"}},
		{"cli", noRedis, []string{"cli: REDIS_URL", free, "connection refused", "make redis"}},
		{"monitor", noRedis, []string{"monitor: REDIS_URL", free, "connection refused", "make redis"}},
		{"monitor", embedded, []string{"does not have MONITOR", "The panel below each page", "make redis"}},
		{"monitor now", nil, []string{"monitor: word 1 is not an option"}},
		{"cookie one two", nil, []string{"cookie: give one address"}},
		{"cookie http://ada:secret@" + free, nil, []string{"cookie: no app answers there"}},
		{"cookie http://%secret", nil, []string{"cookie: the address must be like http://127.0.0.1:5000"}},
		{"check", nil, []string{"check: which step?"}},
		{"check three", nil, []string{"check: which step?"}},
		{"check 5", nil, []string{"there is no step 5"}},
		{"check -hint 4 3", nil, []string{"HINT: there is no such hint"}},
		{"check -only nothing 3", nil, []string{"ONLY: step 3 has no check of this name. It has:"}},
		{"check -ttl 1500ms 3", nil, []string{"whole seconds"}},
		{"learn 9", nil, []string{"there is no step 9: use 1 to 4"}},
		{"learn 3 4", nil, []string{"learn: give one step", "make learn ARGS=3"}},
		{"take", nil, []string{"take: where to?", "make take TO=../svc/internal"}},
		{"take ../../docs", nil, []string{"take: ", "is inside the workshop"}},
		{"rename", nil, []string{"rename: give one path", "rename github.com/YOUR-NAME/session-workshop"}},
		{"rename https://me:secret@github.com/you/class", nil, []string{"rename: this is not the path of a Go module", "without https://"}},
		{"start 0", nil, []string{"there is no step 0"}},
		{"solve", nil, []string{"solve: which step?"}},
		{"deploy-build -arch mips", nil, []string{"-arch arm64"}},
		{"elasticache-local now", nil, []string{"elasticache-local: word 1 is not an option"}},
		{"offline now", nil, []string{"offline: word 1 is not an option"}},
		{"redis -port redis://:secret@host", nil, []string{"the flag -port is unknown, or its value is missing or invalid"}},
		{"scale -n secret 4", nil, []string{"scale: -n must be a number of servers, 1 to 9"}},
		{"watch redis://:secret@host", nil, []string{"watch: this is not the folder of a step"}},
		{"board -redis-url redis://:my secret@host", nil, []string{"board: word 3 is not an option", "needs quotes"}},
		{"board -redis-ulr=redis://:secret@host", nil, []string{"the flag -redis-ulr is unknown"}},
		{"redis://:secret@host", nil, []string{"the first word is not one of these commands"}},
		{"secret", nil, []string{"the first word is not one of these commands"}},
		{"scale 3 secret", nil, []string{"one word too many"}},
		{"watch 3 secret", nil, []string{"two dashes"}},
		{"learn 3 redis://:secret@host", nil, []string{"make learn ARGS=3"}},
		{"learn -redis-url=redis://:secret@host 3", nil, []string{"the flag -redis-url is unknown"}},
		{"take redis://:secret@host", nil, []string{"take: TO is the folder"}},
		{"take -to=secret", nil, []string{"the flag -to is unknown"}},
		{"board -steps secret", nil, []string{"-steps: use numbers from 1 to 4"}},
		{"check 3", map[string]string{"ONLY": "secret"}, []string{"ONLY: step 3 has no check of this name"}},
		{"check 3", map[string]string{"EX": "redis://:secret@host"}, []string{"EX: step 3 has no exercise of this name"}},
		{"check -url secret://host 3", nil, []string{"URL: this is not the address of an app"}},
		{"check -url http://ada:secret@" + free + " 3", nil, []string{"URL: http://" + free + ": no app answers there"}},
	} {
		t.Run(c.command, func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			err := run(t.Context(), strings.Fields(c.command))
			if err == nil {
				t.Fatal("it returned no error")
			}
			repotest.WantText(t, err.Error(), c.says...)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("a password is printed: %v", err)
			}
		})
	}
}

func TestTheProgramEndsWithAStatus(t *testing.T) {
	outside := t.TempDir()
	repotest.WantText(t, do(t, outside, 0, nil, "watch", "-h"), "Usage: go run ./tools/workshop watch STEP")
	repotest.WantText(t, do(t, outside, 1, nil, "scale"), "run this inside the workshop's folder")
	repotest.WantText(t, do(t, outside, 2, nil), "Usage: go run ./tools/workshop COMMAND", "watch 3")
}

func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	for _, c := range [][]string{{".", "help"}, {".", "status"}, {".", "check", "-h"}, {"../doctor"}} {
		// As on a full disk, each write fails.
		readOnly, err := os.Open("main.go")
		if err != nil {
			t.Fatal(err)
		}
		defer readOnly.Close()
		var failure strings.Builder
		cmd := exec.Command(program(t, c[0]), c[1:]...)
		cmd.Stdout, cmd.Stderr = readOnly, &failure
		err = cmd.Run()
		if cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("%q ended with %v, want status 1", c, err)
		}
		repotest.WantText(t, failure.String(), "the output could not be written: ", "bad file descriptor")
	}
}

// A terminal that is closed leaves no temporary folder behind.
func TestAClosedTerminalEndsAProgramCleanly(t *testing.T) {
	// Under nohup the signal is ignored, and a child inherits that. A signal
	// that is caught here has its default effect in a child.
	closed := make(chan os.Signal, 1)
	signal.Notify(closed, syscall.SIGHUP)
	defer signal.Stop(closed)
	p := start(t, ".", nil, "redis", "-port", "0")
	p.WaitFor(`(Stop) it: `)
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.wantEnd(0)
	repotest.WantText(t, p.String(), "Redis has stopped.")
}

func embeddedRedis(t *testing.T) (addr string) {
	t.Helper()
	return start(t, ".", nil, "redis", "-port", "0").WaitFor(`running on (\S+)\. It is the embedded one`)
}

// Without a home folder or a folder for temporary files, the go command fails
// for a reason that is not in the learner's code.
func TestACheckThatTheMachinePreventsBlamesNoCode(t *testing.T) {
	root := repotest.Copy(t)
	repotest.Run(t, root, program(t, "."), "start", "1")
	for env, want := range map[string]string{
		"TMPDIR=" + filepath.Join(root, "missing"): "unset TMPDIR",
		"HOME=": "Set HOME",
	} {
		p := start(t, root, []string{env, "GOPATH=", "GOCACHE=", "GOMODCACHE="}, "check", "1")
		<-p.Ended
		if p.Err == nil || !strings.Contains(p.String(), want) || strings.Contains(p.String(), "compile") || strings.Contains(p.String(), "exit status") {
			t.Errorf("with %s: %v\n%s", env, p.Err, p)
		}
	}
}
