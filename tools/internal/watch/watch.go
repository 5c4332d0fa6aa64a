// Package watch runs an app that is as new as its files: it builds and starts
// it again whenever one of them changes.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/tools/internal/supervisor"
)

// pollEvery is how often the files are looked at. They are polled because
// file events do not arrive on the mounts of WSL, of virtual machines and of
// networks; a few hundred files cost about a millisecond.
const pollEvery = 300 * time.Millisecond

// watcher keeps one app running.
type watcher struct {
	program *supervisor.Program
	folders []string // the files in these are watched
	options launch.Options
	app     *launch.App // nil while none runs
	out     io.Writer
}

// Run runs the program in the folder dir with these arguments until ctx ends.
// What it does, and what the app prints, goes to out.
func Run(ctx context.Context, dir string, args []string, out io.Writer) (err error) {
	w := &watcher{folders: []string{dir}, options: launch.Options{Args: args, Dir: dir, Output: out}, out: out}
	shared := filepath.Join(filepath.Dir(dir), "shared")
	if info, err := os.Stat(shared); err == nil && info.IsDir() {
		w.folders = append(w.folders, shared)
	}
	if w.program, err = supervisor.Open(ctx, dir, "embedded here until you stop this"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	w.say("%s", w.program.About)
	if w.program.LongTTL() {
		w.say("%s", supervisor.AboutTTL)
	}
	w.run(ctx)
	return nil
}

func (w *watcher) run(ctx context.Context) {
	seen := takeSnapshot(w.folders...)
	for {
		w.rebuild(ctx)
		now, changed := w.waitForChange(ctx, seen)
		if !changed {
			return
		}
		seen = now
		w.say("a file changed: building.")
	}
}

// rebuild puts a new app in the place of the old one. If the new one cannot be
// built, the old one goes on running.
func (w *watcher) rebuild(ctx context.Context) {
	if err := w.program.Build(ctx); err != nil {
		w.failed(ctx, err.Error())
		return
	}
	if w.app != nil {
		w.stopped(w.app.Stop())
	}
	app, err := w.program.Start(ctx, w.options)
	if err != nil {
		// What follows in the error is the app's output, which has been seen.
		reason, _, _ := strings.Cut(err.Error(), " Its output:")
		w.failed(ctx, "the app did not start: it "+reason)
		return
	}
	w.app = app
	w.keepPort(app.URL)
}

// keepPort makes the next start use the port that the first one chose, so
// that an open page can be reloaded.
func (w *watcher) keepPort(address string) {
	if port := os.Getenv("PORT"); (port != "" && port != "0") || os.Getenv("PUBLIC_URL") != "" {
		return
	}
	if u, err := url.Parse(address); err == nil && u.Port() != "" {
		w.options.Env = []string{"PORT=" + u.Port()}
	}
}

// waitForChange returns the new state of the files, or false when ctx ends.
func (w *watcher) waitForChange(ctx context.Context, seen snapshot) (snapshot, bool) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, false
		case <-w.appEnded():
			if supervisor.EndsToo(ctx) {
				return nil, false
			}
			w.app = nil
			w.failed(ctx, "the app ended by itself.")
		case <-ticker.C:
			if now := takeSnapshot(w.folders...); !now.equal(seen) {
				return now, true
			}
		}
	}
}

// appEnded is a channel that is closed when the app ends; without an app it
// never is.
func (w *watcher) appEnded() <-chan struct{} {
	if w.app == nil {
		return nil
	}
	return w.app.Done()
}

// failed says what is wrong, unless it is that the user stops all.
func (w *watcher) failed(ctx context.Context, what string) {
	if ctx.Err() != nil {
		return
	}
	w.say("%s", what)
	if w.app != nil {
		w.say("The app from before the change goes on running.")
	}
	w.say("Waiting for the next save.")
}

func (w *watcher) stopped(err error) {
	if err != nil {
		w.say("the app did not end cleanly: %v", err)
	}
	w.app = nil
}

func (w *watcher) close() error {
	if w.app != nil {
		w.stopped(supervisor.Stop(w.app))
	}
	defer w.say("stopped.")
	return w.program.Close()
}

func (w *watcher) say(format string, args ...any) {
	fmt.Fprintf(w.out, "watch: "+format+"\n", args...)
}
