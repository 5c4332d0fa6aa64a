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

// TestMain also runs the process that follows one guide, in its own namespace.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "follow" {
		os.Exit(followInNamespace(os.Args[2], os.Args[3]))
	}
	os.Exit(m.Run())
}

// TestGuidesSayWhatHappens does everything that the guides tell their readers
// to do. Each guide gets a clean copy of the repository, and its own network
// and process numbers, so that ports 5000 and 6379 are free and no process is
// left. The copy is mounted over the repository, only for that guide, so that
// the build cache of this machine is valid there too.
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

// follow returns the output of the process that follows a guide, and an error
// if it has found a problem.
func follow(guide, dir string, env []string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(self, "follow", guide, dir)
	cmd.Env = env
	cmd.SysProcAttr = namespaces()
	// The process ends with this one: see followInNamespace.
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	defer lifeline.Close()
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// namespaces are the new namespaces of a process. On most systems a user who is
// not root may have them too, by being root in a new user namespace.
func namespaces() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		attributes.Cloneflags |= syscall.CLONE_NEWUSER
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return attributes
}

// needReader skips a test that follows guides, if this machine cannot do it, or
// if the guides are being written.
func needReader(t *testing.T) {
	t.Helper()
	if *update || *translated != "" {
		t.Skip("the guides are being written, not followed")
	}
	for _, program := range []string{"bash", "make", "git", "curl", "redis-cli", "ip", "mount"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("NOT tested: the commands in the guides. That needs %s, which is not on the PATH", program)
		}
	}
	cmd := exec.Command("true")
	cmd.SysProcAttr = namespaces()
	if err := cmd.Run(); err != nil {
		t.Skipf("NOT tested: the commands in the guides. That needs a network namespace, which root may create, and other users on some systems: %v", err)
	}
}

// environment returns the environment of a reader, without settings that change
// what the workshop does. It has the build cache of this machine, and the flags
// with which the cache was filled.
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

// warmUp builds with a network what the guides build without one.
func warmUp(t *testing.T) {
	t.Helper()
	cmd := exec.Command("sh", "-c", `go build -buildvcs=false -o "$0" ./step[0-9]-* ./tools/workshop`, t.TempDir())
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
}

// download gets the modules that the package needs. In a new clone they may be
// missing, and the guides have no network.
func download(t *testing.T, path string) {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", path)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go list: %v\n%s", err, output)
	}
}

// TestTheReaderFindsProblems follows guides that are wrong.
func TestTheReaderFindsProblems(t *testing.T) {
	needReader(t)
	download(t, "./step2-visits")
	env, dir := environment(t), clone.Copy(t, root)
	for _, c := range []struct {
		guide string
		want  []string // empty if the guide is right
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
