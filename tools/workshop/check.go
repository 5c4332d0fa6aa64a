package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"example.com/session-workshop/tools/internal/foreign"
	"example.com/session-workshop/tools/learn"
)

// runCheck checks what a learner has built. It ends with exit status 1 if a
// check fails.
func runCheck(ctx context.Context, args []string) error {
	flags := newFlags("check [-hint 2] [-only ID] [-exercise NAME] [-url URL] [-redis-url URL] N\n  checks my-stepN, or with -url any running app, in any language.\n  Each setting is also a variable: REDIS_URL, HINT, ONLY, EX, BOARD, NAME. URL is one only after make.")
	check := learn.Check{Out: os.Stdout, Colour: hasColour(), Width: terminalWidth()}
	flags.StringVar(&check.URL, "url", "", "`address` of a running app, in place of my-stepN. Variable: URL")
	flags.StringVar(&check.RedisURL, "redis-url", "", "the `Redis` that the app uses (default: one that the check starts; with -url the one on 127.0.0.1:6379). Variable: REDIS_URL")
	flags.DurationVar(&check.TTL, "ttl", 0, "the session `TTL` of the app (default: 7s for my-stepN, 10s with -url)")
	hint := flags.String("hint", "", "how much help, `1 to 3`. Variable: HINT")
	flags.StringVar(&check.Only, "only", "", "`id` of the one check to run, as the check prints it. Variable: ONLY")
	flags.StringVar(&check.Exercise, "exercise", "", "`name` of an exercise of the step's guide. Variable: EX")
	flags.StringVar(&check.Board, "board", "", "`address` of a class board to report to. Variable: BOARD")
	flags.StringVar(&check.Name, "name", "", "your `name` on the board. Variable: NAME")
	var err error
	if check.Copy, err = copyOf(flags, args); err != nil {
		return err
	}
	// If the variables were the defaults of the flags, -h would print their
	// values.
	for name, setting := range map[string]*string{
		"URL": &check.URL, "REDIS_URL": &check.RedisURL, "HINT": hint, "ONLY": &check.Only, "EX": &check.Exercise, "BOARD": &check.Board, "NAME": &check.Name,
	} {
		*setting = cmp.Or(*setting, foreign.Getenv(name))
	}
	sayForeign("URL", check.URL == "")
	sayForeign("BOARD", check.Board == "")
	sayForeign("NAME", check.Board != "" && check.Name == "")
	if check.Hint, err = parseHint(*hint); err != nil {
		return err
	}
	if check.TTL != 0 && (check.TTL < time.Second || check.TTL%time.Second != 0) {
		return fmt.Errorf("-ttl: %v is not a time in whole seconds, for example 10s", check.TTL)
	}
	err = check.Run(ctx)
	if errors.Is(err, learn.ErrFailed) {
		return exitStatus(1)
	}
	return err
}

// sayForeign prints why a variable is ignored, if its value would matter.
func sayForeign(name string, matters bool) {
	if why := foreign.Why(name); why != "" && matters {
		fmt.Printf("%s of this shell is not read: %s\n", name, why)
	}
}

func parseHint(text string) (int, error) {
	if text == "" {
		return 1, nil
	}
	n, err := number(text)
	if err != nil || n < 1 || n > learn.Hints {
		return 0, fmt.Errorf("HINT: there is no such hint. Use 1 to %d, for example HINT=2", learn.Hints)
	}
	return n, nil
}

// hasColour reports whether standard output is a terminal that shows colours,
// and whether the user allows them (https://no-color.org).
func hasColour() bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(os.Stdout.Fd()))
}

// terminalWidth returns the width of standard output in characters, or 0 if it
// is not a terminal.
func terminalWidth() int {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return width
}
