package main

import (
	"context"
	"time"

	"example.com/session-workshop/shared/lang"
)

// runUndo brings back the version that last passed the check, for example after
// an exercise.
func runUndo(_ context.Context, args []string) error {
	c, err := copyOf(newFlags("undo N", lang.T("brings back your last version of my-stepN that passed; the present one is kept in a folder beside it",
		"my-stepN を、最後に合格したときの状態に戻す。今の内容は、隣のディレクトリに残る")), args)
	if err != nil {
		return err
	}
	backup, err := c.Undo(time.Now())
	if err != nil {
		return err
	}
	say(lang.T("%s is again your last version that passed. The version from before is in %s.", "%s を、最後に合格したときの状態に戻しました。前の内容は %s にあります。", c.Name(), backup))
	return nil
}
