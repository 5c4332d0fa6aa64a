package main_test

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/testall"
)

// roomVariable names the folder of an unpacked kit, in a test that runs again
// where there is no network.
const roomVariable = "WORKSHOP_TEST_ROOM"

// proxyVariable tells that test that it is not in a namespace of its own.
const proxyVariable = "WORKSHOP_TEST_DEAD_PROXY"

// TestOffline makes the kit, unpacks it as a learner would, and runs the
// workshop from it, with an empty module cache and an empty home folder.
func TestOffline(t *testing.T) {
	testall.Only(t)
	if room := os.Getenv(roomVariable); room != "" {
		inTheRoom(t, room)
		return
	}
	// It and the learners' tests take the longest, and wait much of the time.
	t.Parallel()
	dir := t.TempDir()
	archive := filepath.Join(dir, "kit.zip")
	output, status := run(t, repository, nil, "offline", "-o", archive)
	if status != 0 {
		needModuleProxy(t)
		t.Fatalf("offline: status %d:\n%s", status, output)
	}
	wantText(t, output, "kit.zip is ready", "https://go.dev/dl/")
	unpack(t, archive, dir)
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	again := exec.Command(os.Args[0], "-test.run=^TestOffline$", "-test.v", "-test.short=false")
	// The build cache holds no module, and what it has need not be built again.
	again.Env = append(os.Environ(),
		roomVariable+"="+filepath.Join(dir, "session-workshop-offline"),
		"HOME="+home, "USERPROFILE="+home, "GOENV=off", "GOPATH="+filepath.Join(home, "go"), "GOMODCACHE=",
		"GOPROXY=", "GOFLAGS=-modcacherw "+os.Getenv("GOFLAGS"), "GOCACHE="+goEnv(t, "GOCACHE"))
	said, err := withoutNetwork(t, again)
	if err != nil {
		t.Fatalf("in the room: %v\n%s", err, said)
	}
	wantText(t, said, "This machine is ready.", "--- PASS: TestOffline")
	if strings.Contains(output, "Redis image: none") {
		needDocker(t)
	}
	wantText(t, said, "Redis image: Loaded image")
}

// needModuleProxy skips a test that has to fetch modules if this machine cannot:
// the kit also has those of other systems, which are in no cache here.
func needModuleProxy(t *testing.T) {
	t.Helper()
	fetch := exec.Command("go", "mod", "download", "-json", "github.com/labstack/echo/v4@latest")
	fetch.Dir = t.TempDir()
	fetch.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-modcacherw", "GOMODCACHE="+t.TempDir())
	if said, err := fetch.CombinedOutput(); err != nil {
		t.Skipf("NOT tested: the offline kit. It has modules for other systems, and none can be fetched here: %s", said)
	}
}

func reachesOthers(addr net.Addr) bool {
	network, ok := addr.(*net.IPNet)
	return !ok || !network.IP.IsLoopback()
}

// inTheRoom is what a learner does with the kit.
func inTheRoom(t *testing.T, room string) {
	if addrs, err := net.InterfaceAddrs(); os.Getenv(proxyVariable) == "" && (err != nil || slices.ContainsFunc(addrs, reachesOthers)) {
		t.Fatalf("there is a network, and this test would prove nothing: %v %v", addrs, err)
	}
	setup := exec.Command("go", "run", "setup.go")
	setup.Dir = room
	output, err := setup.CombinedOutput()
	t.Logf("%s", output)
	if err != nil {
		t.Fatalf("setup: %v", err)
	}
	workshop := filepath.Join(room, "workshop")
	for _, args := range [][]string{
		{"list", "-deps", "-test", "work"},
		{"list", "-C", "tools/browser", "-deps", "-test", "./..."},
	} {
		list := exec.Command("go", args...)
		list.Dir = workshop
		if args[1] == "-C" {
			list.Env = append(os.Environ(), "GOWORK=off")
		}
		if output, err := list.CombinedOutput(); err != nil {
			t.Errorf("go %s, without a network: %v\n%s", strings.Join(args, " "), err, output)
		}
	}
	step3 := filepath.Join(t.TempDir(), "step3.exe")
	if err := launch.Build(t.Context(), filepath.Join(workshop, "step3-ttl"), step3); err != nil {
		t.Fatal(err)
	}
	app, err := launch.Start(context.WithoutCancel(t.Context()), launch.Options{Binary: step3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Kill)
	visitor := newBrowser(t)
	name := "offline-" + filepath.Base(filepath.Dir(step3)) // a Redis of this machine may be in use
	wantText(t, visitor.login(app.URL, name), "Logged in as "+name, "Visits: 1")
	wantText(t, visitor.visit(app.URL), "Visits: 2")
	if strings.Contains(app.Output(), "\x1b") {
		t.Errorf("the step prints escape codes, such as colours:\n%q", app.Output())
	}
}

func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	r, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, file := range r.File {
		if err := unpackFile(file, filepath.Join(dir, filepath.FromSlash(file.Name))); err != nil {
			t.Fatal(err)
		}
	}
}

func unpackFile(file *zip.File, target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	content, err := file.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	out, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY, file.Mode())
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, content)
	return err
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	value, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(value))
}

// withoutNetwork runs a command where it reaches nothing but this machine.
func withoutNetwork(t *testing.T, cmd *exec.Cmd) (string, error) {
	t.Helper()
	said, isolated, err := isolate(cmd)
	if isolated {
		return said, err
	}
	t.Logf("no network namespace here (%v): cut off by a proxy that does not answer", err)
	again := exec.Command(cmd.Path, cmd.Args[1:]...)
	again.Env = cmd.Env
	output, err := behindADeadProxy(again).CombinedOutput()
	return string(output), err
}

// alone reports whether the test runs where nothing else does: with a loopback
// interface of its own, on which no port is taken. If not, alone runs the test
// there, in another process, and returns false. A system without network
// namespaces has one loopback interface, on which port 6379 must be free.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(roomVariable) != "" {
		return true
	}
	again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", fmt.Sprintf("-test.short=%v", testing.Short()))
	again.Env = append(os.Environ(), roomVariable+"="+repository)
	said, isolated, err := isolate(again)
	if !isolated {
		if isTaken("127.0.0.1:6379") {
			t.Skip("NOT tested: what happens without REDIS_URL. Another Redis answers on port 6379, and this system has no network namespace")
		}
		return true
	}
	if err != nil {
		t.Errorf("on a network of its own: %v\n%s", err, said)
	}
	return false
}

// behindADeadProxy is the next best where a process cannot be cut off: what
// asks for anything beyond this machine is refused.
func behindADeadProxy(cmd *exec.Cmd) *exec.Cmd {
	const nobody = "http://127.0.0.1:9"
	cmd.Env = append(cmd.Env, proxyVariable+"=yes", "HTTP_PROXY="+nobody, "HTTPS_PROXY="+nobody, "NO_PROXY=127.0.0.1,localhost")
	return cmd
}

func TestOfflineOutsideAClone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.work"), []byte("go 1.26.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(dir, "kit.zip")
	output, status := run(t, dir, nil, "offline", "-o", archive)
	if status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	wantText(t, output, "no clone of its repository")
	if left, _ := filepath.Glob(filepath.Join(dir, "*.*p")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}
