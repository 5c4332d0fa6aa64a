package main

import (
	"context"
	"fmt"
	"os"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/internal/prompt"
	"example.com/session-workshop/tools/internal/rediscli"
)

// runCLI opens a redis-cli on the Redis of the steps: the one of this machine,
// or the one in the container of that Redis, or else our own small one.
func runCLI(ctx context.Context, args []string) error {
	flags := newFlags("cli [COMMAND WORD...]",
		lang.T("Without a command it asks for commands, or reads them from its input, one on each line.",
			"コマンドを付けなければ、入力を待ちます。標準入力からは、1 行に 1 つずつ読み取ります。"),
		lang.T("It uses the Redis in REDIS_URL, or else the one on %s.",
			"REDIS_URL の Redis を使います。設定がなければ %s の Redis を使います。", redisconn.LocalAddr))
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	target, err := rediscli.Find(ctx)
	if err == nil {
		if program := target.Command(ctx); program != nil {
			return runProgram(target, append(program, flags.Args()...))
		}
		err = runPrompt(ctx, target, flags.Args())
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("cli: %w", err)
	}
	return nil
}

// runProgram runs a redis-cli and returns its exit status.
func runProgram(target rediscli.Target, command []string) error {
	status, err := target.Run(command)
	if status != 0 {
		return exitStatus(status)
	}
	return err
}

// runPrompt sends the command in words. Without words, it sends the commands
// that a user types or a script contains.
func runPrompt(ctx context.Context, target rediscli.Target, words []string) error {
	p, err := prompt.Open(ctx, target.Options, stdout, rediscli.OnTerminal())
	if err != nil {
		return err
	}
	defer p.Close()
	p.Lang = language
	if len(words) > 0 {
		return p.Do(words)
	}
	if rediscli.OnTerminal() {
		say(lang.T("This machine has no redis-cli. This is the workshop's own small one; HELP explains it.",
			"このマシンには redis-cli がありません。代わりに、ワークショップの簡易版を使います。HELP で使い方を表示します。"))
	}
	return p.Follow(os.Stdin)
}
