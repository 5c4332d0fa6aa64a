package advice_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/advice"
)

func TestAnErrorOfTheMachineSaysWhatToDo(t *testing.T) {
	t.Parallel()
	inFile := func(reason error) error { return &os.PathError{Op: "open", Path: "bin/slides.html", Err: reason} }
	for _, c := range []struct {
		err    error
		en, ja string
	}{
		{inFile(syscall.ENOSPC), "Free some space", "空きを作ってください"},
		{errors.New("fatal: write error: No space left on device"), "Free some space", "空きを作ってください"},
		{inFile(syscall.EACCES), "a clone of your own", "自分用にクローン"},
		{inFile(syscall.EROFS), "a clone of your own", "自分用にクローン"},
		{errors.New("go: module cache not found: neither GOMODCACHE nor GOPATH is set"), "Set HOME", "HOME に指定"},
		{errors.New("main.go:8:2: example.com/x@v1.0.0: module lookup disabled by GOPROXY=off"), "Check the network", "ネットワーク"},
	} {
		// The advice comes once, even if each caller adds it.
		got := lang.Of(advice.Add(fmt.Errorf("slides: %w", advice.Add(c.err))))
		if strings.Count(got.EN, c.en) != 1 || !strings.Contains(got.EN, c.err.Error()) {
			t.Errorf("%v becomes %q", c.err, got.EN)
		}
		if strings.Count(got.JA, c.ja) != 1 {
			t.Errorf("in Japanese %v becomes %q", c.err, got.JA)
		}
	}
}

func TestAMissingTemporaryFolderIsNamed(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	_, err := os.MkdirTemp("", "x")
	if err == nil || (os.TempDir() == os.Getenv("TMPDIR") && !strings.Contains(advice.Add(err).Error(), "unset TMPDIR")) {
		t.Errorf("the error is %v", advice.Add(err))
	}
}

func TestOtherErrorsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		nil,
		errors.New("./main.go:3:2: undefined: session"),
		errors.New("docker does not answer (dial unix /var/run/docker.sock: connect: permission denied)"),
		errors.New("listen tcp 127.0.0.1:80: bind: permission denied"),
	} {
		if got := advice.Add(err); got != err || advice.Known(err) {
			t.Errorf("%v becomes %v", err, got)
		}
	}
}
