package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/internal/modules"
)

// pollEvery is how often the files are looked at. They are polled because
// file events do not arrive on the mounts of WSL, of virtual machines and of
// networks; a few hundred files cost about a millisecond.
const pollEvery = 300 * time.Millisecond

// startWithin bounds the time from an app's start to its first answer.
const startWithin = 30 * time.Second

// watchTTL takes the place of the lesson's 10 s, which is shorter than an edit.
const watchTTL = "10m"

// runWatch runs a step, and builds and starts it again when a file changes.
func runWatch(ctx context.Context, args []string) error {
	flags := newFlags("watch STEP [-- the app's own settings]\n  STEP is 1 to 4, or the folder of a step")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("watch: which step? For example: go run ./tools/workshop watch 3")
	}
	dir, err := stepFolder(flags.Arg(0))
	if err != nil {
		return err
	}
	appArgs := flags.Args()[1:]
	if len(appArgs) > 0 && appArgs[0] != "--" {
		return fmt.Errorf("watch: %q is one setting too many. The app's own go after two dashes: watch 3 -- -ttl 2m", appArgs[0])
	}
	w, err := newWatcher(ctx, dir, appArgs)
	if err != nil {
		return err
	}
	defer w.close()
	return w.run(ctx)
}

// stepFolder turns "3" or a path into the folder of a step.
func stepFolder(name string) (string, error) {
	if regexp.MustCompile(`^[0-9]$`).MatchString(name) {
		root, err := modules.Root()
		if err != nil {
			return "", err
		}
		matches, _ := filepath.Glob(filepath.Join(root, "step"+name+"-*"))
		if len(matches) == 1 {
			return matches[0], nil
		}
		return "", fmt.Errorf("watch: there is no step %s. Use 1 to 4, or the folder of a step", name)
	}
	if _, err := os.Stat(filepath.Join(name, "go.mod")); err != nil {
		if copyName := regexp.MustCompile(`^my-step([1-4])/?$`).FindStringSubmatch(name); copyName != nil {
			return "", fmt.Errorf("watch: there is no %s yet. Begin it: make start%s", name, copyName[1])
		}
		return "", fmt.Errorf("watch: %q is not the folder of a step: it has no go.mod. Use 1 to 4, or such a folder", name)
	}
	dir, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}

// watcher keeps one app running that is as new as its files.
type watcher struct {
	dir     string
	folders []string // the files in these are watched
	bin     string   // a temporary folder
	builds  int
	app     *launch.App // nil while none runs
	options launch.Options
	redis   *embedded.Redis // nil where none was started
}

