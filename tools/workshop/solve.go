package main

import (
	"context"
	"time"

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/learn"
)

// runSolve shows the differences between a learner's copy and our step, or
// replaces the copy by our step.
func runSolve(ctx context.Context, args []string) error {
	flags := newFlags("solve [-take] N", lang.T("shows the differences between my-stepN and our step N", "my-stepN と、完成版のステップ N の違いを表示する"))
	take := flags.Bool("take", false, lang.T("replace my-stepN by our solution, to catch up; your version is kept in a folder beside it",
		"追いつくために、my-stepN を完成版に置き換える。今の内容は、隣のディレクトリに残る").In(language))
	c, err := copyOf(flags, args)
	if err != nil {
		return err
	}
	if *take {
		return takeOurs(c)
	}
	return c.Solve(ctx, stdout, language, hasColour())
}

func takeOurs(c learn.Copy) error {
	backup, err := c.Take(time.Now())
	if err != nil {
		return err
	}
	now := lang.T("%s is now our solution.", "%s を完成版に置き換えました。", c.Name())
	if backup != "" {
		now = lang.T("%s Your version is in %s.", "%s 前の内容は %s にあります。", now, backup)
	}
	say(now)
	printNext(c)
	return nil
}
