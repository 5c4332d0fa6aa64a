// Command doctor reports whether this machine is ready for the workshop, and
// what to do if it is not:
//
//	go run ./tools/doctor
//
// It needs nothing of what it checks: it imports the standard library and
// packages of ours that do the same, so that it builds without a network and
// with an empty module cache. What a step says at its own start (about
// REDIS_URL, for example) is left to the step.
//
// It ends with status 0 if the machine is ready, with 1 if its user can fix
// what is wrong, and with 2 if the user must ask for help.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"example.com/session-workshop/tools/internal/modules"
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
	// disk is how many megabytes each of our folders needs; 0 means as measured.
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
	}
	var err error
	if d.root, err = modules.Root(); err != nil {
		fmt.Fprintln(os.Stderr, "doctor:", err)
		return 1
	}
	for _, check := range []func(context.Context){
		d.checkGo, d.checkModules, d.checkPorts, d.checkRedisCLI, d.checkProxy,
		d.checkFolders, d.checkLineEndings, d.checkClock, d.checkSettings,
	} {
		check(ctx)
		if ctx.Err() != nil {
			fmt.Fprintln(os.Stderr, "doctor: stopped before it was done")
			return 1
		}
	}
	return d.conclude()
}

// defaultPort is the port a step would take. The step itself reports a PORT
// that is invalid.
func defaultPort() int {
	if port, err := strconv.Atoi(os.Getenv("PORT")); err == nil && port > 0 && port < 65536 {
		return port
	}
	return 5000
}
