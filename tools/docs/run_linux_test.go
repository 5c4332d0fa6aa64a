package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/clone"
)

// TestMain also runs what follows one guide, in a namespace of its own.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "follow" {
		os.Exit(followInNamespace(os.Args[2], os.Args[3]))
	}
	os.Exit(m.Run())
}

// TestGuidesSayWhatHappens does all that the guides tell their readers to do.
// Each guide has a clean copy of the repository, and a network and process
// numbers of its own, so that port 5000 and 6379 are free, and nothing is left
// running. The copy is mounted over the repository, for that guide alone: what
// this machine has built of it is good there too.
func TestGuidesSayWhatHappens(t *testing.T) {
	testall.Only(t)
	needReader(t)
	env := environment(t)
	warmUp(t)
	for _, path := range withCommands(t) {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			output, err := follow(filepath.Join(root, path), clone.Copy(t, root), env)
			if err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}

// follow returns what the process that follows a guide says, and an error if
// that has found a problem.
func follow(guide, dir string, env []string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(self, "follow", guide, dir)
	cmd.Env = env
	cmd.SysProcAttr = namespaces()
	// It ends with this process: see followInNamespace.
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	defer lifeline.Close()
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// namespaces are what a process has of its own. A user who is not root may
// have them too, on most systems, by being root in one more namespace.
func namespaces() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		attributes.Cloneflags |= syscall.CLONE_NEWUSER
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return attributes
}

// needReader skips a test that follows guides, if this machine cannot do that,
// or if the guides are being written.
func needReader(t *testing.T) {
	t.Helper()
	if *update || *translated != "" {
		t.Skip("the guides are written, and not followed")
	}
	for _, program := range []string{"bash", "make", "git", "curl", "redis-cli", "ip", "mount"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("NOT tested: what the guides say. That needs %s, which is not on the PATH", program)
		}
	}
	cmd := exec.Command("true")
	cmd.SysProcAttr = namespaces()
	if err := cmd.Run(); err != nil {
		t.Skipf("NOT tested: what the guides say. That needs a network namespace, which root may make, and others on some systems: %v", err)
	}
}

// environment is that of a reader: nothing is set that changes what the
// workshop does. The build cache is this machine's, and so are the flags under
// which it has been filled.
func environment(t *testing.T) []string {
	t.Helper()
	env := []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "LANG=C.UTF-8", "TERM=dumb",
		"GOPROXY=off", "GOTOOLCHAIN=local", "GOFLAGS=" + os.Getenv("GOFLAGS")}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(value)))
	}
	return env
}

// warmUp builds, with a network, what the guides build without one.
func warmUp(t *testing.T) {
	t.Helper()
	cmd := exec.Command("sh", "-c", `go build -buildvcs=false -o "$0" ./step[0-9]-* ./tools/workshop`, t.TempDir())
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
}

// TestTheReaderNotices follows guides that are wrong.
func TestTheReaderNotices(t *testing.T) {
	needReader(t)
	env, dir := environment(t), clone.Copy(t, root)
	for _, c := range []struct {
		guide string
		want  []string // nothing where the guide is right
	}{
		{"right", nil},
		{"output", []string{"output.md:7:\n  expected:\n    two\n  got:\n    one\n"}},
		{"command", []string{"command.md:7:\n  expected:\n    every command with exit status 0\n", "No such file"}},
		{"pipe", []string{"pipe.md:4:\n  expected:\n    every command with exit status 0\n"}},
		{"missing-server", []string{"missing-server.md:3:\n", "no app is running"}},
		{"dead-server", []string{"dead-server.md:4:\n", `has not printed "is running"`, "the port is taken"}},
		{"stubborn-server", []string{"stubborn-server.md:4:\n", "it ended badly after Ctrl+C", "exit status 3"}},
		{"page", []string{"page.md:10:\n  expected:\n    Visits: 2\n  got:\n    Visits: 1\n    Visits: 2\n", "page.md:8:\n  expected:\n    Visits: 7\n"}},
		{"conversation", []string{"conversation.md:8:\n  expected:\n    > 1\n    two\n  got:\n    > 1\n    one\n"}},
	} {
		t.Run(c.guide, func(t *testing.T) {
			t.Parallel()
			output, err := follow("testdata/guides/"+c.guide+".md", dir, env)
			if (err == nil) != (c.want == nil) {
				t.Errorf("error %v:\n%s", err, output)
			}
			for _, want := range c.want {
				if !strings.Contains(output, want) {
					t.Errorf("it says:\n%s\nwant in it:\n%s", output, want)
				}
			}
		})
	}
}
