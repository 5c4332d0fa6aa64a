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
			"it builds for %s, but this machine is %s", target, here)
		return
	}
	d.add(ok, "Go", "", "%s on %s", d.goEnv["GOVERSION"], here)
}

// checkModules uses the network only if a module is still to be downloaded.
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
		d.add(ok, "modules", "", "all are in the module cache, so no network is needed")
		d.checkBuilt(ctx)
	case isToFetch(err):
		d.unbuilt = true
		d.checkNetwork(ctx)
	default:
		d.blame(ctx, err, args...)
	}
}

// blame names each setting that alone makes the go command fail as it has just
// failed. If there is none, it repeats the error of the command, whose advice is
// not always right for this folder.
func (d *doctor) blame(ctx context.Context, refused error, args ...string) {
	plain := []string{"GOENV=off"}
	var settings []string
	for _, setting := range os.Environ() {
		if name, value, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "GO") && value != "" {
			plain, settings = append(plain, name+"="), append(settings, setting)
		}
	}
	works := func(setting string) bool {
		// This test downloads nothing.
		_, err := d.run(ctx, slices.Concat(plain, []string{setting, "GOPROXY=off", "GOTOOLCHAIN=local"}), args...)
		return err == nil || isToFetch(err)
	}
	named := false
	for _, setting := range settings {
		if name, _, _ := strings.Cut(setting, "="); !works(setting) {
			named = true
			d.add(fix, "Go", unset(name), "%s has a value with which the go command cannot build in this folder", name)
		}
	}
	switch {
	case named:
	case !works("GOENV=" + os.Getenv("GOENV")):
		d.add(fix, "Go", "go env -changed\nThen, for each name that it lists and you do not need: go env -u NAME",
			"go env -w has set a value with which the go command cannot build in this folder")
	default:
		d.add(fix, "Go", "go "+strings.Join(args, " ")+"\nFix what it names. If the program itself is broken, install Go again: https://go.dev/doc/install",
			"the go command fails in this folder: %s", lastLine(refused))
	}
}

// isToFetch reports whether the go command failed only because a module is still to
// be downloaded.
func isToFetch(err error) bool {
	return strings.Contains(err.Error(), "module lookup disabled by GOPROXY=off")
}

// checkBuilt looks in the build cache for the packages that step 1 needs, including
// the standard library. Building them first would keep a class waiting.
func (d *doctor) checkBuilt(ctx context.Context) {
	const stale = `{{if and .Stale (not (and .Module .Module.Main))}}{{.ImportPath}}{{end}}`
	missing, err := d.run(ctx, nil, "list", "-deps", "-buildvcs=false", "-f", stale, "./"+steps.Folder(1))
	if d.unbuilt = err != nil || strings.TrimSpace(string(missing)) != ""; d.unbuilt {
		d.add(note, "build", "", "nothing is built yet; the first start of a step does it")
		return
	}
	d.add(ok, "build", "", "the packages of a step are built")
}

const askForNetwork = "Connect to a network, or ask its administrator how to reach the Go module proxy (variables HTTPS_PROXY, GOPROXY)\n" +
	"Or ask your teacher for the offline kit (made by: make offline)"

// checkNetwork downloads a module's go.mod as the go command would download the
// module, with its proxies and settings.
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
	// The empty cache makes the go command download. The checksum database is not
	// needed: go.sum has the sums of all modules.
	_, err = d.run(limited, []string{"GOMODCACHE=" + cache, "GOWORK=off", "GOFLAGS=-modcacherw", "GOSUMDB=off"}, "list", "-m", strings.ReplaceAll(echo, " ", "@"))
	proxies := withoutPasswords(d.goEnv["GOPROXY"])
	switch {
	case err == nil:
		d.add(ok, "network", "", "modules are still to be downloaded, and %s answers", proxies)
	case strings.Contains(err.Error(), "disabled by GOPROXY=off"):
		d.add(fix, "network", unset("GOPROXY")+"\ngo env -u GOPROXY", "modules are still to be downloaded, and GOPROXY=off forbids it")
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		d.add(ask, "network", askForNetwork, "modules are still to be downloaded, and %s does not answer within %v", proxies, patience)
	default:
		d.add(ask, "network", askForNetwork, "modules are still to be downloaded, and %s cannot be reached: %s", proxies, lastLine(err))
	}
}

// askNamedRedis checks the Redis that REDIS_URL names as each step does at its
// start. Another program does it, since the doctor must build without modules.
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

// run runs the go command in the workshop's folder. It never downloads another Go.
// The error is all that the command printed to stderr.
func (d *doctor) run(ctx context.Context, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = d.root
	cmd.Env = append(append(os.Environ(), "GOTOOLCHAIN=local"), env...)
	// Do not wait for pipes that a child of go keeps open.
	cmd.WaitDelay = time.Second
	output, err := cmd.Output()
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		err = errors.New(string(exit.Stderr))
	}
	return output, err
}

// lastLine is the line in which the go command says why it failed.
func lastLine(err error) string { return withoutPasswords(machine.LastLine([]byte(err.Error()))) }
