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
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/tools/internal/supervisor"
)

// pollEvery is how often the files are looked at. They are polled because
// file events do not arrive on the mounts of WSL, of virtual machines and of
// networks; a few hundred files cost about a millisecond.
const pollEvery = 300 * time.Millisecond

// Options says what Follow runs.
type Options struct {
	// Dir is the folder of the program.
	Dir string
	// Args are the app's own settings.
	Args []string
	// Output gets what the app prints.
	Output io.Writer
	// Do holds functions to run between two events. It may be nil.
	Do <-chan func()
}

// Listener is told what happens. Its methods are called one at a time.
type Listener interface {
	// Opened comes first: nothing is built yet.
	Opened(*supervisor.Program)
	// Changed tells that a file was saved, before the build.
	Changed()
	// Running tells that a new app answers at an address.
	Running(address string)
	// Failed tells why there is no new app, and whether the one from before
	// goes on.
	Failed(problem error, goesOn bool)
	// Stopped tells of an app that did not end cleanly.
	Stopped(problem error)
	// Ending comes last: the app is stopped then, and what was built removed.
	Ending()
}

// watcher keeps one app running.
type watcher struct {
	Listener
	program *supervisor.Program
	folders []string // the files in these are watched
	options launch.Options
	app     *launch.App // nil while none runs
	do      <-chan func()
}

// Follow runs a program until ctx ends, and tells a listener what happens. The
// error says that it could not be prepared, or that something is left behind.
func Follow(ctx context.Context, o Options, l Listener) (err error) {
	w := &watcher{Listener: l, folders: []string{o.Dir}, options: launch.Options{Args: o.Args, Dir: o.Dir, Output: o.Output}, do: o.Do}
	shared := filepath.Join(filepath.Dir(o.Dir), "shared")
	if info, err := os.Stat(shared); err == nil && info.IsDir() {
		w.folders = append(w.folders, shared)
	}
	if w.program, err = supervisor.Open(ctx, o.Dir, "embedded here until you stop this"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	w.Opened(w.program)
	w.run(ctx)
	return nil
}

func (w *watcher) run(ctx context.Context) {
	seen := takeSnapshot(w.folders...)
	for {
		w.rebuild(ctx, seen)
		now, changed := w.waitForChange(ctx, seen)
		if !changed {
			return
		}
		seen = now
		w.Changed()
	}
}

// rebuild puts a new app in the place of the old one. If the new one cannot be
// built, the old one goes on running.
func (w *watcher) rebuild(ctx context.Context, seen snapshot) {
	if err := w.program.Build(ctx); err != nil {
		// A save during a build can make mistakes that no file has, such as an
		// import that cannot be found. The next build tells what is wrong.
		if takeSnapshot(w.folders...).equal(seen) {
			w.failed(ctx, err)
		}
		return
	}
	w.stop((*launch.App).Stop)
	app, err := w.program.Start(ctx, w.options)
	if err != nil {
		w.failed(ctx, fmt.Errorf("the app did not start: it %w", err))
		return
	}
	w.app = app
	w.keepPort(app.URL)
	w.Running(app.URL)
}

// keepPort makes the next start use the port that the first one chose, so
// that an open page can be reloaded.
func (w *watcher) keepPort(address string) {
	if port := config.Getenv("PORT"); (port != "" && port != "0") || config.Getenv("PUBLIC_URL") != "" {
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
			w.failed(ctx, errors.New("the app ended by itself"))
		case do := <-w.do:
			do()
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

// failed tells what is wrong, unless it is that the user stops all.
func (w *watcher) failed(ctx context.Context, problem error) {
	if ctx.Err() == nil {
		w.Failed(problem, w.app != nil)
	}
}

// stop ends the app, if one runs, in the given way.
func (w *watcher) stop(by func(*launch.App) error) {
	if w.app == nil {
		return
	}
	if err := by(w.app); err != nil {
		w.Stopped(err)
	}
	w.app = nil
}

func (w *watcher) close() error {
	w.Ending()
	w.stop(supervisor.Stop)
	return w.program.Close()
}
