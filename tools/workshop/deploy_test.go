package main_test

import (
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/check/testall"
)

func TestWhatIsBuiltForAServerIsStaticAndHasItsSum(t *testing.T) {
	testall.Only(t)
	folder := buildForServer(t, steps.Folders[:])
	if couldBeTheServer {
		app := startApp(t, launch.Options{Binary: filepath.Join(folder, "step1-no-redis"), Env: []string{"PORT=0"}})
		wantText(t, newBrowser(t).login(app.URL, "aaa"), "Logged in as aaa")
	}
}

func TestTheProgramForIAMIsBuiltWhereItIsAskedFor(t *testing.T) {
	testall.Only(t)
	const program = "redis-iam-token"
	folder := buildForServer(t, append(steps.Folders[:], program), "-iam")
	if couldBeTheServer {
		help, err := exec.Command(filepath.Join(folder, program), "-h").CombinedOutput()
		if err != nil {
			t.Error(err)
		}
		wantText(t, string(help), "REDIS_IAM_CACHE")
	}
}

// couldBeTheServer tells that what is built for one also runs here.
const couldBeTheServer = runtime.GOOS == "linux" && runtime.GOARCH == "amd64"

// buildForServer runs deploy-build, and checks that it has built these programs
// and no others. It returns the folder.
func buildForServer(t *testing.T, programs []string, args ...string) (folder string) {
	t.Helper()
	arch := "arm64"
	if couldBeTheServer {
		arch = "amd64"
	}
	folder = t.TempDir()
	output, status := run(t, ".", nil, append([]string{"deploy-build", "-arch", arch, "-o", folder}, args...)...)
	if status != 0 {
		t.Fatalf("status %d:\n%s", status, output)
	}
	sums, err := os.ReadFile(filepath.Join(folder, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, output, fmt.Sprintf("%x", sha256.Sum256(sums)))
	var want strings.Builder
	for _, name := range programs {
		program, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&want, "%x  %s\n", sha256.Sum256(program), name)
		wantStatic(t, filepath.Join(folder, name))
		if strings.Contains(string(program), mustAbs(t, repository)) {
			t.Errorf("%s holds a path of this machine, which would change its sum on another", name)
		}
	}
	if string(sums) != want.String() {
		t.Errorf("SHA256SUMS is\n%swant\n%s", sums, want.String())
	}
	return folder
}

func wantStatic(t *testing.T, file string) {
	t.Helper()
	binary, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	if slices.ContainsFunc(binary.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Errorf("%s needs a dynamic linker of the server", file)
	}
}

func TestAnArchitectureThatAWSHasNotIsRefused(t *testing.T) {
	output, status := run(t, ".", nil, "deploy-build", "-arch", "mips")
	if status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	wantText(t, output, "-arch arm64")
}

func mustAbs(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
