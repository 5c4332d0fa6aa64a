package kit_test

import (
	"archive/zip"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/kit"
	"example.com/session-workshop/tools/internal/machine"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/netns"
	"example.com/session-workshop/tools/internal/repotest"
)

// roomVariable names the folder of the unpacked kit, for the process in which
// this test runs again without a network.
const roomVariable = "WORKSHOP_TEST_ROOM"

// proxyVariable is set if only a proxy cuts that process off.
const proxyVariable = "WORKSHOP_TEST_DEAD_PROXY"

// TestOffline builds the kit, unpacks it as a learner would, and runs the
// workshop from it, with an empty module cache and an empty home folder.
func TestOffline(t *testing.T) {
	testall.Only(t)
	if room := os.Getenv(roomVariable); room != "" {
		inTheRoom(t, room)
		return
	}
	root, err := modules.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	archive := filepath.Join(dir, "kit.zip")
	var said bytes.Buffer
	packed := kit.Kit{Root: root, Out: &said, WithImage: true}
	if err := packed.Write(t.Context(), archive); err != nil {
		needModuleProxy(t)
		t.Fatalf("%v\n%s", err, said.String())
	}
	unpack(t, archive, dir)
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	inside := withoutNetwork(t, roomVariable+"="+filepath.Join(dir, kit.Name),
		"HOME="+home, "USERPROFILE="+home, "GOENV=off", "GOPATH="+filepath.Join(home, "go"), "GOMODCACHE=",
		// The build cache contains no module, and saves building again.
		"GOPROXY=", "GOFLAGS=-modcacherw "+os.Getenv("GOFLAGS"), "GOCACHE="+strings.TrimSpace(repotest.Run(t, ".", "go", "env", "GOCACHE")))
	for _, want := range []string{"Next: ", "--- PASS: TestOffline", "Redis image: Loaded image"} {
		if strings.Contains(want, "image") && strings.Contains(said.String(), "Redis image: none") {
			needDocker(t)
		}
		if !strings.Contains(inside, want) {
			t.Errorf("without a network it does not print %q:\n%s", want, inside)
		}
	}
}

// needDocker skips a test if Docker does not answer. It fails if REQUIRE_REDIS
// demands a container.
func needDocker(t *testing.T) {
	t.Helper()
	err := machine.AskDocker(t.Context())
	switch {
	case err == nil:
	case slices.Contains(strings.Split(os.Getenv("REQUIRE_REDIS"), ","), "container"):
		t.Fatalf("REQUIRE_REDIS asks for a container: %v", err)
	default:
		t.Skipf("NOT tested: the image in the offline kit (%v)", err)
	}
}

// needModuleProxy skips a test if this machine cannot download modules: the kit
// also has modules of other systems, which are not in this cache.
func needModuleProxy(t *testing.T) {
	t.Helper()
	fetch := exec.Command("go", "mod", "download", "-json", "github.com/labstack/echo/v4@latest")
	fetch.Dir = t.TempDir()
	fetch.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-modcacherw", "GOMODCACHE="+t.TempDir())
	if said, err := fetch.CombinedOutput(); err != nil {
		t.Skipf("NOT tested: the offline kit. It has modules for other systems, which cannot be downloaded here: %s", said)
	}
}

func reachesOthers(addr net.Addr) bool {
	network, ok := addr.(*net.IPNet)
	return !ok || !network.IP.IsLoopback()
}

// inTheRoom does what a learner does with the kit.
func inTheRoom(t *testing.T, room string) {
	if addrs, err := net.InterfaceAddrs(); os.Getenv(proxyVariable) == "" && (err != nil || slices.ContainsFunc(addrs, reachesOthers)) {
		t.Fatalf("there is a network, so this test would prove nothing: %v %v", addrs, err)
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
	app, err := launch.Start(t.Context(), launch.Options{Binary: step3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Kill)
	// A Redis of this machine may hold other names.
	name := "offline-" + filepath.Base(filepath.Dir(step3))
	visitor := repotest.NewVisitor(t)
	visitor.Login(app.URL, name).Wants("Logged in as "+name, "Visits: 1")
	visitor.Get(app.URL).Wants("Visits: 2")
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
	if err := os.CopyFS(dir, r); err != nil {
		t.Fatal(err)
	}
}

// withoutNetwork runs the test again in a process that reaches only this
// machine, and returns its output.
func withoutNetwork(t *testing.T, env ...string) string {
	t.Helper()
	again := netns.Again(t)
	again.Env = append(again.Env, env...)
	said, isolated, err := netns.Isolate(again)
	if !isolated {
		t.Logf("no network namespace here (%v): cut off by a proxy that does not answer", err)
		again = netns.Again(t)
		const dead = "http://127.0.0.1:9"
		again.Env = slices.Concat(again.Env, env, []string{proxyVariable + "=yes", "HTTP_PROXY=" + dead, "HTTPS_PROXY=" + dead, "NO_PROXY=127.0.0.1,localhost"})
		var output []byte
		output, err = again.CombinedOutput()
		said = string(output)
	}
	if err != nil {
		t.Fatalf("without a network: %v\n%s", err, said)
	}
	return said
}

func TestOfflineOutsideAClone(t *testing.T) {
	dir := t.TempDir()
	repotest.Write(t, filepath.Join(dir, "go.work"), "go 1.26.0\n")
	packed := kit.Kit{Root: dir, Out: &bytes.Buffer{}}
	err := packed.Write(t.Context(), filepath.Join(dir, "kit.zip"))
	if err == nil || !strings.Contains(err.Error(), "a clone of its repository") {
		t.Errorf("the error is %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.*p")); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
}
