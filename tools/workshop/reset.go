package main

import (
	"context"
	"fmt"
	"time"
)

// runReset replaces a learner's copy by its starting point.
func runReset(_ context.Context, args []string) error {
	c, err := copyOf(newFlags("reset N\n  begins my-stepN again; your version is kept in a folder beside it"), args)
	if err != nil {
		return err
	}
	backup, err := c.Reset(time.Now())
	if err != nil {
		return err
	}
	fmt.Printf("%s begins again. Your version is in %s.\n", c.Name(), backup)
	printNext(c)
	return nil
}
