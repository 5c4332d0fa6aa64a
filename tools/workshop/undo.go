package main

import (
	"context"
	"fmt"
	"time"
)

// runUndo brings back what last passed the check, after an exercise.
func runUndo(_ context.Context, args []string) error {
	c, err := copyOf(newFlags("undo N\n  makes my-stepN what last passed its check; what you had is kept in a folder beside it"), args)
	if err != nil {
		return err
	}
	backup, err := c.Undo(time.Now())
	if err != nil {
		return err
	}
	fmt.Printf("%s is what last passed the check. What you had is in %s.\n", c.Name(), backup)
	return nil
}
