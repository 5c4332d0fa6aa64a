package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/learn"
)

// runStart creates a learner's copy of a step.
func runStart(_ context.Context, args []string) error {
	c, err := copyOf(newFlags("start N\n  N is the step to build yourself, 1 to 4"), args)
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	fmt.Println(c.Ready())
	printNext(c)
	return nil
}

func printNext(c learn.Copy) {
	fmt.Println("Next:")
	fmt.Printf("  open           %s\n", c.Files())
	fmt.Printf("  make my-step%d  runs it, and restarts it on each save\n", c.Step)
	if c.Step == steps.Count {
		fmt.Printf("  go test -C %s ./session    says which of the four methods are right\n", c.Name())
	}
	fmt.Printf("  make check%d    says what is already right, and what comes next\n", c.Step)
}

// copyOf reads the arguments of a command whose last argument is the number of
// a step.
func copyOf(flags *flag.FlagSet, args []string) (learn.Copy, error) {
	if err := config.ParseFlags(flags, args); err != nil {
		return learn.Copy{}, err
	}
	n, err := number(flags.Arg(0))
	if flags.NArg() != 1 || err != nil {
		return learn.Copy{}, fmt.Errorf("%[1]s: which step? The number comes last, for example: go run ./tools/workshop %[1]s 3", flags.Name())
	}
	root, err := modules.Root()
	if err != nil {
		return learn.Copy{}, err
	}
	return learn.Of(root, n)
}

// number reads a whole number. It also accepts the wide digits of a Japanese
// keyboard.
func number(text string) (int, error) {
	return strconv.Atoi(strings.Map(func(r rune) rune {
		if '０' <= r && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, text))
}
