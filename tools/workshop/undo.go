package main

import (
	"context"
	"fmt"
	"time"
)

// runUndo brings back the version that last passed the check, for example after
// an exercise.
func runUndo(_ context.Context, args []string) error {
	c, err := copyOf(newFlags("undo N\n  brings back your last version of my-stepN that passed; the present one is kept in a folder beside it"), args)
	if err != nil {
		return err
	}
	backup, err := c.Undo(time.Now())
	if err != nil {
		return err
	}
	fmt.Printf("%s is again your last version that passed. The version from before is in %s.\n", c.Name(), backup)
	return nil
}
