// Command tests runs the tests of every module and sums up what ran, and on
// which Redis. The Makefile calls it. It also runs without make:
//
//	go run ./tools/tests
//	go run ./tools/tests -all
//	go run ./tools/tests -rounds 10
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"example.com/session-workshop/tools/internal/machine"
	"example.com/session-workshop/tools/internal/modules"
)

const usage = `Usage: go run ./tools/tests [-all] [-no-skips] [-in FOLDERS] [-rounds N] [flags of go test]
  -all
        run every test on every kind of Redis; the default is the tests that
        fit in two minutes
  -no-skips
        count a skipped test as failed
  -in FOLDERS
        run only the tests in these folders: -in tools/docs,deploy
  -rounds N
        repeat the tests N times while this machine is kept busy, and name each
        test that failed at least once. Finished rounds of the same commit are
        not repeated`

// errFailed ends the program with status 1. The report has named the failures.
var errFailed = errors.New("tests failed")

func main() {
	// A program that is started with Ctrl+C ignored, for example by nohup,
	// passes that on to its children. If it catches Ctrl+C, they get the
	// default.
	ctx, stop := machine.UntilStopped()
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		if !errors.Is(err, errFailed) {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	s, rounds, err := parse(args)
	if err != nil || s == nil {
		return err
	}
	if s.root, err = modules.Root(); err != nil {
		return err
	}
	temp, err := temporary()
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if rounds > 0 {
		return findFlakes(ctx, s, rounds)
	}
	if len(s.run(ctx, os.Stdout)) > 0 {
		return errFailed
	}
	return nil
}

// parse reads our own flags, and leaves the others to go test. s is nil if the
// help was asked for and printed.
func parse(args []string) (s *suite, rounds int, err error) {
	s = &suite{}
	ours := map[string]*bool{"-all": &s.all, "-no-skips": &s.noSkips, "-v": &s.verbose}
	for i := 0; i < len(args); i++ {
		if flag := ours[args[i]]; flag != nil {
			*flag = true
			continue
		}
		switch args[i] {
		case "-h", "-help", "--help":
			fmt.Println(usage)
			return nil, 0, nil
		case "-in":
			i++
			if i == len(args) {
				return nil, 0, errors.New("-in: which folders? For example: -in tools/docs,deploy")
			}
			s.folders = strings.Split(args[i], ",")
		case "-rounds":
			i++
			if i < len(args) {
				rounds, _ = strconv.Atoi(args[i])
			}
			if rounds < 1 {
				return nil, 0, errors.New("-rounds: how many? For example: -rounds 10")
			}
		default:
			s.args = append(s.args, args[i])
		}
	}
	return s, rounds, nil
}
