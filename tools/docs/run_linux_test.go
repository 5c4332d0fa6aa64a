package docs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"example.com/session-workshop/check/testall"
)

// TestMain also runs what follows one guide, in a namespace of its own.
func TestMain(m *testing.M) {
	if len(os.Args) == 6 && os.Args[1] == "follow" {
		os.Exit(followInNamespace(os.Args[2], os.Args[3], os.Args[4], os.Args[5]))
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
	if *update || *translated != "" {
		t.Skip("the guides are written, and not followed")
	}
	needPrograms(t)
	needNamespaces(t)
	env := environment(t)
	warmUp(t)
	for _, path := range withCommands(t) {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			output, err := follow(filepath.Join(root, path), path, cleanCopy(t), env)
			if err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}

// follow returns what the process that follows a guide says, and an error
// where that has found a problem.
func follow(guide, name, dir string, env []string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	guide, err = filepath.Abs(guide)
	if err != nil {
		return "", err
	}
	here, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	cmd := exec.Command(self, "follow", guide, name, dir, here)
	cmd.Env = env
	cmd.SysProcAttr = namespaces()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	// It ends with this process: see followInNamespace.
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	defer lifeline.Close()
	err = cmd.Run()
	return output.String(), err
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

func needNamespaces(t *testing.T) {
	t.Helper()
	cmd := exec.Command("true")
	cmd.SysProcAttr = namespaces()
	if err := cmd.Run(); err != nil {
		t.Skipf("NOT tested: what the guides say. That needs a network namespace, which root may make, and others on some systems: %v", err)
	}
}

func needPrograms(t *testing.T) {
	t.Helper()
	for _, program := range []string{"bash", "make", "git", "curl", "redis-cli"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("NOT tested: what the guides say. That needs %s, which is not on the PATH", program)
		}
	}
}

// mountOver puts the copy in the place of the repository, for this process and
// its children.
func mountOver(repository, dir string) error {
	// Without this the mount would be seen outside.
	err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	if err == nil {
		err = unix.Mount(dir, repository, "", unix.MS_BIND, "")
	}
	if err != nil {
		return fmt.Errorf("mount %s over %s: %w", dir, repository, err)
	}
	return nil
}

// loopbackUp turns on the only network device of a fresh namespace.
func loopbackUp() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq("lo")
	if err == nil {
		err = unix.IoctlIfreq(socket, unix.SIOCGIFFLAGS, request)
	}
	if err == nil {
		request.SetUint16(request.Uint16() | unix.IFF_UP)
		err = unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
	}
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	return nil
}

// environment is that of a reader: nothing is set that changes what the
// workshop does. The build cache is this machine's, and so are the flags under
// which it has been filled.
func environment(t *testing.T) []string {
	t.Helper()
	env := []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "LANG=C.UTF-8", "TERM=dumb",
		"GOPROXY=off", "GOTOOLCHAIN=local", "GOFLAGS=" + os.Getenv("GOFLAGS")}
	output, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		t.Fatal(err)
	}
	for i, value := range strings.Split(strings.TrimSpace(string(output)), "\n") {
		env = append(env, []string{"GOCACHE", "GOMODCACHE", "GOPATH"}[i]+"="+value)
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

// cleanCopy is what a clone would be, with the changes that are not committed
// yet.
func cleanCopy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range tracked(t, ".") {
		content, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, and not committed
		}
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(root, name))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), content, info.Mode().Perm())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestTheReaderNotices follows guides that are wrong.
func TestTheReaderNotices(t *testing.T) {
	if *update || *translated != "" {
		t.Skip("the guides are written, and nothing is followed")
	}
	needPrograms(t)
	needNamespaces(t)
	env, dir := environment(t), cleanCopy(t)
	for _, c := range []struct {
		guide string
		want  []string // nothing where the guide is right
	}{
		{"right", nil},
		{"output", []string{"output.md:7:\n  expected:\n    two\n  got:\n    one\n"}},
		{"command", []string{"command.md:7:\n  expected:\n    every command with exit status 0\n", "No such file"}},
		{"pipe", []string{"pipe.md:4:\n  expected:\n    every command with exit status 0\n"}},
		{"missing-server", []string{"missing-server.md:3:\n", "no app is running"}},
		{"dead-server", []string{"dead-server.md:4:\n", `prints "is running"`, "the port is taken"}},
		{"stubborn-server", []string{"stubborn-server.md:4:\n", "it ended badly after Ctrl+C", "exit status 3"}},
		{"page", []string{"page.md:10:\n  expected:\n    Visits: 2\n  got:\n    Visits: 1\n    Visits: 2\n", "page.md:8:\n  expected:\n    Visits: 7\n"}},
		{"conversation", []string{"conversation.md:8:\n  expected:\n    > 1\n    two\n  got:\n    > 1\n    one\n"}},
	} {
		t.Run(c.guide, func(t *testing.T) {
			t.Parallel()
			output, err := follow("testdata/guides/"+c.guide+".md", c.guide+".md", dir, env)
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
