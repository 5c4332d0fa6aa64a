// Command workshop has the tools around the steps, such as a Redis that
// outlives them, and a step that restarts on save. Each command has a file
// here, which reads its flags and prints its messages; its work is done in a
// package of tools/internal or beside it. The Makefile calls this program,
// which also runs without make:
//
//	go run ./tools/workshop watch 3
//
// Each command prints its help for -h.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/term"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/advice"
	"example.com/session-workshop/tools/internal/machine"
	"example.com/session-workshop/tools/internal/output"
)

// command is one command of the program. run gets the arguments after its name,
// and its error is for the user.
type command struct {
	name  string
	about lang.Text
	run   func(ctx context.Context, args []string) error
}

var commands = []command{
	{"redis", lang.T("run a Redis alone, so that sessions survive a restart of an app", "Redis を単独で起動する。アプリを再起動してもセッションが残る"), runRedis},
	{"learn", lang.T("learn in one window: run, check and hint on each save: learn 3", "1 つの画面で進める。保存するたびに起動、チェック、ヒント: learn 3"), runLearn},
	{"hello", lang.T("put your name on the class board, and test the network", "クラスボードに名前を載せ、ネットワークを確かめる"), runHello},
	{"start", lang.T("copy the starting point of a step to my-stepN, to build it yourself: start 3", "自分で作るための出発点を my-stepN にコピーする: start 3"), runStart},
	{"check", lang.T("check my-stepN, or any running app, step by step: check 3", "my-stepN または起動中のアプリを順にチェックする: check 3"), runCheck},
	{"solve", lang.T("show the differences between my-stepN and our solution: solve 3", "my-stepN と完成版の違いを表示する: solve 3"), runSolve},
	{"undo", lang.T("bring back your last version that passed, and keep a backup: undo 3", "バックアップを残して、最後に合格したときの状態に戻す: undo 3"), runUndo},
	{"reset", lang.T("begin my-stepN again, and keep a backup: reset 3", "バックアップを残して、my-stepN を最初からやり直す: reset 3"), runReset},
	{"status", lang.T("show your progress in each step", "ステップごとの進み具合を表示する"), runStatus},
	{"watch", lang.T("run a step, and rebuild and restart it on each save: watch 3", "ステップを起動し、保存するたびにビルドして再起動する: watch 3"), runWatch},
	{"scale", lang.T("run two servers of a step on one Redis, behind a proxy: scale -n 3 4", "1 つの Redis とプロキシで、ステップのサーバーを 2 台動かす: scale -n 3 4"), runScale},
	{"take", lang.T("copy the session store into your own project: take ../svc/internal", "セッションストアを自分のプロジェクトにコピーする: take ../svc/internal"), runTake},
	{"board", lang.T("serve the class board, which shows live who is at which step", "誰がどのステップにいるかを表示するクラスボードを起動する"), runBoard},
	{"slides", lang.T("write the slides of the class, in English and in Japanese", "授業のスライドを英語と日本語で書き出す"), runSlides},
	{"cli", lang.T("open a redis-cli on the Redis of the steps", "ステップの Redis を redis-cli で開く"), runCLI},
	{"cookie", lang.T("show what anyone can read in a signed cookie", "署名付き Cookie の中の、誰にでも読める内容を表示する"), runCookie},
	{"monitor", lang.T("show the commands that reach a real Redis", "本物の Redis に届くコマンドを表示する"), runMonitor},
	{"lint", lang.T("check the format, and look for mistakes and known security holes", "書式、間違い、既知の脆弱性を調べる"), runLint},
	{"elasticache-local", lang.T("run a stand-in for ElastiCache: TLS, a user with few rights, a replica", "ElastiCache を再現したローカル環境を起動する: TLS、権限の少ないユーザー、レプリカ"), runElastiCache},
	{"deploy-build", lang.T("build the steps for a server in AWS, with their SHA-256", "AWS のサーバー用にステップをビルドし、SHA-256 を付ける"), runDeployBuild},
	{"offline", lang.T("pack what a class without a network needs: workshop, modules, Redis image", "ネットワークのない教室に必要なものをまとめる: workshop、モジュール、Redis のイメージ"), runOffline},
	{"rename", lang.T("give the modules the path of your repository: rename github.com/you/ws", "モジュールのパスを自分のリポジトリのものに変える: rename github.com/you/ws"), runRename},
	{"redis-image", lang.T("build a local Docker image from this machine's redis-server", "このマシンの redis-server から Docker イメージを作る"), runRedisImage},
}

