package main

import (
	"context"
	"fmt"
	"os"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/internal/prompt"
	"example.com/session-workshop/tools/internal/rediscli"
)

// runCLI opens a redis-cli on the Redis of the steps: the one of this machine,
// or the one in the container of that Redis, or else our own small one.
func runCLI(ctx context.Context, args []string) error {
	flags := newFlags("cli [COMMAND WORD...]\n  Without a command it asks for commands, or reads them from its input, one on each line.\n" +
		"  It uses the Redis in REDIS_URL, or else the one on " + redisconn.LocalAddr + ".")
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
	if len(words) > 0 {
		return p.Do(words)
	}
	if rediscli.OnTerminal() {
		fmt.Fprintln(stdout, "This machine has no redis-cli. This is the workshop's own small one; HELP explains it.")
	}
	return p.Follow(os.Stdin)
}
