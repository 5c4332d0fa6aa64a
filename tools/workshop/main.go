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
	"os/signal"
	"strings"
	"syscall"

	"example.com/session-workshop/shared/config"
)

// command is one command of the program. run gets the arguments after its name,
// and its error is for the user.
type command struct {
	name, about string
	run         func(ctx context.Context, args []string) error
}

var commands = []command{
	{"redis", "run a Redis alone, so that sessions survive a restart of an app", runRedis},
	{"learn", "learn in one window: run, check and hint on each save: learn 3", runLearn},
	{"hello", "put your name on the class board, and test the network", runHello},
	{"start", "copy the starting point of a step to my-stepN, to build it yourself: start 3", runStart},
	{"check", "check my-stepN, or any running app, step by step: check 3", runCheck},
	{"solve", "show the differences between my-stepN and our solution: solve 3", runSolve},
	{"undo", "bring back your last version that passed, and keep a backup: undo 3", runUndo},
	{"reset", "begin my-stepN again, and keep a backup: reset 3", runReset},
	{"status", "show your progress in each step", runStatus},
	{"watch", "run a step, and rebuild and restart it on each save: watch 3", runWatch},
	{"scale", "run two servers of a step on one Redis, behind a proxy: scale -n 3 4", runScale},
	{"take", "copy the session store into your own project: take ../svc/internal", runTake},
	{"board", "serve the class board, which shows live who is at which step", runBoard},
	{"slides", "write the slides of the class, in English and in Japanese", runSlides},
	{"cli", "open a redis-cli on the Redis of the steps", runCLI},
	{"cookie", "show what anyone can read in a signed cookie", runCookie},
	{"monitor", "show the commands that reach a real Redis", runMonitor},
	{"lint", "check the format, and look for mistakes and known security holes", runLint},
	{"elasticache-local", "run a stand-in for ElastiCache: TLS, a user with few rights, a replica", runElastiCache},
	{"deploy-build", "build the steps for a server in AWS, with their SHA-256", runDeployBuild},
	{"offline", "pack what a class without a network needs: workshop, modules, Redis image", runOffline},
	{"redis-image", "make a local Docker image from this machine's redis-server", runRedisImage},
}

// exitStatus is an error that ends the program with this status. The message
// has been printed before.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	// SIGHUP means that the terminal was closed. Under nohup it is ignored.
	if !signal.Ignored(syscall.SIGHUP) {
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	err := run(ctx, os.Args[1:])
	stop()
	var status exitStatus
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.As(err, &status):
		os.Exit(int(status))
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		usage(os.Stderr)
		return exitStatus(2)
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(os.Stdout)
		return nil
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(ctx, args[1:])
		}
	}
	usage(os.Stderr)
	return errors.New("the first word is not one of these commands")
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "Usage: go run ./tools/workshop COMMAND")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-18s %s\n", c.name, c.about)
	}
}

// newFlags returns the flags of a command. The synopsis begins with the name of
// the command, and is the first line of its help.
func newFlags(synopsis string) *flag.FlagSet {
	name, _, _ := strings.Cut(synopsis, " ")
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Println("Usage: go run ./tools/workshop", synopsis)
		flags.SetOutput(os.Stdout)
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
		return fmt.Errorf("%s: word %d is not an option; -h lists them. A value with a space in it needs quotes", flags.Name(), len(args)-flags.NArg()+1)
	}
	return nil
}
