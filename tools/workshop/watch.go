package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/tools/internal/supervisor"
	"example.com/session-workshop/tools/internal/watch"
)

// runWatch runs a step, and rebuilds and restarts it when a file changes.
func runWatch(ctx context.Context, args []string) error {
	flags := newFlags("watch STEP [-- the app's own settings]\n  STEP is 1 to 4, or the folder of a step")
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("watch: which step? For example: go run ./tools/workshop watch 3")
	}
	dir, err := supervisor.Folder(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	settings := flags.Args()[1:]
	if len(settings) > 0 {
		if settings[0] != "--" {
			return errors.New("watch: this is one word too many. The app's own settings go after two dashes: watch 3 -- -ttl 2m")
		}
		settings = settings[1:]
	}
	return watch.Run(ctx, dir, settings, os.Stdout)
}
