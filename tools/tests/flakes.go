package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// findFlakes repeats the tests while every core is busy, and names each test
// that failed at least once. A round writes two files to bin/flakes/COMMIT: its
// output, and then the failed tests. A round with both files is not repeated,
// so an interrupted search can continue.
func findFlakes(ctx context.Context, s *suite, rounds int) error {
	dir, err := flakesFolder(ctx, s)
	if err != nil {
		return err
	}
	keepBusy()
	failures := map[string][]int{}
	for n := 1; n <= rounds; n++ {
		failed, err := s.round(ctx, dir, n)
		if err != nil {
			return err
		}
		for _, name := range failed {
			failures[name] = append(failures[name], n)
		}
	}
	fmt.Printf("\n%d rounds. Their output is in %s. Delete that folder to begin again.\n", rounds, dir)
	if len(failures) == 0 {
		fmt.Println("No test failed in any round.")
		return nil
	}
	for name, in := range failures {
		fmt.Printf("FAILED in %d of %d rounds (%v): %s\n", len(in), rounds, in, name)
	}
	return errFailed
}

// flakesFolder returns the folder for the rounds of the same tests of this commit.
func flakesFolder(ctx context.Context, s *suite) (string, error) {
	commit, err := exec.CommandContext(ctx, "git", "-c", "safe.directory=*", "-C", s.root, "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "", fmt.Errorf("git rev-parse, which names the commit: %w", err)
	}
	name := strings.TrimSpace(string(commit))
	if s.all {
		name += "-all"
	}
	if chosen := fmt.Sprintf("%q %q", s.folders, s.args); chosen != "[] []" {
		name += fmt.Sprintf("-%x", sha256.Sum256([]byte(chosen)))[:9]
	}
	dir := filepath.Join(s.root, "bin", "flakes", name)
	return dir, os.MkdirAll(dir, 0o755)
}

// round runs the tests once, unless that round has already run, and returns the
// failed tests.
func (s *suite) round(ctx context.Context, dir string, n int) (failed []string, err error) {
	file := filepath.Join(dir, fmt.Sprintf("round-%02d", n))
	if text, err := os.ReadFile(file + ".failed"); err == nil {
		fmt.Printf("Round %d has already run.\n", n)
		return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' }), nil
	}
	fmt.Printf("\nRound %d\n", n)
	log, err := os.Create(file + ".log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	failed = s.run(ctx, io.MultiWriter(os.Stdout, log))
	if ctx.Err() != nil {
		return nil, fmt.Errorf("stopped in round %d. The same command continues there", n)
	}
	return failed, os.WriteFile(file+".failed", []byte(strings.Join(failed, "\n")), 0o644)
}

// keepBusy computes on every core until this process ends. The tests run in
// other processes, which get the rest.
func keepBusy() {
	cores := runtime.NumCPU()
	// The extra processor is for the report.
	runtime.GOMAXPROCS(cores + 1)
	for range cores {
		go func() {
			for n := uint64(1); ; n *= 3 {
				runtime.KeepAlive(n)
			}
		}()
	}
}
