package main_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/tools/internal/clone"
)

// buildDoctor builds it as on a machine that has fetched nothing and has no
// network: that it builds so is what makes it of use there.
var buildDoctor = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "doctor-")
	if err != nil {
		return "", err
	}
	// The folder lasts as long as the tests.
	if _, err := launch.Lifeline("rm", "-r", dir); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return "", err
	}
	binary := filepath.Join(dir, "doctor.exe")
	empty, err := os.MkdirTemp("", "no-modules-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(empty)
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./tools/doctor")
	build.Dir = repository
	build.Env = append(os.Environ(), "GOMODCACHE="+empty, "GOPROXY=off")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the doctor does not build without a network: %w\n%s", err, output)
	}
	return binary, nil
})

// patient is a machine for the doctor to look at.
type patient struct {
	dir             string   // inside the workshop; empty means a copy of the repository
	port, redisPort string   // empty means a free one
	env, args       []string // in addition
}

// examine returns what the doctor says and its status. The settings of this
// machine are no part of it.
func examine(t *testing.T, p patient) (string, int) {
	t.Helper()
	doctor, err := buildDoctor()
	if err != nil {
		t.Fatal(err)
	}
	if p.dir == "" {
		// This clone may belong to another user, who lets us write nothing.
		p.dir = clone.Copy(t, repository)
	}
	for _, port := range []*string{&p.port, &p.redisPort} {
		if *port == "" {
			*port = unusedPort(t)
		}
	}
	cmd := exec.Command(doctor, append([]string{"-port", p.port, "-redis-port", p.redisPort}, p.args...)...)
	cmd.Dir = p.dir
	for _, line := range os.Environ() {
		name, _, _ := strings.Cut(line, "=")
		if !regexp.MustCompile(`(?i)_proxy$|^(TEST_REDIS|REQUIRE_REDIS|REDIS_IMAGE|UNDER_THE_HOOD|SESSION_MAX_AGE)$`).MatchString(name) {
			cmd.Env = append(cmd.Env, line)
		}
	}
	cmd.Env = append(cmd.Env, p.env...)
	output, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(output), cmd.ProcessState.ExitCode()
}

// diagnose examines, and wants a status and some texts, of the lines as they
// are printed.
func diagnose(t *testing.T, p patient, status int, wanted ...string) string {
	t.Helper()
	output, got := examine(t, p)
	if got != status {
		t.Errorf("status %d, want %d:\n%s", got, status, output)
	}
	wantText(t, output, wanted...)
	return output
}

const repository = "../.."

func wantText(t *testing.T, got string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	value, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(value))
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener := httptest.NewServer(nil)
	defer listener.Close()
	return listener.Listener.Addr().String()
}

func unusedPort(t *testing.T) string {
	t.Helper()
	_, port, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestDoctorOnAReadyMachine(t *testing.T) {
	output := diagnose(t, patient{}, 0,
		"ok    Go: go1.", "ok    modules: all are in the module cache, the network is not needed",
		": free\n", "free; a step brings its own Redis along", "ok    proxy: none is asked",
		"ok    folders: writable", "ok    line ends: LF", "ok    clock: ",
		"This machine is ready.")
	said, block, found := strings.Cut(output, "```text\n")
	block, _, closed := strings.Cut(block, "\n```\n")
	if !found || !closed {
		t.Fatalf("no block to paste:\n%s", output)
	}
	if lines := strings.Split(strings.TrimSpace(output), "\n"); lines[len(lines)-1] != "This machine is ready." {
		t.Errorf("the sum is not its last line:\n%s", output)
	}
	for line := range strings.Lines(said) {
		if regexp.MustCompile(`^(ok|note|fix|ask) `).MatchString(line) && !strings.Contains(block, strings.TrimSpace(line)) {
			t.Errorf("not in the block to paste: %s", line)
		}
	}
	if strange := regexp.MustCompile(`[^\n -~]`).FindString(output); strange != "" {
		t.Errorf("%q is not plain ASCII", strange)
	}
}

func TestDoctorOnATakenPort(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	diagnose(t, patient{port: port}, 0, "taken (on a Mac often by AirPlay); a step takes the next free port")
	diagnose(t, patient{port: port, env: []string{"PORT=" + port}}, 1, "and PORT asks for no other", "\n      "+unsetCommand("PORT"))
}

// Which Redis a step can use, and why not, is what the step itself says.
func TestDoctorLeavesRedisToTheStep(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	diagnose(t, patient{redisPort: port}, 0, "something answers; a step uses it if it is a Redis without a password")
	output := diagnose(t, patient{env: []string{"REDIS_URL=redis://anna:open-sesame@127.0.0.1:1"}}, 0, "a step asks that Redis when it starts", unsetCommand("REDIS_URL"))
	if strings.Contains(output, "open-sesame") || strings.Contains(output, "anna") {
		t.Errorf("the login was printed:\n%s", output)
	}
}

func TestDoctorWithoutAnyProgram(t *testing.T) {
	diagnose(t, patient{env: []string{"PATH=" + t.TempDir()}}, 1,
		"fix   Go: the go command is not on the PATH", "https://go.dev/doc/install", "note  redis-cli: not there")
}

func unsetCommand(name string) string {
	if os.PathSeparator == '\\' {
		return "Remove-Item Env:" + name
	}
	return "unset " + name
}

func TestDoctorOnAProxy(t *testing.T) {
	const proxy = "http://anna:open-sesame@proxy.example.com:3128"
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "ALL_PROXY"} {
		output := diagnose(t, patient{env: []string{name + "=" + proxy}}, 1,
			"fix   proxy: ", " is http://proxy.example.com:3128: curl would ask it for http://127.0.0.1:", "NO_PROXY")
		if strings.Contains(output, "anna") || strings.Contains(output, "open-sesame") {
			t.Errorf("the login of the proxy was printed:\n%s", output)
		}
	}
	diagnose(t, patient{env: []string{"HTTP_PROXY=" + proxy, "NO_PROXY=localhost,127.0.0.1"}}, 0, "none is asked for 127.0.0.1")
	diagnose(t, patient{env: []string{"HTTPS_PROXY=" + proxy}}, 0, "none is asked for 127.0.0.1")
}

