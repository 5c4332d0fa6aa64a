// Package steptest runs a step's built app for its tests: against the contract of
// the step, on every kind of Redis, or alone.
package steptest

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/shared/config"
)

const (
	// ttl is the session TTL of the apps, the same as their default.
	ttl = 10 * time.Second
	// checkTimeout is the time limit of one check. The longest waits a whole TTL.
	checkTimeout = 5 * time.Minute
	buildTimeout = 30 * time.Minute
	startTimeout = 5 * time.Minute
)

// Contract builds the app in the current folder, starts it on every kind of
// Redis (see redistest.Each; step 1 runs once, without Redis), and checks it
// against the contract of the step, with a subtest for each check, named by its
// id. A failed check logs what it expected and got, its hint, and the end of the
// app's output.
func Contract(t *testing.T, step int) {
	t.Helper()
	onEveryRedis(t, step, contract.Step(step))
}

// Lesson is Contract with only the checks of the lesson, for an app that a
// learner wrote.
func Lesson(t *testing.T, step int) {
	t.Helper()
	onEveryRedis(t, step, contract.StepGroup(step, contract.Lesson))
}

func onEveryRedis(t *testing.T, step int, checks []contract.Check) {
	t.Helper()
	if step == 1 {
		check(t, ".", checks, contract.Target{})
		return
	}
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		// Each app has its own port and its own Redis. Most of the time they wait
		// for a TTL, which they can do at the same time.
		t.Parallel()
		onTheWire, others := split(checks)
		check(t, ".", others, contract.Target{Redis: r.Client}, "REDIS_URL="+r.URL)
		checkOnTheWire(t, ".", onTheWire, r)
	})
}

// split separates the checks that need a wire from the others.
func split(checks []contract.Check) (onTheWire, others []contract.Check) {
	for _, c := range checks {
		if c.Wire {
			onTheWire = append(onTheWire, c)
		} else {
			others = append(others, c)
		}
	}
	return onTheWire, others
}

// checkOnTheWire starts the app with a wire between it and Redis. The panel is
// off, because it sends commands too.
func checkOnTheWire(t *testing.T, dir string, checks []contract.Check, r *redistest.Redis) {
	t.Helper()
	address, err := url.Parse(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	w := redistest.OpenWire(t, address.Host)
	address.Host = w.Addr
	check(t, dir, checks, contract.Target{Redis: r.Client, Wire: w}, "REDIS_URL="+address.String(), "UNDER_THE_HOOD=off")
}

// Check starts the app in the folder dir with the variables env, as Start does,
// and checks it against the contract of the step, with a subtest for each check.
// It leaves out the check that waits a whole TTL and those that need a wire:
// Contract has them. client connects to the Redis that the app uses, with all
// rights; step 1 needs none.
func Check(t *testing.T, dir string, step int, client redis.UniversalClient, env ...string) {
	t.Helper()
	checks := contract.Step(step)
	if len(checks) == 0 {
		t.Fatalf("there are no checks for step %d: the steps are 1 to 4", step)
	}
	checks = slices.DeleteFunc(checks, func(c contract.Check) bool { return c.Waits || c.Wire })
	check(t, dir, checks, contract.Target{Redis: client}, env...)
}

func check(t *testing.T, dir string, checks []contract.Check, target contract.Target, env ...string) {
	t.Helper()
	app := Start(t, dir, append(env, "SESSION_TTL="+ttl.String())...)
	target.URL, target.TTL = app.URL, ttl
	for _, c := range checks {
		t.Run(c.ID, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), checkTimeout)
			defer cancel()
			if err := c.Run(ctx, target); err != nil {
				t.Errorf("%s%s\nhint: %s\nthe app's last lines:\n%s", c.Name, explain(err), c.Hints[0], tail(app.Output(), 20))
			}
		})
	}
}

// explain writes what was expected above what the check got, for comparison.
func explain(err error) string {
	if failure, ok := errors.AsType[*contract.Failure](err); ok {
		return "\nexpected: " + failure.Expected.EN + "\ngot:      " + failure.Got.EN
	}
	return "\n" + err.Error()
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return "    " + strings.Join(all[max(0, len(all)-lines):], "\n    ")
}

// Start runs the app in the folder dir on a free port, and stops it when the
// test has ended. It fails the test if the app does not start, or does not end
// with status 0 after SIGTERM, unless the test has killed it. env holds lines
// NAME=value, for example "REDIS_URL=redis://…". The app does not see the
// developer's own settings.
func Start(t testing.TB, dir string, env ...string) *launch.App {
	t.Helper()
	return StartWith(t, dir, nil, env...)
}

// StartWith is Start for a program that takes arguments.
func StartWith(t testing.TB, dir string, args []string, env ...string) *launch.App {
	t.Helper()
	binary, err := Program(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	app, err := launch.Start(ctx, launch.Options{Binary: binary, Args: args, Dir: dir, Env: append(config.Unset(), env...)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(); err != nil {
			t.Error(err)
		}
	})
	return app
}

// programs is the variable that names the folder of the programs that were built
// for a whole run of the tests. It is unset outside of one.
const programs = "WORKSHOP_PROGRAMS"

var (
	built = os.Getenv(programs)
	// builds holds, by folder, the function that builds the app there once.
	builds sync.Map
)

// Program returns the path of the built program of the folder dir. `make test`
// builds each program once for all tests. Without it, each test process builds a
// program when it first needs it.
func Program(dir string) (binary string, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	binary = inFolder(built, dir)
	if _, err := os.Stat(binary); built != "" && err == nil {
		return binary, nil
	}
	once, _ := builds.LoadOrStore(dir, sync.OnceValues(func() (string, error) {
		return build(dir)
	}))
	return once.(func() (string, error))()
}

// inFolder returns the path of a program in a folder of programs. Windows runs
// only files with an extension.
func inFolder(folder, dir string) string {
	extension := ""
	if runtime.GOOS == "windows" {
		extension = ".exe"
	}
	return filepath.Join(folder, filepath.Base(dir)+extension)
}

func build(dir string) (binary string, err error) {
	folder, err := ownFolder()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	binary = inFolder(folder, dir)
	return binary, launch.Build(ctx, dir, binary, raceFlags...)
}

// ownFolder returns the folder in which this process builds. A lifeline removes
// it when the process ends; without lifelines it stays in the temporary folder.
// Child processes of the tests find the programs by the variable.
var ownFolder = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "session-workshop-")
	if err != nil {
		return "", err
	}
	if _, err := launch.Lifeline("rm", "-r", folder); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return "", errors.Join(err, os.RemoveAll(folder))
	}
	return folder, os.Setenv(programs, folder)
})
