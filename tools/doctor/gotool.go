package main

import (
	"bytes"
	"context"
	"encoding/json"
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

	"example.com/session-workshop/check/steps"
)

// How long the go command may take to look into its cache, and the network to
// give one small file.
const (
	cacheTimeout   = time.Minute
	networkTimeout = 20 * time.Second
)

func (d *doctor) checkGo(ctx context.Context) {
	path, err := exec.LookPath("go")
	if err != nil {
		d.add(fix, "Go", "Install Go 1.26 or later: https://go.dev/doc/install, then open a new terminal",
			"the go command is not on the PATH")
		return
	}
	output, err := d.goCommand(ctx, "env", "-json").Output()
	if err == nil {
		err = json.Unmarshal(output, &d.goEnv)
	}
	if err != nil {
		d.add(fix, "Go", "go env\nFix what it names. If the program itself is broken, install Go again: https://go.dev/doc/install", "%s does not run: %s", path, lastLine(err))
		return
	}
	if on := d.goEnv["GOHOSTOS"] + "/" + d.goEnv["GOHOSTARCH"]; d.goEnv["GOOS"]+"/"+d.goEnv["GOARCH"] != on {
		d.add(fix, "Go", unset("GOOS", "GOARCH")+"\ngo env -u GOOS GOARCH",
			"it builds for %s/%s, and this machine is %s", d.goEnv["GOOS"], d.goEnv["GOARCH"], on)
		return
	}
	d.add(ok, "Go", "", "%s on %s/%s", d.goEnv["GOVERSION"], runtime.GOOS, runtime.GOARCH)
}

// checkModules asks for the network only if something is still to be fetched.
func (d *doctor) checkModules(ctx context.Context) {
	const about = "modules"
	if len(d.goEnv) == 0 {
		d.add(note, about, "", "not looked for without a go command")
		return
	}
	limited, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
	// What a learner builds.
	args := []string{"list", "-deps", "-buildvcs=false", "./tools/workshop"}
	for _, step := range steps.Folders {
		args = append(args, "./"+step)
	}
	list := d.goCommand(limited, args...)
	list.Env = append(list.Env, "GOPROXY=off")
	_, err := list.Output()
	if err == nil {
		d.add(ok, about, "", "all are in the module cache, the network is not needed")
		return
	}
	if !strings.Contains(stderr(err), "module lookup disabled by GOPROXY=off") {
		d.add(fix, about, "go list -deps ./step3-ttl", "the go command does not find what the steps are made of: %s", lastLine(err))
		return
	}
	d.checkNetwork(ctx)
}

// echo finds the version of one module that every step needs.
var echo = regexp.MustCompile(`(?m)^\t(github\.com/labstack/echo/v4) (v\S+)$`)

// checkNetwork fetches a module's go.mod as the go command would fetch all of
// it: by its proxies and its settings.
func (d *doctor) checkNetwork(ctx context.Context) {
	const about = "network"
	text, err := os.ReadFile(filepath.Join(d.root, "step3-ttl", "go.mod"))
	module := echo.FindSubmatch(text)
	cache, tempErr := os.MkdirTemp("", "workshop-doctor-")
	if module == nil || tempErr != nil {
		d.add(note, about, "", "not asked: step3-ttl/go.mod names no Echo, or there is no temporary folder (%v, %v)", err, tempErr)
		return
	}
	defer os.RemoveAll(cache)
	limited, cancel := context.WithTimeout(ctx, networkTimeout)
	defer cancel()
	download := d.goCommand(limited, "list", "-m", fmt.Sprintf("%s@%s", module[1], module[2]))
	download.Dir = cache
	// A cache of its own, so that the module is not there already. The checksum
	// database is not asked: go.sum has the sums of all that a step needs.
	download.Env = append(download.Env, "GOMODCACHE="+cache, "GOWORK=off", "GOFLAGS=-modcacherw", "GOSUMDB=off")
	_, err = download.Output()
	proxies := withoutPasswords(d.goEnv["GOPROXY"])
	switch {
	case err == nil:
		d.add(ok, about, "", "modules are still to be fetched, and %s answers", proxies)
	case strings.Contains(stderr(err), "disabled by GOPROXY=off"):
		d.add(fix, about, unset("GOPROXY")+"\ngo env -u GOPROXY", "modules are still to be fetched, and GOPROXY=off forbids it")
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		d.add(ask, about, askForNetwork, "modules are still to be fetched, and %s does not answer within %v", proxies, networkTimeout)
	default:
		d.add(ask, about, askForNetwork, "modules are still to be fetched, and %s cannot be reached: %s", proxies, lastLine(err))
	}
}

const askForNetwork = "Connect to a network, or ask its administrator for a way to the Go module proxy (variables HTTPS_PROXY, GOPROXY)\n" +
	"Or ask your teacher for the offline kit (made by: make offline)"

// goCommand returns a command to run in the workshop's folder. It never fetches
// another Go.
func (d *doctor) goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = d.root
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local")
	// Pipes that a child of go holds must not keep us.
	cmd.WaitDelay = time.Second
	return cmd
}

func stderr(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(exit.Stderr)
	}
	return err.Error()
}

// lastLine is where the go command says what stopped it.
func lastLine(err error) string {
	lines := bytes.Split(bytes.TrimSpace([]byte(stderr(err))), []byte("\n"))
	return withoutPasswords(string(lines[len(lines)-1]))
}

// webAddress finds the addresses in a text, such as a list of proxies.
var webAddress = regexp.MustCompile(`[a-z]+://[^\s,|"]+`)

// withoutPasswords removes who logs in and with what, and what follows a "?".
func withoutPasswords(text string) string {
	return webAddress.ReplaceAllStringFunc(text, func(address string) string {
		u, err := url.Parse(strings.TrimRight(address, ":"))
		if err != nil {
			return address[:strings.Index(address, "://")] + "://(not readable)"
		}
		u.User, u.RawQuery = nil, ""
		return u.String() + address[len(strings.TrimRight(address, ":")):]
	})
}

// isSet tells which of the variables this shell has set.
func isSet(variables ...string) []string {
	return slices.DeleteFunc(variables, func(variable string) bool { return os.Getenv(variable) == "" })
}
