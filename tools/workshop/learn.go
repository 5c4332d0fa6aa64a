package main

import (
	"context"
	"os"

	"golang.org/x/term"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/foreign"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/rediscli"
	"example.com/session-workshop/tools/learn"
	"example.com/session-workshop/tools/learn/window"
)

// runLearn shows a learner's work on a step in one window.
func runLearn(ctx context.Context, args []string) error {
	flags := newFlags("learn [STEP]", lang.T("runs my-stepN, and checks it at each save. STEP is 1 to 4, by default the first one that has not passed.",
		"my-stepN を起動し、保存するたびにチェックする。STEP は 1 〜 4。省略すると、まだ合格していない最初のステップ。"))
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	root, err := modules.Root()
	if err != nil {
		return err
	}
	c := learn.First(root)
	if flags.NArg() > 0 {
		n, err := number(flags.Arg(0))
		if flags.NArg() > 1 || err != nil {
			return lang.Errorf("learn: give one step. Use 1 to 4, for example: make learn ARGS=3", "learn: ステップを 1 つ、1 〜 4 で指定してください。例: make learn ARGS=3")
		}
		if c, err = learn.Of(root, n); err != nil {
			return err
		}
	}
	board, name := foreign.Narrow(foreign.Getenv("BOARD")), foreign.Getenv("NAME")
	sayForeign("BOARD", true)
	sayForeign("NAME", board != "")
	raw, restore := rawMode()
	defer restore()
	return window.Run(ctx, window.Options{
		Check: learn.Check{
			Copy: c, RedisURL: config.Getenv("REDIS_URL"), Board: board, Name: name, Lang: language, Colour: hasColour(),
		},
		In: os.Stdin, Out: stdout, Raw: raw, Rewrites: raw, Width: terminalWidth,
	})
}

// rawMode makes the terminal send each key at once. raw is false if there is no
// terminal that can. restore sets the previous mode.
func rawMode() (raw bool, restore func()) {
	in := int(os.Stdin.Fd())
	if !rediscli.OnTerminal() || os.Getenv("TERM") == "dumb" {
		return false, func() {}
	}
	before, err := term.MakeRaw(in)
	if err != nil {
		return false, func() {}
	}
	return true, func() { _ = term.Restore(in, before) }
}
