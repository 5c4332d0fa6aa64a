package faults

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/tools/internal/netns"
	"example.com/session-workshop/tools/internal/repotest"
)

// Windows reserves some ports and refuses them with EACCES. Linux does the same
// with ports below a limit, which this test sets.
func TestAPortThatTheSystemReservesLeadsToTheNextOne(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT tested: a port that the system reserves. That needs root, to set the limit in another network namespace")
	}
	if !netns.Alone(t) {
		return
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("5002"), 0o644); err != nil {
		t.Skipf("NOT tested: a port that the system reserves (%v)", err)
	}
	folder, err := os.MkdirTemp("", "reserved-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	binary := filepath.Join(folder, "step1")
	if err := launch.Build(t.Context(), "../../step1-no-redis", binary); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for port, want := range map[string]string{
		"": "so this is on 5002.", "5001": "PORT: the system keeps 5001 for itself (",
		"80": "PORT: the system keeps 80 for itself (", "0": "PORT is 0, which takes any free port: ",
	} {
		app, said := exec.Command(binary), &repotest.Running{T: t}
		app.Dir, app.Stdout, app.Stderr = "/", said, said
		app.Env = append(append(os.Environ(), config.Unset()...), "PORT="+port)
		app.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		if err := app.Start(); err != nil {
			t.Fatal(err)
		}
		wait.For(t, "PORT="+port+" is answered with "+want, func() bool { return strings.Contains(said.String(), want) })
		_ = app.Process.Kill()
		_ = app.Wait()
	}
}
