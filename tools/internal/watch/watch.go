// Package watch keeps an app up to date: it builds and restarts the app
// whenever one of its files changes.
package watch

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/supervisor"
)

// pollEvery is the time between two looks at the files. They are polled because
// file events do not arrive from mounts of WSL, of virtual machines and of
// networks. Polling a few hundred files takes about a millisecond.
const pollEvery = 300 * time.Millisecond

// NotStarted is the problem of an app that was built, and did not get ready.
type NotStarted struct {
	error
	Output string // of the app
}

func (n NotStarted) Unwrap() error { return n.error }

// Options are the settings of Follow.
type Options struct {
	Dir    string    // of the program
	Args   []string  // of the app itself
	Output io.Writer // of the app
	// Do brings functions to run between two events. It may be nil.
	Do <-chan func()
}

// Listener is told about events. Its methods are called one at a time.
type Listener interface {
	// Opened is called first, before the first build.
	Opened(*supervisor.Program)
	// Changed is called when a file was saved, before the build.
	Changed()
	// Running is called when a new app answers at an address.
	Running(address string)
	// Failed is called if there is no new app. goesOn reports whether the
	// previous app is still running.
	Failed(problem error, goesOn bool)
	// Stopped is called if an app did not end cleanly.
	Stopped(problem error)
	// Ending is called last, before the app is stopped and the built files are
	// deleted.
	Ending()
}

type watcher struct {
	Listener
	program *supervisor.Program
	folders []string
	options launch.Options
	app     *launch.App // nil while no app runs
	do      <-chan func()
}

// Follow runs a program until ctx ends, and tells a listener about events. It
// returns an error if the program could not be prepared, or if cleaning up
// failed.
func Follow(ctx context.Context, o Options, l Listener) (err error) {
	w := &watcher{Listener: l, folders: []string{o.Dir}, options: launch.Options{Args: o.Args, Dir: o.Dir, Output: o.Output}, do: o.Do}
	shared := filepath.Join(filepath.Dir(o.Dir), "shared")
	if info, err := os.Stat(shared); err == nil && info.IsDir() {
		w.folders = append(w.folders, shared)
	}
	home := lang.T("embedded here until you stop this", "このコマンドに組み込まれていて、終了すると消えます")
	if w.program, err = supervisor.Open(ctx, o.Dir, home); err != nil {
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

// rebuild replaces the running app by a new one. If the build fails, the old
// app keeps running.
func (w *watcher) rebuild(ctx context.Context, seen snapshot) {
	if err := w.program.Build(ctx); err != nil {
		// A save during a build can cause errors that are in neither version,
		// such as an import that cannot be found. The next build reports the
		// real ones.
		if takeSnapshot(w.folders...).equal(seen) {
			w.failed(ctx, err)
		}
		return
	}
	w.stop((*launch.App).Stop)
	app, err := w.program.Start(ctx, w.options)
	if err != nil {
		w.failed(ctx, notStarted(err))
		return
	}
	w.app = app
	w.keepPort(app.URL)
	w.Running(app.URL)
}

func notStarted(err error) error {
	n := NotStarted{error: err}
	if notReady, ok := errors.AsType[*launch.NotReady](err); ok {
		n = NotStarted{notReady.Why, notReady.Output}
	}
	n.error = lang.Errorf("the app did not start: it %w", "アプリが起動しません: %w", n.error)
	return n
}

// keepPort makes the next start reuse the port of this one, so that the user
// can reload an open page.
func (w *watcher) keepPort(address string) {
	if port := config.Getenv("PORT"); (port != "" && port != "0") || config.Getenv("PUBLIC_URL") != "" {
		return
	}
	if u, err := url.Parse(address); err == nil && u.Port() != "" {
		w.options.Env = []string{"PORT=" + u.Port()}
	}
}

// waitForChange returns the new state of the files. It returns false if ctx
// ends.
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
			w.failed(ctx, lang.Errorf("the app has ended", "アプリが終了しました"))
		case do := <-w.do:
			do()
		case <-ticker.C:
			if now := takeSnapshot(w.folders...); !now.equal(seen) {
				return now, true
			}
		}
	}
}

// appEnded is nil, and so never ready, while no app runs.
func (w *watcher) appEnded() <-chan struct{} {
	if w.app == nil {
		return nil
	}
	return w.app.Done()
}

// failed reports a problem, unless the user has stopped everything.
func (w *watcher) failed(ctx context.Context, problem error) {
	if ctx.Err() == nil {
		w.Failed(problem, w.app != nil)
	}
}

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
