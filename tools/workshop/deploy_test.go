package main_test

import (
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/shared/launch"
)

func TestWhatIsBuiltForAServerIsStaticAndHasItsSum(t *testing.T) {
	arch := "arm64"
	// Where this machine could be the server, the programs also run.
	runs := runtime.GOOS == "linux" && runtime.GOARCH == "amd64"
	if runs {
		arch = "amd64"
	}
	folder := t.TempDir()
	output, status := run(t, ".", nil, "deploy-build", "-arch", arch, "-o", folder)
	if status != 0 {
		t.Fatalf("status %d:\n%s", status, output)
	}
	sums, err := os.ReadFile(filepath.Join(folder, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, output, fmt.Sprintf("%x", sha256.Sum256(sums)))
	for _, step := range []string{"step1-no-redis", "step2-visits", "step3-ttl", "step4-store"} {
		file := filepath.Join(folder, step)
		program, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		wantText(t, string(sums), fmt.Sprintf("%x  %s\n", sha256.Sum256(program), step))
		binary, err := elf.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(binary.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
			t.Errorf("%s needs a dynamic linker of the server", step)
		}
		binary.Close()
		if strings.Contains(string(program), mustAbs(t, repository)) {
			t.Errorf("%s holds a path of this machine, which would change its sum on another", step)
		}
	}
	if runs {
		app := startApp(t, launch.Options{Binary: filepath.Join(folder, "step1-no-redis"), Env: []string{"PORT=0"}})
		wantText(t, newBrowser(t).login(app.URL, "aaa"), "Logged in as aaa")
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
