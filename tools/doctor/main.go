// Command doctor tells whether this machine is ready for the workshop, and
// what to do where it is not:
//
//	go run ./tools/doctor
//
// It needs nothing of what it checks: it imports the standard library only,
// so that it builds without a network and with an empty module cache, and it
// runs without Redis, Docker and make.
//
// It ends with status 0 where the machine is ready, with 1 where the person
// at it can mend what is wrong, and with 2 where somebody else must.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// doctor is one examination.
type doctor struct {
	// root is the folder of go.work.
	root string
	// port is where a step listens, redisPort where it looks for a Redis.
	port, redisPort int
	// disk is how many megabytes a place of ours needs; 0 means as measured.
	disk int
	// goEnv is what `go env` says, empty without a go command.
	goEnv map[string]string

	findings []finding
}

func run(ctx context.Context, args []string) int {
	d := doctor{}
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(os.Stdout)
	flags.IntVar(&d.port, "port", defaultPort(), "`port` on which you want to run a step")
	flags.IntVar(&d.redisPort, "redis-port", 6379, "`port` on which to look for a Redis; the steps ask 6379")
	flags.IntVar(&d.disk, "disk", 0, "`megabytes` that must be free (default: what the workshop takes)")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 1
	case flags.NArg() > 0:
		fmt.Fprintf(os.Stderr, "doctor: %q is not an option; -h lists them\n", flags.Arg(0))
		return 1
	}
	var err error
	if d.root, err = findRoot(); err != nil {
		fmt.Fprintln(os.Stderr, "doctor:", err)
		return 1
	}
	for _, check := range []func(context.Context){
		d.checkGo, d.checkModules, d.checkPort, d.checkRedis, d.checkDocker, d.checkProxy,
		d.checkDisk, d.checkWriting, d.checkLineEndings, d.checkClock, d.checkSettings,
	} {
		check(ctx)
		if ctx.Err() != nil {
			fmt.Fprintln(os.Stderr, "doctor: stopped before it was done")
			return 1
		}
	}
	return d.conclude()
}

// defaultPort is the port a step would take. A PORT that is none is the
// step's to report.
func defaultPort() int {
	if port, err := strconv.Atoi(os.Getenv("PORT")); err == nil && port > 0 && port < 65536 {
		return port
	}
	return 5000
}

// findRoot returns the folder of go.work, from any folder below it.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("run this inside the workshop's folder: no go.work was found in this folder or above it")
		}
		dir = filepath.Dir(dir)
	}
}
