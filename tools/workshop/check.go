package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/term"

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/foreign"
	"example.com/session-workshop/tools/learn"
)

// runCheck checks what a learner has built. It ends with exit status 1 if a
// check fails.
func runCheck(ctx context.Context, args []string) error {
	flags := newFlags("check [-hint 2] [-only ID] [-exercise NAME] [-url URL] [-redis-url URL] N",
		lang.T("checks my-stepN, or with -url any running app, in any language.", "my-stepN をチェックする。-url を付けると、起動中のアプリを言語に関係なくチェックする。"),
		lang.T("Each setting is also a variable: REDIS_URL, HINT, ONLY, EX, BOARD, NAME. URL is one only after make.",
			"どの設定も環境変数で指定できる: REDIS_URL、HINT、ONLY、EX、BOARD、NAME。URL は make の後に書いたときだけ有効。"))
	check := learn.Check{Out: stdout, Lang: language, Colour: hasColour(), Width: terminalWidth()}
	flags.StringVar(&check.URL, "url", "", lang.T("`address` of a running app, in place of my-stepN. Variable: URL", "my-stepN の代わりにチェックする、起動中のアプリの `address`。変数: URL").In(language))
	flags.StringVar(&check.RedisURL, "redis-url", "", lang.T("the `Redis` that the app uses (default: one that the check starts; with -url the one on 127.0.0.1:6379). Variable: REDIS_URL",
		"アプリが使う `Redis`（既定: チェックが起動する。-url があれば 127.0.0.1:6379）。変数: REDIS_URL").In(language))
	flags.DurationVar(&check.TTL, "ttl", 0, lang.T("the session `TTL` of the app (default: 7s for my-stepN, 10s with -url)", "アプリのセッションの `TTL`（既定: my-stepN では 7s、-url では 10s）").In(language))
	hint := flags.String("hint", "", lang.T("`level` of the hints, 1 to 3. Variable: HINT", "ヒントの段階 `level`、1 〜 3。変数: HINT").In(language))
	flags.StringVar(&check.Only, "only", "", lang.T("`id` of the one check to run, as the check prints it. Variable: ONLY", "1 つだけ実行するチェックの `id`（チェックの結果に表示される）。変数: ONLY").In(language))
	flags.StringVar(&check.Exercise, "exercise", "", lang.T("`name` of an exercise of the step's guide. Variable: EX", "ガイドの練習問題の名前 `name`。変数: EX").In(language))
	flags.StringVar(&check.Board, "board", "", lang.T("`address` of a class board to report to. Variable: BOARD", "報告先のクラスボードの `address`。変数: BOARD").In(language))
	flags.StringVar(&check.Name, "name", "", lang.T("your `name` on the board. Variable: NAME", "ボードに載せる自分の `name`。変数: NAME").In(language))
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
	for _, setting := range []*string{&check.URL, hint, &check.Only, &check.Exercise, &check.Board} {
		*setting = foreign.Narrow(*setting)
	}
	sayForeign("URL", check.URL == "")
	sayForeign("BOARD", check.Board == "")
	sayForeign("NAME", check.Board != "" && check.Name == "")
	if check.Hint, err = parseHint(*hint); err != nil {
		return err
	}
	if check.TTL != 0 && (check.TTL < time.Second || check.TTL%time.Second != 0) {
		return lang.Errorf("-ttl: %v is not a time in whole seconds, for example 10s", "-ttl: %v は秒単位の時間ではありません。例: 10s", check.TTL)
	}
	err = check.Run(ctx)
	if errors.Is(err, learn.ErrFailed) {
		return exitStatus(1)
	}
	return err
}

// sayForeign prints why a variable is ignored, if its value would matter.
func sayForeign(name string, matters bool) {
	if why := foreign.Why(name); why.EN != "" && matters {
		say(lang.T("%s of this shell is not read: %s", "このシェルの %s は使いません。%s", name, why))
	}
}

func parseHint(text string) (int, error) {
	if text == "" {
		return 1, nil
	}
	n, err := number(text)
	if err != nil || n < 1 || n > learn.Hints {
		return 0, lang.Errorf("HINT: there is no such hint. Use 1 to %d, for example HINT=2", "HINT: そのヒントはありません。1 〜 %d を指定してください。例: HINT=2", learn.Hints)
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
