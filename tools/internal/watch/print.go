package watch

import (
	"context"
	"fmt"
	"io"
	"strings"

	"example.com/session-workshop/tools/internal/supervisor"
)

// Run runs the program in the folder dir with these arguments until ctx ends.
// It writes its messages and the output of the app to out.
func Run(ctx context.Context, dir string, args []string, out io.Writer) error {
	p := printer{out}
	err := Follow(ctx, Options{Dir: dir, Args: args, Output: out}, p)
	if err == nil {
		p.say("stopped.")
	}
	return err
}

type printer struct{ out io.Writer }

func (p printer) Opened(program *supervisor.Program) {
	p.say("%s", program.About)
	if program.LongTTL() {
		p.say("%s", supervisor.AboutTTL)
	}
}

func (p printer) Changed() { p.say("a file changed: building.") }

func (p printer) Running(string) {}

func (p printer) Failed(problem error, goesOn bool) {
	// The output of the app is already on the screen.
	reason, _, _ := strings.Cut(problem.Error(), " Its output:")
	p.say("%s", reason)
	if goesOn {
		p.say("The app from before the change is still running.")
	}
	p.say("Waiting for the next save.")
}

func (p printer) Stopped(problem error) { p.say("the app did not end cleanly: %v", problem) }

func (p printer) Ending() {}

func (p printer) say(format string, args ...any) {
	fmt.Fprintf(p.out, "watch: "+format+"\n", args...)
}
