package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/repotest"
)

func TestAWorkshopWithAnotherModulePathWorks(t *testing.T) {
	testall.Only(t)
	// These are not written out, because the command would change them in the
	// copy.
	const to, old = "gitlab.com/you/" + "login-class", "example.com/" + "session-workshop"
	root := repotest.Clone(t)
	commit := func() {
		repotest.Run(t, root, "git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--all", "--message=all")
	}
	commit()
	do(t, root, 0, nil, "start", "3")
	repotest.WantText(t, do(t, root, 0, nil, "rename", to), "files changed: "+old+" is now "+to+".\nNext:\n  go vet work\n")
	commit()

	find := exec.Command("grep", "--recursive", "--fixed-strings", "--exclude-dir=.git", old, ".")
	find.Dir = root
	if left, err := find.Output(); len(left) > 0 || err == nil {
		t.Errorf("files contain the path from before:\n%s", left)
	}
	t.Setenv("GOFLAGS", strings.TrimSpace(os.Getenv("GOFLAGS")+" -trimpath"))
	all, err := modules.Find(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append(all.Packages(), modules.Alone(filepath.Join(root, "my-step3"))) {
		vet := p.Command(t.Context(), "go", "vet")
		vet.Stdout, vet.Stderr = nil, nil
		if said, err := vet.CombinedOutput(); err != nil {
			t.Errorf("go vet in %s: %v\n%s", p.Dir, err, said)
		}
	}
	repotest.Run(t, root, "go", "test", "-short", "-count=1", "./tools/docs")

	repotest.WantText(t, do(t, root, 0, nil, "rename", old), to+" is now "+old)
	repotest.Run(t, root, "git", "diff", "--exit-code", "HEAD~1")
}
