package main

import (
	"context"
	"fmt"
	"time"
)

// runReset begins a learner's copy again.
func runReset(_ context.Context, args []string) error {
	c, err := copyOf(newFlags("reset N\n  begins my-stepN again; the old one is kept in a folder beside it"), args)
	if err != nil {
		return err
	}
	backup, err := c.Reset(time.Now())
	if err != nil {
		return err
	}
	fmt.Printf("%s begins again. What you had is in %s.\n", c.Name(), backup)
	printNext(c)
	return nil
}
