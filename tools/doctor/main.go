// Command doctor reports whether this machine is ready for the workshop, and
// what to do if it is not:
//
//	go run ./tools/doctor
//
// With -paste it prints what it found as a block to send to a teacher. If something
// is wrong, it always does.
//
// It depends on nothing that it checks: it imports only the standard library and
// packages of ours that do the same, so that it builds without a network and with
// an empty module cache.
//
// It ends with status 0 if the machine is ready, with 1 if the user can fix what is
// wrong, and with 2 if the user must ask for help.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/modules"
	"example.com/session-workshop/tools/internal/output"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	out := output.To(os.Stdout)
	d := doctor{out: out, onTerminal: isTerminal(os.Stdout), redisPort: 6379}
	err := d.examine(ctx, os.Args[1:])
	stop()
	if err == nil {
		err = out.Err()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "doctor:", lang.Of(err).In(d.language))
		os.Exit(1)
	}
	os.Exit(d.status)
}

// doctor is one examination.
type doctor struct {
	out io.Writer
	// onTerminal says that out is one.
	onTerminal bool
	// language is that of the report.
	language lang.Lang
	// root is the folder of go.work.
	root string
	// port is where a step listens, redisPort where it looks for a Redis.
	port, redisPort int
	// disk is how many megabytes each folder needs; 0 means the measured values.
	disk int
	// goEnv is the output of `go env`, empty without a go command.
	goEnv map[string]string

	// paste asks for the block to paste even if the machine is ready.
	paste bool

	// unbuilt is true if the first start of a step takes long.
	unbuilt bool

	// findings are all results, status is that of the worst.
	findings []finding
	status   int
}

// examine checks everything and prints the report.
func (d *doctor) examine(ctx context.Context, args []string) (err error) {
	if d.language, err = lang.OfTerminal(os.Getenv, d.onTerminal); err != nil {
		return err
	}
	if d.paste = slices.Equal(args, []string{"-paste"}); !d.paste && len(args) > 0 {
		return lang.Errorf("the only argument is -paste, which prints the lines to send to a teacher. To check another port than 5000, set PORT",
			"指定できる引数は -paste だけです。これは講師に送る行を表示します。5000 以外のポートを調べるときは、PORT を設定してください。")
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
			return lang.Errorf("stopped before the end", "途中で停止しました。")
		}
	}
	d.report()
	return nil
}

// isTerminal reports whether out is a terminal. It is also true for os.DevNull,
// where the language does not matter.
func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
