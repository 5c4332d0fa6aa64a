//go:build unix

package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/wait"
)

const endless = `package inside

import (
	"os"
	"testing"
)

func TestEndless(t *testing.T) {
	if err := os.WriteFile(os.Getenv("BEGUN"), []byte(t.TempDir()), 0o644); err != nil {
		t.Fatal(err)
	}
	select {}
}
`

// Ctrl+C ends tests in which nothing can clean up.
func TestCtrlCLeavesNoTemporaryFiles(t *testing.T) {
	t.Parallel()
	root := makeFiles(t, smallWorkspace, map[string]string{"inside/endless_test.go": endless})
	temp, begun := t.TempDir(), filepath.Join(root, "begun")
	program, err := steptest.Program(".")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	var said bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, &said, &said
	cmd.Env = append(os.Environ(), "TEST_REDIS=embedded", "REQUIRE_REDIS=", "TMPDIR="+temp, "BEGUN="+begun)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "the test has begun", func() bool {
		_, err := os.Stat(begun)
		return err == nil
	})
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the program reports success")
	}
	wantLast(t, said.String(), "Stopped after ")
	wantNoText(t, said.String(), "FAILED", "signal: ")
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the folder for temporary files: %v, %v", left, err)
	}
}
