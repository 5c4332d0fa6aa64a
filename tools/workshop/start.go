package main

import (
	"context"
	"flag"
	"strconv"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/foreign"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/learn"
)

// runStart creates a learner's copy of a step.
func runStart(_ context.Context, args []string) error {
	c, err := copyOf(newFlags("start N", lang.T("N is the step to build yourself, 1 to 4", "N は自分で作るステップ、1 〜 4")), args)
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	say(c.Ready())
	printNext(c)
	return nil
}

func printNext(c learn.Copy) {
	say(lang.T("Next:\n  open           %s", "次にすること:\n  開くファイル   %s", c.Files()))
	say(lang.T("  make my-step%d  runs it, and restarts it on each save", "  make my-step%d  起動し、保存するたびに再起動する", c.Step))
	if c.Step == steps.Count {
		say(lang.T("  go test -C %s ./session    says which of the four methods are right", "  go test -C %s ./session    4 つのメソッドのうち、どれができているかを表示する", c.Name()))
	}
	say(lang.T("  make check%d    says what is already right, and what comes next", "  make check%d    できているところと、次にやることを表示する", c.Step))
}

// copyOf reads the arguments of a command whose last argument is the number of
// a step.
func copyOf(flags *flag.FlagSet, args []string) (learn.Copy, error) {
	if err := config.ParseFlags(flags, args); err != nil {
		return learn.Copy{}, err
	}
	n, err := number(flags.Arg(0))
	if flags.NArg() != 1 || err != nil {
		return learn.Copy{}, lang.Errorf("%[1]s: which step? The number comes last, for example: go run ./tools/workshop %[1]s 3",
			"%[1]s: どのステップですか？番号を最後に付けてください。例: go run ./tools/workshop %[1]s 3", flags.Name())
	}
	root, err := modules.Root()
	if err != nil {
		return learn.Copy{}, err
	}
	return learn.Of(root, n)
}

// number reads a whole number, also in full-width digits.
func number(text string) (int, error) { return strconv.Atoi(foreign.Narrow(text)) }
