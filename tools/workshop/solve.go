package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"example.com/session-workshop/tools/learn"
)

// runSolve shows the differences between a learner's copy and our step, or
// replaces the copy by our step.
func runSolve(ctx context.Context, args []string) error {
	flags := newFlags("solve [-take] N\n  shows the differences between my-stepN and our step N")
	take := flags.Bool("take", false, "replace my-stepN by our solution, to catch up; your version is kept in a folder beside it")
	c, err := copyOf(flags, args)
	if err != nil {
		return err
	}
	if *take {
		return takeOurs(c)
	}
	return c.Solve(ctx, os.Stdout, hasColour())
}

func takeOurs(c learn.Copy) error {
	backup, err := c.Take(time.Now())
	if err != nil {
		return err
	}
	fmt.Printf("%s is now our solution.", c.Name())
	if backup != "" {
		fmt.Printf(" Your version is in %s.", backup)
	}
	fmt.Println()
	printNext(c)
	return nil
}
