package main

import (
	"context"
	"fmt"

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/machine"
	"example.com/session-workshop/tools/internal/rediscli"
)

// runMonitor shows the commands that reach a real Redis, with redis-cli.
func runMonitor(ctx context.Context, args []string) error {
	if err := parseOnly(newFlags("monitor"), args); err != nil {
		return err
	}
	target, err := rediscli.Find(ctx)
	if err != nil {
		return fmt.Errorf("monitor: %w", err)
	}
	if target.IsEmbedded(ctx) {
		return lang.Errorf("monitor: the Redis on %s is an embedded one, which does not have MONITOR.\nThe panel below each page shows the commands of its request. For a real Redis: %s, then make redis",
			"monitor: %s で動いているのは組み込みの Redis なので、MONITOR は使えません。\n各ページの下のパネルに、そのリクエストで使われたコマンドが表示されます。本物の Redis を使うには: %s。そのあとで make redis を実行します", target.Addr, machine.HowToGetServer)
	}
	program := target.Command(ctx)
	if program == nil {
		return lang.Errorf("monitor: this machine has no redis-cli, which comes with a Redis server: %s",
			"monitor: このマシンには redis-cli がありません。redis-cli は Redis サーバーに付属しています。%s", machine.HowToGetServer)
	}
	return runProgram(target, append(program, "MONITOR"))
}
