package main

import (
	"context"
	"fmt"

	"example.com/session-workshop/tools/internal/lint"
	"example.com/session-workshop/tools/internal/modules"
)

// runLint runs every linter on every module, and fails if one finds something.
// It names a linter that could not run.
func runLint(ctx context.Context, args []string) error {
	flags := newFlags("lint [-db URL]")
	database := flags.String("db", "https://vuln.go.dev", "`URL` of the database of known security holes")
	if err := parseOnly(flags, args); err != nil {
		return err
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	unreachable, err := lint.Run(ctx, root, *database)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		fmt.Fprintln(stdout, "golangci-lint, go vet for macOS and Windows, vale, actionlint, compose-go: nothing found")
	}
	switch {
	case unreachable != nil:
		fmt.Fprintln(stdout, "govulncheck: NOT RUN:", unreachable)
	case err == nil:
		fmt.Fprintln(stdout, "govulncheck: nothing found")
	}
	return err
}
