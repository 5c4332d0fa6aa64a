package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// runTest runs the tests of every module and sums up what ran on what.
func runTest(ctx context.Context, args []string) error {
	noSkips := slices.Contains(args, "-no-skips")
	args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "-no-skips" })
	if slices.ContainsFunc(args, isHelp) {
		fmt.Println("Usage: go run ./tools/workshop test [-no-skips] [flags of go test]")
		fmt.Println("  -no-skips\n    \ta test that is skipped counts as failed")
		return nil
	}
	root, err := findRoot()
	if err != nil {
		return err
	}
	found, err := findModules(ctx, root)
	if err != nil {
		return err
	}
	missing, err := provideRedis(ctx)
	if err != nil {
		return err
	}
	r := newReport(os.Stdout, slices.Contains(args, "-v"))
	status := 0
	for _, p := range found.everyPackage(root) {
		status = max(status, goTest(ctx, r, p, args))
	}
	r.summary(missing)
	if status == 0 && noSkips && len(r.skipped) > 0 {
		status = 1
	}
	if status != 0 {
		return exitStatus(status)
	}
	return nil
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// goTest runs go test, hands its events to the report and returns its status.
// Its cache of results is not used: it cannot see the programs that the tests
// build and the Redis that they ask.
func goTest(ctx context.Context, r *report, p packages, args []string) int {
	// Ten minutes, the default of go test, are near for a package that builds many
	// programs on a machine that does other things too.
	cmd := p.command(ctx, "go", slices.Concat([]string{"test", "-json", "-count=1", "-timeout=30m"}, args)...)
	cmd.Stdout = nil
	events, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "go test:", err)
		return 1
	}
	r.read(events)
	err = cmd.Wait()
	var failed *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed) && failed.ExitCode() > 0:
		return failed.ExitCode()
	}
	return 1
}

// provideRedis gets the real Redis that the tests will look for, where that
// needs no question. It returns why there is none, or "". Where a variable
// demands one that is not to be had, that is an error.
func provideRedis(ctx context.Context) (missing string, err error) {
	if demanded := os.Getenv("TEST_REDIS") + "," + os.Getenv("REQUIRE_REDIS"); demanded != "," {
		return "", provideDemanded(ctx, strings.Split(demanded, ","))
	}
	noContainer, noServer := provideImage(ctx), provideServer(ctx)
	switch {
	case noContainer == nil:
		return "", nil
	case noServer == nil:
		// The tests need not try to pull once more.
		return "", os.Setenv("TEST_REDIS", "embedded,server")
	default:
		return fmt.Sprintf("%v; or %v", noServer, noContainer), os.Setenv("TEST_REDIS", "embedded")
	}
}

func provideDemanded(ctx context.Context, kinds []string) error {
	if slices.Contains(kinds, "container") {
		if err := provideImage(ctx); err != nil {
			return err
		}
	}
	if slices.Contains(kinds, "server") {
		return provideServer(ctx)
	}
	return nil
}
