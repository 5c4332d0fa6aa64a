package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// burnArgument makes this program one of the processes that keep a core busy.
const burnArgument = "-burn"

// findFlakes repeats the tests while other processes keep every core busy, and
// names each test that failed even once. A round leaves two files in
// bin/flakes/COMMIT: what it printed, and what failed. A round that has left
// the second file is not repeated, so that an interrupted search goes on.
func findFlakes(ctx context.Context, s *suite, rounds int) error {
	dir, err := flakesFolder(ctx, s)
	if err != nil {
		return err
	}
	stop, err := keepBusy(runtime.NumCPU())
	if err != nil {
		return err
	}
	defer stop()
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
	fmt.Printf("\n%d rounds, kept in %s. Remove that folder to begin again.\n", rounds, dir)
	if len(failures) == 0 {
		fmt.Println("No test failed in any round.")
		return nil
	}
	for name, in := range failures {
		fmt.Printf("FAILED in %d of %d rounds (%v): %s\n", len(in), rounds, in, name)
	}
	return errFailed
}

// flakesFolder is where the rounds of this commit are kept.
func flakesFolder(ctx context.Context, s *suite) (string, error) {
	commit, err := exec.CommandContext(ctx, "git", "-c", "safe.directory=*", "-C", s.root, "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "", fmt.Errorf("git rev-parse, which names the commit whose rounds are kept: %w", err)
	}
	name := strings.TrimSpace(string(commit))
	if s.all {
		name += "-all"
	}
	dir := filepath.Join(s.root, "bin", "flakes", name)
	return dir, os.MkdirAll(dir, 0o755)
}

// round runs the tests once, unless that round has been run, and returns what
// failed.
func (s *suite) round(ctx context.Context, dir string, n int) (failed []string, err error) {
	results := filepath.Join(dir, fmt.Sprintf("round-%02d.failed", n))
	if text, err := os.ReadFile(results); err == nil {
		fmt.Printf("Round %d has been run.\n", n)
		return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' }), nil
	}
	fmt.Printf("\nRound %d\n", n)
	log, err := os.Create(strings.TrimSuffix(results, ".failed") + ".log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	failed = s.run(ctx, io.MultiWriter(os.Stdout, log)).failures()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("stopped in round %d. The same command goes on from there", n)
	}
	return failed, os.WriteFile(results, []byte(strings.Join(failed, "\n")), 0o644)
}

// keepBusy starts n processes that compute without end. Each ends when stop is
// called, or when this process ends.
func keepBusy(n int) (stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var pipes []io.Closer
	stop = func() {
		for _, pipe := range pipes {
			pipe.Close()
		}
	}
	for range n {
		cmd := exec.Command(self, burnArgument)
		pipe, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			stop()
			return nil, errors.Join(errors.New("no process that keeps a core busy"), err)
		}
		pipes = append(pipes, pipe)
		go func() { _ = cmd.Wait() }()
	}
	return stop, nil
}

// burn computes until the other end of standard input is closed.
func burn() {
	go func() {
		for n := uint64(1); ; n *= 3 {
			runtime.KeepAlive(n)
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
