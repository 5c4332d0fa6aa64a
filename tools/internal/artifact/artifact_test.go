package artifact_test

import (
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"io"
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
	"example.com/session-workshop/tools/internal/artifact"
	"example.com/session-workshop/tools/internal/modules"
)

func TestProgramsAreStaticAndTheirSumsAreListed(t *testing.T) {
	testall.Only(t)
	root, err := modules.Root()
	if err != nil {
		t.Fatal(err)
	}
	arch := "arm64"
	if runtime.GOARCH == "amd64" {
		arch = "amd64"
	}
	folder := t.TempDir()
	folders := append(slices.Clone(steps.Folders[:]), artifact.IAMToken)
	sums, err := artifact.Build(t.Context(), io.Discard, root, folders, folder, arch)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, name := range append(slices.Clone(steps.Folders[:]), "redis-iam-token") {
		program, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&want, "%x  %s\n", sha256.Sum256(program), name)
		wantStatic(t, filepath.Join(folder, name))
		if strings.Contains(string(program), root) {
			t.Errorf("%s contains a path of this machine, so another machine would build it with another sum", name)
		}
	}
	if string(sums) != want.String() {
		t.Errorf("the sums are\n%swant\n%s", sums, want.String())
	}
	if written, err := os.ReadFile(filepath.Join(folder, artifact.Sums)); string(written) != string(sums) {
		t.Errorf("%s contains %q, %v", artifact.Sums, written, err)
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != arch {
		return
	}
	help, err := exec.Command(filepath.Join(folder, "redis-iam-token"), "-h").CombinedOutput()
	if err != nil || !strings.Contains(string(help), "REDIS_IAM_CACHE") {
		t.Errorf("redis-iam-token -h prints %s, %v", help, err)
	}
	app, err := launch.Start(t.Context(), launch.Options{Binary: filepath.Join(folder, steps.Folders[:][0]), Env: []string{"PORT=0"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(); err != nil {
		t.Error(err)
	}
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
