package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/term"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/learn"
)

// runStart makes a learner's copy of a step.
func runStart(_ context.Context, args []string) error {
	c, err := copyOf(newFlags("start N\n  N is the step to build yourself, 1 to 4"), "start", args)
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	fmt.Printf("%s is ready for you: it is %s.\n", c.Name(), startsWith(c.Step))
	printNext(c)
	return nil
}

// runReset begins a learner's copy again.
func runReset(_ context.Context, args []string) error {
	c, err := copyOf(newFlags("reset N\n  begins my-stepN again; the old one is kept in a folder beside it"), "reset", args)
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

func startsWith(step int) string {
	switch step {
	case 1:
		return "a copy of step 1 without its cookie"
	case steps.Count:
		return "a copy of step 3, and a session store whose four methods are empty"
	}
	return fmt.Sprintf("a copy of step %d", step-1)
}

func printNext(c learn.Copy) {
	files := c.Name() + "/main.go"
	if c.Step == steps.Count {
		files = c.Name() + "/session/store.go, then " + files
	}
	fmt.Println("Next:")
	fmt.Printf("  open           %s\n", files)
	fmt.Printf("  make my-step%d  runs it, and again on each save\n", c.Step)
	if c.Step == steps.Count {
		fmt.Printf("  go test -C %s ./session    says which of the four methods are right\n", c.Name())
	}
	fmt.Printf("  make check%d    says what is right already, and what comes next\n", c.Step)
}

// runCheck checks what a learner has built. It exits with 1 if that does not
// pass yet.
func runCheck(ctx context.Context, args []string) error {
	flags := newFlags("check [-hint 2] [-only ID] [-exercise NAME] [-url URL] [-redis-url URL] N\n  checks my-stepN, or with -url an app that runs already, in any language.\n  Each setting is a variable too: URL, REDIS_URL, HINT, ONLY, EX, BOARD, NAME.")
	check := learn.Check{Out: os.Stdout, Colour: hasColour(), Width: terminalWidth()}
	flags.StringVar(&check.URL, "url", os.Getenv("URL"), "`address` of a running app, in place of my-stepN. Variable: URL")
	// Printed as a default, an address would show its password.
	redisURL := flags.String("redis-url", "", "the `Redis` that the app uses (default: one of the check's own; with -url what runs on 127.0.0.1:6379). Variable: REDIS_URL")
	flags.DurationVar(&check.TTL, "ttl", learn.DefaultTTL, "the session `TTL` of the app")
	hint := flags.String("hint", os.Getenv("HINT"), "how much help, `1 to 3`. Variable: HINT")
	flags.StringVar(&check.Only, "only", os.Getenv("ONLY"), "`id` of the one check to run, as the check prints it. Variable: ONLY")
	flags.StringVar(&check.Exercise, "exercise", os.Getenv("EX"), "`name` of an exercise of the step's guide. Variable: EX")
	flags.StringVar(&check.Board, "board", os.Getenv("BOARD"), "`address` of a class board to report to. Variable: BOARD")
	flags.StringVar(&check.Name, "name", os.Getenv("NAME"), "your `name` on the board. Variable: NAME")
	var err error
	if check.Copy, err = copyOf(flags, "check", args); err != nil {
		return err
	}
	if check.RedisURL = *redisURL; check.RedisURL == "" {
		check.RedisURL = os.Getenv("REDIS_URL")
	}
	if check.Hint, err = parseHint(*hint); err != nil {
		return err
	}
	if check.TTL < time.Second || check.TTL%time.Second != 0 {
		return fmt.Errorf("-ttl: %v is not a time in whole seconds, for example 10s", check.TTL)
	}
	err = check.Run(ctx)
	if errors.Is(err, learn.ErrFailed) {
		return exitStatus(1)
	}
	return err
}

func parseHint(text string) (int, error) {
	if text == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > learn.Hints {
		return 0, fmt.Errorf("HINT: %q is not a hint: they go from 1 to %d, for example HINT=2", text, learn.Hints)
	}
	return n, nil
}

// runSolve shows what is different between a learner's copy and our step, or
// takes ours over.
func runSolve(ctx context.Context, args []string) error {
	flags := newFlags("solve [-take] N\n  shows what is different between my-stepN and our step N")
	take := flags.Bool("take", false, "make my-stepN what ours is, to catch up; what you had is kept in a folder beside it")
	c, err := copyOf(flags, "solve", args)
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

// runStatus shows how far a learner is.
func runStatus(_ context.Context, args []string) error {
	flags := newFlags("status")
	if err := flags.Parse(args); err != nil {
		return err
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	return learn.Status(os.Stdout, root)
}

// copyOf reads the arguments of a command that ends with the number of a step.
func copyOf(flags *flag.FlagSet, command string, args []string) (learn.Copy, error) {
	if err := flags.Parse(args); err != nil {
		return learn.Copy{}, err
	}
	n, err := strconv.Atoi(flags.Arg(0))
	if flags.NArg() != 1 || err != nil {
		return learn.Copy{}, fmt.Errorf("%s: which step? The number comes last, for example: go run ./tools/workshop %s 3", command, command)
	}
	root, err := modules.Root()
	if err != nil {
		return learn.Copy{}, err
	}
	return learn.Of(root, n)
}

// hasColour reports whether standard output shows colours, and may
// (https://no-color.org).
func hasColour() bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(os.Stdout.Fd()))
}

// terminalWidth is that of standard output in characters, 0 if it is no
// terminal.
func terminalWidth() int {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return width
}
