package watch

import (
	"context"
	"fmt"
	"io"

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/supervisor"
)

// Run runs the program in the folder dir with these arguments until ctx ends.
// It writes its messages in the language l, and the output of the app, to out.
func Run(ctx context.Context, dir string, args []string, out io.Writer, l lang.Lang) error {
	p := printer{out, l}
	err := Follow(ctx, Options{Dir: dir, Args: args, Output: out}, p)
	if err == nil {
		p.say(lang.T("stopped.", "終了しました。"))
	}
	return err
}

type printer struct {
	out  io.Writer
	lang lang.Lang
}

func (p printer) Opened(program *supervisor.Program) {
	p.say(program.About)
	if program.LongTTL() {
		p.say(supervisor.AboutTTL)
	}
}

func (p printer) Changed() {
	p.say(lang.T("a file changed: building.", "ファイルが変更されました。ビルドします。"))
}

func (p printer) Running(string) {}

func (p printer) Failed(problem error, goesOn bool) {
	// The output of the app is already on the screen.
	p.say(lang.Of(problem))
	if goesOn {
		p.say(lang.T("The app from before the change is still running.", "変更する前のアプリは、まだ動いています。"))
	}
	p.say(lang.T("Waiting for the next save.", "次の保存を待っています。"))
}

func (p printer) Stopped(problem error) {
	p.say(lang.T("the app did not end cleanly: %v", "アプリが正常に終了しませんでした: %v", problem))
}

func (p printer) Ending() {}

func (p printer) say(text lang.Text) { fmt.Fprintln(p.out, "watch: "+text.In(p.lang)) }
