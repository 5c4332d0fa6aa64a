// Command doctor reports whether this machine is ready for the workshop, and
// what to do if it is not:
//
//	go run ./tools/doctor
//
// With -paste it prints what it found as a block to send to a teacher, which it
// does unasked if something is wrong.
//
// It needs nothing of what it checks: it imports the standard library and
// packages of ours that do the same, so that it builds without a network and
// with an empty module cache.
//
// It ends with status 0 if the machine is ready, with 1 if its user can fix
// what is wrong, and with 2 if the user must ask for help.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/tools/internal/modules"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	d := doctor{out: os.Stdout, redisPort: 6379}
	err := d.examine(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "doctor:", err)
		os.Exit(1)
	}
	os.Exit(d.status)
}

// doctor is one examination.
type doctor struct {
	out io.Writer
	// root is the folder of go.work.
	root string
	// port is where a step listens, redisPort where it looks for a Redis.
	port, redisPort int
	// disk is how many megabytes each of our folders needs; 0 means as measured.
	disk int
	// goEnv is what `go env` says, empty without a go command.
	goEnv map[string]string

	// paste asks for the block to paste even if the machine is ready.
	paste bool

	// unbuilt tells that the first start of a step takes long.
	unbuilt bool

	// findings are what was found, status is the worst of them.
	findings []finding
	status   int
}

// examine looks at everything, and prints what it finds.
func (d *doctor) examine(ctx context.Context, args []string) (err error) {
	if d.paste = slices.Equal(args, []string{"-paste"}); !d.paste && len(args) > 0 {
		return errors.New("its only argument is -paste, for the lines to send to a teacher. For another port than 5000: set PORT")
	}
	if d.root, err = modules.Root(); err != nil {
		return err
	}
	// The step itself reports a PORT that is invalid.
	port, _ := strconv.Atoi(config.Getenv("PORT"))
	d.port = cmp.Or(d.port, port, 5000)
	for _, check := range []func(context.Context){
		d.checkGo, d.checkModules, d.checkPorts, d.checkRedisCLI, d.checkProxy,
		d.checkFolders, d.checkLineEndings, d.checkClock, d.checkSettings,
	} {
		check(ctx)
		if ctx.Err() != nil {
			return errors.New("stopped before it was done")
		}
	}
	d.report()
	return nil
}
