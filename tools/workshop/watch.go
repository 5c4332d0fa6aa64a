package main

import (
	"context"
	"fmt"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/supervisor"
	"example.com/session-workshop/tools/internal/watch"
)

// runWatch runs a step, and rebuilds and restarts it when a file changes.
func runWatch(ctx context.Context, args []string) error {
	flags := newFlags("watch STEP [-- -ttl 2m]", lang.T("STEP is 1 to 4, or the folder of a step. After -- are the app's own settings.",
		"STEP は 1 〜 4、またはステップのディレクトリ。-- の後は、アプリ自体の設定。"))
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return lang.Errorf("watch: which step? For example: go run ./tools/workshop watch 3", "watch: どのステップですか？例: go run ./tools/workshop watch 3")
	}
	dir, err := supervisor.Folder(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	settings := flags.Args()[1:]
	if len(settings) > 0 {
		if settings[0] != "--" {
			return lang.Errorf("watch: this is one word too many. The app's own settings go after two dashes: watch 3 -- -ttl 2m",
				"watch: 単語が 1 つ余分です。アプリ自体の設定は 2 つのハイフンの後に書きます: watch 3 -- -ttl 2m")
		}
		settings = settings[1:]
	}
	return watch.Run(ctx, dir, settings, stdout, language)
}
