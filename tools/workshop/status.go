package main

import (
	"context"

	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/learn"
)

// runStatus shows the progress of a learner in each step.
func runStatus(_ context.Context, args []string) error {
	flags := newFlags("status")
	if err := parseOnly(flags, args); err != nil {
		return err
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	return learn.Status(stdout, root, language)
}
