package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"example.com/session-workshop/tools/learn"
)

// runSolve shows what is different between a learner's copy and our step, or
// takes ours over.
func runSolve(ctx context.Context, args []string) error {
	flags := newFlags("solve [-take] N\n  shows what is different between my-stepN and our step N")
	take := flags.Bool("take", false, "make my-stepN what ours is, to catch up; what you had is kept in a folder beside it")
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
	fmt.Printf("%s is what ours is.", c.Name())
	if backup != "" {
		fmt.Printf(" What you had is in %s.", backup)
	}
	fmt.Println()
	printNext(c)
	return nil
}