// language is what the commands speak. main sets it once, before all else.
var language = lang.English

// stdout is where the commands print. main checks it at the end.
var stdout = output.To(os.Stdout)

// say prints a line in that language.
func say(text lang.Text) { fmt.Fprintln(stdout, text.In(language)) }

// exitStatus is an error that ends the program with this status. The message
// has been printed before.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() {
	ctx, stop := machine.UntilStopped()
	removeTemp := machine.GoTemp()
	var err error
	language, err = lang.OfTerminal(os.Getenv, term.IsTerminal(int(os.Stdout.Fd())))
	if err == nil {
		err = run(ctx, os.Args[1:])
	}
	if err == nil || errors.Is(err, flag.ErrHelp) {
		err = stdout.Err()
	}
	interrupted := ctx.Err() != nil
	stop()
	removeTemp()
	if status := report(err, interrupted); status != 0 {
		os.Exit(status)
	}
}

// report prints the error of a command, and returns the status of the program.
// interrupted reports whether the user has pressed Ctrl+C.
func report(err error, interrupted bool) int {
	var status exitStatus
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &status):
		return int(status)
	case interrupted && saysOnlyStopped(err):
		fmt.Fprintln(os.Stderr, lang.T("Stopped before the end.", "途中で中止しました。").In(language))
		return 1
	}
	fmt.Fprintln(os.Stderr, lang.Of(advice.Add(err)).In(language))
	return 1
}

// saysOnlyStopped reports whether an error only says that Ctrl+C has ended something,
// and not what.
func saysOnlyStopped(err error) bool {
	_, exit := errors.AsType[*exec.ExitError](err)
	return exit || errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "signal: ")
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		usage(os.Stderr)
		return exitStatus(2)
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(stdout)
		return nil
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(ctx, args[1:])
		}
	}
	usage(os.Stderr)
	return lang.Errorf("the first word is not one of these commands", "最初の単語は、どのコマンドでもありません")
}

func usage(w io.Writer) {
	fmt.Fprintln(w, lang.T("Usage: go run ./tools/workshop COMMAND", "使い方: go run ./tools/workshop COMMAND").In(language))
	for _, c := range commands {
		fmt.Fprintf(w, "  %-18s %s\n", c.name, c.about.In(language))
	}
}

// newFlags returns the flags of a command. The synopsis begins with the name of
// the command, and is the first line of its help; about are the next lines.
func newFlags(synopsis string, about ...lang.Text) *flag.FlagSet {
	name, _, _ := strings.Cut(synopsis, " ")
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.Usage = func() {
		say(lang.T("Usage: go run ./tools/workshop %s", "使い方: go run ./tools/workshop %s", synopsis))
		for _, line := range about {
			fmt.Fprintln(stdout, " ", line.In(language))
		}
		flags.SetOutput(stdout)
		flags.PrintDefaults()
	}
	return flags
}

// parseOnly reads the flags of a command that takes no other arguments. No
// error of a command repeats an argument: a password with a space in it becomes
// more than one argument.
func parseOnly(flags *flag.FlagSet, args []string) error {
	if err := config.ParseFlags(flags, args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return lang.Errorf("%s: word %d is not an option; -h lists them. A value with a space in it needs quotes",
			"%s: %d 番目の単語はオプションではありません。-h で一覧できます。空白を含む値は引用符で囲んでください", flags.Name(), len(args)-flags.NArg()+1)
	}
	return nil
}
