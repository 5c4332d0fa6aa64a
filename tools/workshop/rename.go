package main

import (
	"context"
	"errors"
	"fmt"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/rename"
)

// runRename gives the modules of the workshop the path of another repository.
func runRename(ctx context.Context, args []string) error {
	flags := newFlags("rename PATH\n  gives the modules the path of your repository, in every file: github.com/YOUR-NAME/session-workshop")
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("rename: give one path, for example: go run ./tools/workshop rename github.com/YOUR-NAME/session-workshop")
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	to := flags.Arg(0)
	done, err := rename.Modules(ctx, root, to)
	if err != nil {
		return fmt.Errorf("rename: %w", err)
	}
	fmt.Fprintf(stdout, `%d files changed: %[2]s is now %[3]s.
Next:
  go vet work
  make test
  git commit --all --message "Give the modules the path %[3]s"
  git push
Then others can depend on a version of the store: docs/maintaining.md, "Release the store".
To go back: git restore . before the commit, or after it: go run ./tools/workshop rename %[2]s
`, done.Files, done.From, to)
	return nil
}
