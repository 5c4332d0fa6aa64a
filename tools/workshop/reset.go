package main

import (
	"context"
	"time"

	"example.com/session-workshop/shared/lang"
)

// runReset replaces a learner's copy by its starting point.
func runReset(_ context.Context, args []string) error {
	c, err := copyOf(newFlags("reset N", lang.T("begins my-stepN again; your version is kept in a folder beside it", "my-stepN を最初からやり直す。今の内容は、隣のディレクトリに残る")), args)
	if err != nil {
		return err
	}
	backup, err := c.Reset(time.Now())
	if err != nil {
		return err
	}
	say(lang.T("%s begins again. Your version is in %s.", "%s を最初の状態に戻しました。前の内容は %s にあります。", c.Name(), backup))
	printNext(c)
	return nil
}