func newWatcher(ctx context.Context, dir string, appArgs []string) (*watcher, error) {
	w := &watcher{dir: dir, folders: []string{dir}}
	if shared := filepath.Join(filepath.Dir(dir), "shared"); isFolder(shared) {
		w.folders = append(w.folders, shared)
	}
	if len(appArgs) > 0 {
		appArgs = appArgs[1:]
	}
	w.options = launch.Options{Args: appArgs, Dir: dir, Output: os.Stdout}
	var err error
	if w.bin, err = os.MkdirTemp("", "session-workshop-watch-"); err != nil {
		return nil, err
	}
	if err := w.prepare(ctx); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// prepare decides what each start of the app gets from here: the Redis that
// outlives it, and a TTL to work with. Step 1 has neither, step 2 no TTL.
func (w *watcher) prepare(ctx context.Context) error {
	number := regexp.MustCompile(`step([0-9])`).FindStringSubmatch(filepath.Base(w.dir))
	isStep := func(n string) bool { return number != nil && number[1] == n }
	if os.Getenv("REDIS_URL") == "" && !isStep("1") {
		if err := w.startRedis(ctx); err != nil {
			return err
		}
	}
	if os.Getenv("SESSION_TTL") == "" {
		w.options.Env = append(w.options.Env, "SESSION_TTL="+watchTTL)
		if !isStep("1") && !isStep("2") {
			say("SESSION_TTL is %s here, to give you time. The lesson's: SESSION_TTL=10s", watchTTL)
		}
	}
	if !inWorkspace(ctx, w.dir) {
		return os.Setenv("GOWORK", "off")
	}
	return nil
}

func (w *watcher) startRedis(ctx context.Context) error {
	server, err := redisconn.Local(ctx, redisconn.LocalAddr)
	if err != nil {
		return err
	}
	w.redis = server.Embedded
	w.options.Env = append(w.options.Env, "REDIS_URL=redis://"+server.Addr)
	switch {
	case server.Embedded == nil:
		say("Redis was found on %s.", server.Addr)
	case server.Note != "":
		say("Redis is embedded here, on %s (%s), until you stop this.", server.Addr, server.Note)
	default:
		say("Redis is embedded here, on %s, until you stop this.", server.Addr)
	}
	return nil
}

func (w *watcher) run(ctx context.Context) error {
	seen := takeSnapshot(w.folders...)
	for {
		w.rebuild(ctx)
		now, changed := w.waitForChange(ctx, seen)
		if !changed {
			return nil
		}
		seen = now
		say("a file changed: building.")
	}
}

// rebuild puts a new app in the place of the old one. Where that cannot be
// built, the old one goes on running.
func (w *watcher) rebuild(ctx context.Context) {
	binary := w.nextBinary()
	if err := launch.Build(ctx, w.dir, binary); err != nil {
		if ctx.Err() == nil {
			say("this does not compile:\n%s\n%s", launch.CompilerSaid(err, filepath.Base(w.dir)), w.untilNextSave())
		}
		return
	}
	w.stopApp()
	if w.options.Binary != "" {
		os.Remove(w.options.Binary)
	}
	w.options.Binary = binary
	w.start(ctx)
}

func (w *watcher) start(ctx context.Context) {
	waiting, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	app, err := launch.Start(waiting, w.options)
	if err != nil {
		if ctx.Err() == nil {
			// What follows in the error is the app's output, which has been seen.
			reason, _, _ := strings.Cut(err.Error(), " Its output:")
			say("the app did not start: %s\n%s", reason, w.untilNextSave())
		}
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
		w.options.Env = append(w.options.Env, "PORT="+u.Port())
	}
}

// waitForChange returns the new state of the files, or false when the person
// has had enough.
func (w *watcher) waitForChange(ctx context.Context, seen snapshot) (snapshot, bool) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, false
		case <-w.appEnded():
			if endsToo(ctx) {
				return nil, false
			}
			w.app = nil
			say("the app ended by itself. %s", w.untilNextSave())
		case <-ticker.C:
			if now := takeSnapshot(w.folders...); !now.equal(seen) {
				return now, true
			}
		}
	}
}

// endsToo tells whether this process was told to stop as well. Ctrl+C reaches
// it and the app at the same time, and the app may be the faster one.
func endsToo(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	case <-time.After(pollEvery):
		return false
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

func (w *watcher) untilNextSave() string {
	if w.app != nil {
		return "The app from before the change goes on running. Waiting for the next save."
	}
	return "Waiting for the next save."
}

func (w *watcher) stopApp() {
	if w.app == nil {
		return
	}
	if err := w.app.Stop(); err != nil {
		say("the app did not end cleanly: %v", err)
	}
	w.app = nil
}

func (w *watcher) close() {
	w.stopApp()
	if w.redis != nil {
		w.redis.Close()
	}
	os.RemoveAll(w.bin)
	say("stopped.")
}

// nextBinary is a new name for each build: Windows does not let go of the file
// of a running program.
func (w *watcher) nextBinary() string {
	w.builds++
	name := fmt.Sprintf("app-%d", w.builds)
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(w.bin, name)
}

// inWorkspace tells whether go.work names the module in dir. A learner's own
// copy of a step is not named there and is built by itself.
func inWorkspace(ctx context.Context, dir string) bool {
	list := exec.CommandContext(ctx, "go", "list", "-C", dir, "-m", "-f", "{{.Dir}}")
	folders, err := list.Output()
	return err == nil && slices.Contains(strings.Split(string(folders), "\n"), dir)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func say(format string, args ...any) {
	fmt.Printf("watch: "+format+"\n", args...)
}
