//go:build unix

package launch_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/wait"
)

// An app must not outlive the process that started it, even if that process
// cannot clean up.
func TestAppEndsWithItsParent(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "LAUNCH_TEST_PARENT="+app)
	printed, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(printed).ReadString('\n')
	url = strings.TrimSpace(url)
	if err != nil || !answers(url) {
		t.Fatalf("the app of the parent does not answer: %q, %v", url, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	wait.For(t, "the app has ended", func() bool { return !answers(url) })
}

func TestReleasedLifelineDoesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	release, err := launch.Lifeline("touch", file)
	if err != nil {
		t.Fatal(err)
	}
	// If the collector closed the pipe, the command would run now.
	runtime.GC()
	runtime.GC()
	release()
	release()
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the command of a released lifeline has run (%v)", err)
	}
}
