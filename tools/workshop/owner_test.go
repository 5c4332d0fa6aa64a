package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/repotest"
)

// In a clone that belongs to another user, git refuses to answer, and a build
// that asks git fails. Clones in containers and on shared disks are often like
// this.
func TestACloneOfAnotherUserBuilds(t *testing.T) {
	testall.Only(t)
	root := repotest.Clone(t)
	goEnv := func(name string) string { return strings.TrimSpace(repotest.Run(t, ".", "go", "env", name)) }
	env := append(os.Environ(), "GIT_TEST_ASSUME_DIFFERENT_OWNER=1", "GIT_CONFIG_COUNT=0", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
		// Flags of this machine could hide the failure.
		"GOENV=off", "GOFLAGS=", "GOMODCACHE="+goEnv("GOMODCACHE"), "GOPROXY="+goEnv("GOPROXY"))
	try := func(works bool, name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = root, env
		if said, err := cmd.CombinedOutput(); (err == nil) != works {
			t.Errorf("%s %q: %v\n%s", name, args, err, said)
		}
	}
	try(false, "git", "status")
	try(false, "go", "build", "-o", os.DevNull, "./step1-no-redis")

	try(true, "make", "step1", "ARGS=-h")
	try(true, "make", "doctor")
	try(true, "go", "run", "./tools/doctor")
	try(true, "make", "start2")
	try(true, "make", "solve2", "ARGS=-take")
	try(true, "make", "check2")
	try(true, program(t, "."), "check", "2")
	try(true, "git", "-c", "safe.directory=*", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "all")
	try(true, program(t, "."), "offline", "-image=false", "-o", filepath.Join(t.TempDir(), "kit.zip"))
}
