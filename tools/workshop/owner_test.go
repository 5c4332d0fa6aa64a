package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"example.com/session-workshop/check/testall"
)

// In a clone that belongs to another user git answers nothing, and a build that
// asks it fails. So it is in containers, and on disks that several users share.
func TestACloneOfAnotherUserBuilds(t *testing.T) {
	testall.Only(t)
	root := freshCopy(t)
	env := append(os.Environ(), "GIT_TEST_ASSUME_DIFFERENT_OWNER=1", "GIT_CONFIG_COUNT=0", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
		// Flags of this machine could be the cure.
		"GOENV=off", "GOFLAGS=", "GOMODCACHE="+goEnv(t, "GOMODCACHE"), "GOPROXY="+goEnv(t, "GOPROXY"))
	do := func(works bool, name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = root, env
		if said, err := cmd.CombinedOutput(); (err == nil) != works {
			t.Errorf("%s %q: %v\n%s", name, args, err, said)
		}
	}
	do(false, "git", "status")
	do(false, "go", "build", "-o", os.DevNull, "./step1-no-redis")

	do(true, "make", "step1", "ARGS=-h")
	do(true, "make", "doctor")
	do(true, "go", "run", "./tools/doctor")
	do(true, "make", "start2")
	do(true, "make", "solve2", "ARGS=-take")
	do(true, "make", "check2")
	do(true, workshop, "check", "2")
	do(true, "git", "-c", "safe.directory=*", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "all")
	do(true, workshop, "offline", "-image=false", "-o", filepath.Join(t.TempDir(), "kit.zip"))
}
