package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/learn"
)

// runStart makes a learner's copy of a step.
func runStart(_ context.Context, args []string) error {
	c, err := copyOf(newFlags("start N\n  N is the step to build yourself, 1 to 4"), args)
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

// copyOf reads the arguments of a command that ends with the number of a step.
func copyOf(flags *flag.FlagSet, args []string) (learn.Copy, error) {
	if err := flags.Parse(args); err != nil {
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

// number reads a whole number, also in the wide digits that a Japanese keyboard
// gives.
func number(text string) (int, error) {
	return strconv.Atoi(strings.Map(func(r rune) rune {
		if '０' <= r && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, text))
}
