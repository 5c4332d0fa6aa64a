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

	"example.com/session-workshop/check/redistest"
)

// buildDoctor builds it as on a machine that has fetched nothing and has no
// network: that it builds so is what makes it of use there.
var buildDoctor = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(filepath.Dir(workshop), "doctor.exe")
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
		p.dir = filesOfTheRepository(t)
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
		"ok      Go: go1.", "ok      modules: all are in the module cache, the network is not needed",
		": free\n", "nobody there; a step brings its own Redis along", "ok      proxy: none is set",
		"ok      disk: enough", "ok      writing: allowed", "ok      line ends: LF", "ok      clock: ",
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
		if regexp.MustCompile(`^(ok|note|mend|others) `).MatchString(line) && !strings.Contains(block, strings.TrimSpace(line)) {
			t.Errorf("not in the block to paste: %s", line)
		}
	}
	if strange := regexp.MustCompile(`[^\n -~]`).FindString(output); strange != "" {
		t.Errorf("%q is not plain ASCII", strange)
	}
}

func TestDoctorOnATakenPort(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", "AirTunes/775.3.1")
	}))
	defer server.Close()
	port := portOf(t, server.URL)
	diagnose(t, patient{port: port}, 0, "taken by AirPlay", "a step takes the next free port")
	diagnose(t, patient{port: port, env: []string{"PORT=" + port}}, 1, "and PORT asks for no other", "\n        "+unsetCommand("PORT"))
}

func unsetCommand(name string) string {
	if os.PathSeparator == '\\' {
		return "Remove-Item Env:" + name
	}
	return "unset " + name
}

func TestDoctorOnARedis(t *testing.T) {
	server := redistest.StartServer(t)
	version := regexp.MustCompile(`redis_version:(\S+)`).FindStringSubmatch(server.Client.Info(t.Context(), "server").Val())[1]
	diagnose(t, patient{redisPort: portOf(t, server.URL)}, 0, "a Redis "+version+" answers, a step uses it")
	diagnose(t, patient{env: []string{"REDIS_URL=" + server.URL}}, 0, "a Redis "+version+" answers on "+server.Addr)
	server.Pause()
	diagnose(t, patient{redisPort: portOf(t, server.URL)}, 0, "what listens there does not answer; a step starts its own Redis on a free port")
	server.Resume()
	server.Kill()
	diagnose(t, patient{env: []string{"REDIS_URL=" + server.URL}}, 1, "nobody answers there", unsetCommand("REDIS_URL"))
}

func TestDoctorOnARedisWithAPassword(t *testing.T) {
	server := redistest.StartServer(t, "--requirepass", "open-sesame")
	addr := strings.TrimPrefix(server.Addr, "redis://")
	diagnose(t, patient{redisPort: portOf(t, server.URL)}, 0, "note ", "the Redis there asks for a password; a step starts its own")
	right := diagnose(t, patient{env: []string{"REDIS_URL=redis://:open-sesame@" + addr}}, 0, "answers on "+addr)
	wrong := diagnose(t, patient{env: []string{"REDIS_URL=redis://anna:open-barley@" + addr}}, 1, "does not know that user and password", unsetCommand("REDIS_URL"))
	broken := diagnose(t, patient{env: []string{"REDIS_URL=http://anna:open-barley@" + addr}}, 1, "not of the form redis://host:port")
	for _, secret := range []string{"open-sesame", "open-barley", "anna"} {
		if strings.Contains(right+wrong+broken, secret) {
			t.Errorf("%q was printed", secret)
		}
	}
}

func TestDoctorOnACluster(t *testing.T) {
	server := redistest.StartServer(t, "--cluster-enabled", "yes")
	diagnose(t, patient{redisPort: portOf(t, server.URL)}, 0, "the Redis there is a cluster; a step starts its own")
	diagnose(t, patient{env: []string{"REDIS_URL=" + server.URL, "REDIS_CLUSTER=true"}}, 0, "a step uses it")
}

func TestDoctorOnAStrangerAtThePortOfRedis(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	diagnose(t, patient{redisPort: portOf(t, server.URL)}, 0, "what answers there is not a Redis that a step can use")
}

