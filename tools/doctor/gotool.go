package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/tools/internal/machine"
)

func (d *doctor) checkGo(ctx context.Context) {
	if _, err := exec.LookPath("go"); err != nil {
		d.add(fix, "Go", "Install Go 1.26 or later: https://go.dev/doc/install, then open a new terminal",
			"the go command is not on the PATH")
		return
	}
	output, err := d.run(ctx, nil, "env", "-json")
	if err == nil {
		err = json.Unmarshal(output, &d.goEnv)
	}
	if err != nil {
		d.blame(ctx, err, "env", "-json")
		return
	}
	target, here := d.goEnv["GOOS"]+"/"+d.goEnv["GOARCH"], d.goEnv["GOHOSTOS"]+"/"+d.goEnv["GOHOSTARCH"]
	if target != here {
		d.add(fix, "Go", unset("GOOS")+"\n"+unset("GOARCH")+"\ngo env -u GOOS GOARCH",
			"it builds for %s, and this machine is %s", target, here)
		return
	}
	d.add(ok, "Go", "", "%s on %s", d.goEnv["GOVERSION"], here)
}

// checkModules asks for the network only if something is still to be fetched.
func (d *doctor) checkModules(ctx context.Context) {
	if len(d.goEnv) == 0 {
		return
	}
	// What a learner builds.
	args := []string{"list", "-deps", "-buildvcs=false", "./tools/workshop"}
	for _, step := range steps.Folders {
		args = append(args, "./"+step)
	}
	_, err := d.run(ctx, []string{"GOPROXY=off"}, args...)
	switch {
	case err == nil:
		d.add(ok, "modules", "", "all are in the module cache, the network is not needed")
		d.checkBuilt(ctx)
	case isToFetch(err):
		d.unbuilt = true
		d.checkNetwork(ctx)
	default:
		d.blame(ctx, err, args...)
	}
}

// blame names each setting that alone makes the go command refuse what it has
// just refused. Only if there is none, it repeats what the command said, whose
// advice is for other folders.
func (d *doctor) blame(ctx context.Context, refused error, args ...string) {
	plain := []string{"GOENV=off"}
	var settings []string
	for _, setting := range os.Environ() {
		if name, value, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "GO") && value != "" {
			plain, settings = append(plain, name+"="), append(settings, setting)
		}
	}
	works := func(setting string) bool {
		// Nothing is fetched to find out.
		_, err := d.run(ctx, slices.Concat(plain, []string{setting, "GOPROXY=off", "GOTOOLCHAIN=local"}), args...)
		return err == nil || isToFetch(err)
	}
	named := false
	for _, setting := range settings {
		if name, _, _ := strings.Cut(setting, "="); !works(setting) {
			named = true
			d.add(fix, "Go", unset(name), "%s has a value with which the go command builds nothing in this folder", name)
		}
	}
	switch {
	case named:
	case !works("GOENV=" + os.Getenv("GOENV")):
		d.add(fix, "Go", "go env -changed\nThen, for each name that it lists and you do not need: go env -u NAME",
			"go env -w has set a value with which the go command builds nothing in this folder")
	default:
		d.add(fix, "Go", "go "+strings.Join(args, " ")+"\nFix what it names. If the program itself is broken, install Go again: https://go.dev/doc/install",
			"the go command fails in this folder: %s", lastLine(refused))
	}
}

// isToFetch reports whether the go command lacks a module and nothing else.
func isToFetch(err error) bool {
	return strings.Contains(err.Error(), "module lookup disabled by GOPROXY=off")
}

// checkBuilt looks for what step 1 needs of others, the standard library
// included, in the build cache. A first build of it keeps a class waiting.
func (d *doctor) checkBuilt(ctx context.Context) {
	const stale = `{{if and .Stale (not (and .Module .Module.Main))}}{{.ImportPath}}{{end}}`
	missing, err := d.run(ctx, nil, "list", "-deps", "-buildvcs=false", "-f", stale, "./"+steps.Folder(1))
	if d.unbuilt = err != nil || strings.TrimSpace(string(missing)) != ""; d.unbuilt {
		d.add(note, "build", "", "nothing is built yet, which the first start does")
		return
	}
	d.add(ok, "build", "", "what a step is made of is built")
}

const askForNetwork = "Connect to a network, or ask its administrator for a way to the Go module proxy (variables HTTPS_PROXY, GOPROXY)\n" +
	"Or ask your teacher for the offline kit (made by: make offline)"

// checkNetwork fetches a module's go.mod as the go command would fetch all of
// it: by its proxies and its settings.
func (d *doctor) checkNetwork(ctx context.Context) {
	requirements, err := os.ReadFile(filepath.Join(d.root, steps.Folder(1), "go.mod"))
	cache, tempErr := os.MkdirTemp("", "workshop-doctor-")
	if err := errors.Join(err, tempErr); err != nil {
		d.add(note, "network", "", "not asked: %v", err)
		return
	}
	defer os.RemoveAll(cache)
	const patience = 20 * time.Second
	fmt.Fprintf(os.Stderr, "Asking the network, for at most %v ...\n", patience)
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// One module that every step needs.
	echo := regexp.MustCompile(`github\.com/labstack/echo/v4 v\S+`).FindString(string(requirements))
	// A cache of its own, so that the module is not there already. The checksum
	// database is not asked: go.sum has the sums of all that a step needs.
	_, err = d.run(limited, []string{"GOMODCACHE=" + cache, "GOWORK=off", "GOFLAGS=-modcacherw", "GOSUMDB=off"}, "list", "-m", strings.ReplaceAll(echo, " ", "@"))
	proxies := withoutPasswords(d.goEnv["GOPROXY"])
	switch {
	case err == nil:
		d.add(ok, "network", "", "modules are still to be fetched, and %s answers", proxies)
	case strings.Contains(err.Error(), "disabled by GOPROXY=off"):
		d.add(fix, "network", unset("GOPROXY")+"\ngo env -u GOPROXY", "modules are still to be fetched, and GOPROXY=off forbids it")
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		d.add(ask, "network", askForNetwork, "modules are still to be fetched, and %s does not answer within %v", proxies, patience)
	default:
		d.add(ask, "network", askForNetwork, "modules are still to be fetched, and %s cannot be reached: %s", proxies, lastLine(err))
	}
}

// askNamedRedis lets the function that each step calls at its start ask the Redis
// that REDIS_URL names. It is in another program: the doctor has no modules.
func (d *doctor) askNamedRedis(ctx context.Context) {
	fmt.Fprintln(os.Stderr, "Asking the Redis that REDIS_URL names ...")
	_, err := d.run(ctx, nil, "run", "-buildvcs=false", "./tools/workshop", "redis", "-ask")
	if err == nil {
		d.add(ok, "Redis", "", "the steps can use the one that REDIS_URL names")
		return
	}
	problem, _, _ := strings.Cut(err.Error(), "\n")
	d.add(fix, "Redis", unset("REDIS_URL"), "%s", problem)
}

// run runs the go command in the workshop's folder. It never fetches another
// Go. The error is all that the command said.
func (d *doctor) run(ctx context.Context, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = d.root
	cmd.Env = append(append(os.Environ(), "GOTOOLCHAIN=local"), env...)
	// Pipes that a child of go holds must not keep us.
	cmd.WaitDelay = time.Second
	output, err := cmd.Output()
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		err = errors.New(string(exit.Stderr))
	}
	return output, err
}

// lastLine is where the go command says what stopped it.
func lastLine(err error) string { return withoutPasswords(machine.LastLine([]byte(err.Error()))) }