func TestDoctorOnAFullDisk(t *testing.T) {
	diagnose(t, patient{args: []string{"-disk", "999999999"}}, 2, "ask   disk: ", "and 999999999 MB are needed", "go clean -cache", "ask for help")
}

func TestDoctorWithModulesToFetch(t *testing.T) {
	// What the go command has fetched for these tests lies there as a proxy
	// would give it.
	proxy := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download"))))
	defer proxy.Close()
	nobody := "http://" + freeAddress(t)
	empty := "GOMODCACHE=" + t.TempDir()
	diagnose(t, patient{env: []string{empty, "GOPROXY=" + proxy.URL}}, 0, "ok    network: modules are still to be fetched, and "+proxy.URL+" answers")
	diagnose(t, patient{env: []string{empty, "GOPROXY=off"}}, 1, "fix   network: ", "GOPROXY=off forbids it", unsetCommand("GOPROXY"), "go env -u GOPROXY")
	output := diagnose(t, patient{env: []string{empty, "GOPROXY=" + strings.Replace(nobody, "http://", "http://anna:open-sesame@", 1)}}, 2,
		"ask   network: ", nobody+" cannot be reached", "make offline")
	if strings.Contains(output, "anna") || strings.Contains(output, "open-sesame") {
		t.Errorf("the login of the proxy was printed:\n%s", output)
	}
}

// What an editor has looked up is no module yet: of each only the go.mod is
// there.
func TestDoctorWithModulesThatAreOnlyKnown(t *testing.T) {
	from, cache := filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download"), t.TempDir()
	known, err := filepath.Glob(filepath.Join(from, "github.com", "*", "*", "@v", "*.mod"))
	deeper, _ := filepath.Glob(filepath.Join(from, "github.com", "*", "*", "*", "@v", "*.mod"))
	if err != nil || len(deeper) == 0 {
		t.Fatalf("no go.mod in %s (%v)", from, err)
	}
	for _, file := range append(known, deeper...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(cache, "cache", "download", strings.TrimPrefix(file, from))
		if err := errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), os.WriteFile(target, text, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	diagnose(t, patient{env: []string{"GOMODCACHE=" + cache, "GOPROXY=http://127.0.0.1:" + unusedPort(t)}}, 2,
		"ask   network: modules are still to be fetched, and ")
}

func TestDoctorNamesNobody(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "no-folder")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + home, "USERPROFILE=" + home, "GOPROXY=off", "GOCACHE=" + goEnv(t, "GOCACHE")}
	output := diagnose(t, patient{env: append(env, "GOMODCACHE="+filepath.Join(file, "go"))}, 1,
		"fix   writing: the module cache in ~", "variable GOMODCACHE")
	output += diagnose(t, patient{env: append(env[:3], "GOCACHE="+filepath.Join(file, "go"))}, 1, "fix   Go: ", "build cache at ~")
	if strings.Contains(output, home) {
		t.Errorf("the home folder %s was printed:\n%s", home, output)
	}
}

func TestDoctorOnSettings(t *testing.T) {
	output := diagnose(t, patient{env: []string{"SECRET_KEY=open-sesame", "SESSION_TTL=2m"}}, 0,
		"note  setting: SESSION_TTL=2m is set in this shell", "SECRET_KEY is set in this shell (11 bytes, not shown)", unsetCommand("SECRET_KEY"))
	if strings.Contains(output, "open-sesame") {
		t.Errorf("the key was printed:\n%s", output)
	}
}

func TestDoctorOnACheckoutOfWindows(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.work": "go 1.26.0\n", "Makefile": "all:\r\n\tgo version\r\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	diagnose(t, patient{dir: dir}, 1, "fix   line ends: Makefile", "rm Makefile", "git checkout -- Makefile")
}

func TestDoctorOnAClockThatIsBehind(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "go.work")
	if err := os.WriteFile(file, []byte("go 1.26.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tomorrow := time.Now().Add(24 * time.Hour)
	if err := os.Chtimes(file, tomorrow, tomorrow); err != nil {
		t.Fatal(err)
	}
	diagnose(t, patient{dir: dir}, 1, "fix   clock: ")
}

func TestDoctorOutsideTheWorkshop(t *testing.T) {
	diagnose(t, patient{dir: t.TempDir()}, 1, "run this inside the workshop's folder")
}