func TestDoctorWithoutAnyProgram(t *testing.T) {
	diagnose(t, patient{env: []string{"PATH=" + t.TempDir()}}, 1,
		"mend    Go: the go command is not on the PATH", "https://go.dev/doc/install",
		"note    redis-cli: not there", "note    redis-server: not there", "note    Docker: not there")
}

func TestDoctorWithADockerThatDoesNotAnswer(t *testing.T) {
	if _, err := exec.LookPath("docker"); err != nil {
		t.Skipf("NOT tested: a Docker that does not answer, because there is none (%v)", err)
	}
	nobody := "DOCKER_HOST=tcp://" + freeAddress(t)
	diagnose(t, patient{env: []string{nobody}}, 0, "note    Docker: it does not answer")
}

func TestDoctorOnAProxy(t *testing.T) {
	const proxy = "http://anna:open-sesame@proxy.example.com:3128"
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "ALL_PROXY"} {
		output := diagnose(t, patient{env: []string{name + "=" + proxy}}, 1,
			"mend    proxy: ", " is http://proxy.example.com:3128: curl would ask it for http://127.0.0.1:", "NO_PROXY")
		if strings.Contains(output, "anna") || strings.Contains(output, "open-sesame") {
			t.Errorf("the login of the proxy was printed:\n%s", output)
		}
	}
	diagnose(t, patient{env: []string{"HTTP_PROXY=" + proxy, "NO_PROXY=localhost,127.0.0.1"}}, 0, "not asked for 127.0.0.1")
	diagnose(t, patient{env: []string{"HTTPS_PROXY=" + proxy}}, 0, "for https only")
}

func TestDoctorOnAFullDisk(t *testing.T) {
	diagnose(t, patient{args: []string{"-disk", "999999999"}}, 2, "others  disk: ", "and 999999999 MB are needed", "go clean -cache", "somebody else must help")
}

func TestDoctorWithModulesToFetch(t *testing.T) {
	// What the go command has fetched for these tests lies there as a proxy
	// would give it.
	proxy := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download"))))
	defer proxy.Close()
	nobody := "http://" + freeAddress(t)
	empty := "GOMODCACHE=" + t.TempDir()
	diagnose(t, patient{env: []string{empty, "GOPROXY=" + proxy.URL}}, 0, "ok      network: modules are still to be fetched, and "+proxy.URL+" answers")
	diagnose(t, patient{env: []string{empty, "GOPROXY=off"}}, 1, "mend    network: ", "GOPROXY=off forbids it", unsetCommand("GOPROXY"), "go env -u GOPROXY")
	output := diagnose(t, patient{env: []string{empty, "GOPROXY=" + strings.Replace(nobody, "http://", "http://anna:open-sesame@", 1)}}, 2,
		"others  network: ", nobody+" cannot be reached", "make offline")
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
		"others  network: modules are still to be fetched, and ")
}

func TestDoctorNamesNobody(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "no-folder")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + home, "USERPROFILE=" + home, "GOPROXY=off", "GOCACHE=" + goEnv(t, "GOCACHE")}
	output := diagnose(t, patient{env: append(env, "GOMODCACHE="+filepath.Join(file, "go"))}, 1,
		"mend    writing: the module cache in ~", "variable GOMODCACHE")
	output += diagnose(t, patient{env: append(env[:3], "GOCACHE="+filepath.Join(file, "go"))}, 1, "mend    Go: ", "build cache at ~")
	if strings.Contains(output, home) {
		t.Errorf("the home folder %s was printed:\n%s", home, output)
	}
}

func TestDoctorOnSettings(t *testing.T) {
	output := diagnose(t, patient{env: []string{"SECRET_KEY=open-sesame", "SESSION_TTL=2m"}}, 0,
		"note    setting: SESSION_TTL=2m is set in this shell", "SECRET_KEY is set in this shell (11 bytes, not shown)", unsetCommand("SECRET_KEY"))
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
	diagnose(t, patient{dir: dir}, 1, "mend    line ends: Makefile", "rm Makefile", "git checkout -- Makefile")
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
	diagnose(t, patient{dir: dir}, 1, "mend    clock: ")
}

func TestDoctorOutsideTheWorkshop(t *testing.T) {
	diagnose(t, patient{dir: t.TempDir()}, 1, "run this inside the workshop's folder")
}
