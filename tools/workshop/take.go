package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/mod/modfile"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/takeaway"
)

// runTake copies the session store into another project.
func runTake(_ context.Context, args []string) error {
	flags := newFlags("take TO\n  TO is the folder of your project in which the folder of the store is created")
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() != 1 || flags.Arg(0) == "" {
		return errors.New("take: where to? For example: make take TO=../svc/internal")
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	taken, err := takeaway.Store(root, flags.Arg(0))
	if err != nil {
		return fmt.Errorf("take: %w", err)
	}
	return printTaken(taken)
}

func printTaken(t takeaway.Taken) error {
	packages, err := filepath.Rel(t.Module, t.Dir)
	if err != nil {
		return err
	}
	test := fmt.Sprintf("go test ./%s", filepath.ToSlash(filepath.Join(packages, "...")))
	fmt.Fprintf(stdout, "The store is in %s.\n", t.Dir)
	fmt.Fprintf(stdout, "Next, in %s:\n", t.Module)
	for _, command := range append(t.First, "go mod tidy", test) {
		fmt.Fprintln(stdout, " ", command)
	}
	fmt.Fprintln(stdout, "The tests start their own Redis. To test the store on yours:")
	fmt.Fprintln(stdout, "  TEST_REDIS=redis://127.0.0.1:6379", test)
	fmt.Fprintf(stdout, "In your programs: import %q\n", t.ImportPath)
	if t.Module == t.Dir {
		fmt.Fprintln(stdout, "No go.mod was found above it, so it is a separate module. The go.mod of your service needs this line:")
		fmt.Fprintf(stdout, "  replace %s => %s\n", t.ImportPath, modfile.AutoQuote(t.Dir))
	}
	return nil
}
