package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/tools/internal/foreign"
)

// answers reports whether a program listens on a port of this machine.
func answers(host string, port int) bool {
	connection, err := net.DialTimeout("tcp", net.JoinHostPort(host, strconv.Itoa(port)), time.Second)
	if err == nil {
		connection.Close()
	}
	return err == nil
}

// byAirPlay names what has port 5000 on a Mac.
var byAirPlay = map[string]string{"darwin": ", on a Mac often by AirPlay"}[runtime.GOOS]

// checkPorts checks the port of a step, and that of Redis.
func (d *doctor) checkPorts(context.Context) {
	about := "port " + strconv.Itoa(d.port)
	switch {
	case !answers("127.0.0.1", d.port) && !answers("::1", d.port):
		d.add(ok, about, "", "free")
	case config.Getenv("PORT") == "":
		d.add(note, about, "", "taken%s; a step takes the next free port and prints it", byAirPlay)
	default:
		d.add(fix, about, unset("PORT"), "taken, and PORT asks for this port only")
	}
	found := "free; a step starts its own Redis"
	if answers("127.0.0.1", d.redisPort) {
		found = "in use; if it is a Redis without a password, a step uses it, else it starts its own"
	}
	d.add(ok, "Redis on port "+strconv.Itoa(d.redisPort), "", "%s", found)
}

func (d *doctor) checkRedisCLI(context.Context) {
	for _, program := range []string{"redis-cli", "valkey-cli"} {
		if path, err := exec.LookPath(program); err == nil {
			d.add(ok, "redis-cli", "", "%s", path)
			return
		}
	}
	d.add(note, "redis-cli", "", "not installed; make cli (go run ./tools/workshop cli) opens a small prompt")
}

// checkProxy looks for a proxy that curl would ask for the pages of the steps. Go
// and browsers use none for loopback.
func (d *doctor) checkProxy(context.Context) {
	names := areSet("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
	for host := range strings.SplitSeq(os.Getenv("no_proxy")+","+os.Getenv("NO_PROXY"), ",") {
		if host = strings.TrimSpace(host); host == "*" || strings.HasPrefix(host, "127.0.0.") {
			names = nil
		}
	}
	if len(names) == 0 {
		d.add(ok, "proxy", "", "none is used for 127.0.0.1")
		return
	}
	d.add(fix, "proxy", inShell("export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost", `$Env:NO_PROXY = "127.0.0.1,localhost"`),
		"%s is %s: curl would ask it for http://127.0.0.1:%d, which only this machine can reach", names[0], config.Shown(os.Getenv(names[0])), d.port)
}

// checkFolders checks that each folder to which the go command or the workshop
// writes is writable and has enough space. The megabytes are what the workshop adds
// if all steps, tools and tests are built once, rounded up.
func (d *doctor) checkFolders(context.Context) {
	before := len(d.findings)
	d.checkFolder("workshop", d.root, 200, "clone the workshop into your home folder")
	d.checkFolder("temporary folder", cmp.Or(d.goEnv["GOTMPDIR"], os.TempDir()), 300, "variable GOTMPDIR")
	if len(d.goEnv) > 0 {
		d.checkFolder("module cache", d.goEnv["GOMODCACHE"], 300, "variable GOMODCACHE")
		d.checkFolder("build cache", d.goEnv["GOCACHE"], 700, "variable GOCACHE")
	}
	if len(d.findings) == before {
		d.add(ok, "folders", "", "writable, and with enough space")
	}
}

// checkFolder checks one folder. otherwise is how to choose another one.
func (d *doctor) checkFolder(name, dir string, megabytes int, otherwise string) {
	if !filepath.IsAbs(dir) {
		d.add(fix, "writing", "Set it to an absolute path, or unset it ("+otherwise+")", "the go command needs an absolute path for its %s", name)
		return
	}
	probe, err := "", os.MkdirAll(dir, 0o755)
	if err == nil {
		probe, err = os.MkdirTemp(dir, ".workshop-doctor-")
	}
	if err != nil {
		d.add(fix, "writing", `ls -ld "`+dir+`"`+"\nMake yourself the owner of the folder, or choose another one ("+otherwise+")",
			"the %s in %s is not writable: %v", name, dir, err)
		return
	}
	os.Remove(probe)
	megabytes = cmp.Or(d.disk, megabytes)
	if free, err := freeMegabytes(dir); err == nil && free < megabytes {
		d.add(ask, "disk", "Free some space, or ask the administrator of this machine. You can delete Go's build cache: go clean -cache",
			"%d MB are free for the %s in %s, but %d MB are needed", free, name, dir, megabytes)
	}
}

// checkClock compares the clock with a file of the workshop, which cannot be from
// the future. With a clock that is behind, certificates are not valid yet.
func (d *doctor) checkClock(context.Context) {
	now := time.Now()
	info, err := os.Stat(filepath.Join(d.root, "go.work"))
	if err == nil && info.ModTime().After(now.Add(time.Minute)) {
		d.add(fix, "clock", "Set the clock of this machine, best automatically from the network",
			"it says %s, but files of the workshop are from %s", now.Format(time.DateTime), info.ModTime().Format(time.DateTime))
		return
	}
	d.add(ok, "clock", "", "%s", now.Format("2006-01-02 15:04 -07:00"))
}

// checkSettings names the variables of this shell that a step reads, and what is
// invalid in them by the rules of the steps.
func (d *doctor) checkSettings(ctx context.Context) {
	problems := map[string]bool{}
	_, err := config.Load(nil, os.Getenv, config.SecretKey, config.Redis, config.TTL, config.MaxAge)
	if joined, some := err.(interface{ Unwrap() []error }); some {
		for _, problem := range joined.Unwrap() {
			name, _, _ := strings.Cut(problem.Error(), ":")
			problems[name] = true
			d.add(fix, "setting", unset(name), "%v", problem)
		}
	}
	if config.Getenv("REDIS_URL") != "" && len(problems) == 0 && len(d.goEnv) > 0 && !d.unbuilt {
		d.askNamedRedis(ctx)
	}
	found := areSet(append(config.Variables(), "TEST_REDIS", "REQUIRE_REDIS", "REDIS_IMAGE", "BOARD", "NAME", "HINT", "ONLY", "EX")...)
	for _, name := range found {
		if !problems[name] && foreign.Why(name).EN == "" {
			d.add(note, "setting", "", "%s%s is set in this shell: it %s. Not wanted? %s", name, shown(name), about(name), unset(name))
		}
	}
	for _, name := range foreign.Names {
		if why := foreign.Why(name); why.EN != "" {
			found = append(found, name)
			d.add(note, "setting", "", "%s is set in this shell and is not read: %s", name, why)
		}
	}
	if len(found)+len(problems) == 0 {
		d.add(ok, "settings", "", "no variable of this shell changes what a step does")
	}
	version, err := os.ReadFile("/proc/version")
	if err == nil && strings.Contains(strings.ToLower(string(version)), "microsoft") && strings.HasPrefix(d.root, "/mnt/") {
		d.add(note, "WSL", "", "the workshop is on a Windows drive, where building is slow. Faster: clone it into your home folder in Linux")
	}
}

// about says what a variable does, after "it".
func about(name string) string {
	switch name {
	case "REDIS_URL":
		return "names the Redis that a step asks when it starts"
	case "SECRET_KEY":
		return "signs the cookies"
	case "BOARD", "NAME", "HINT", "ONLY", "EX":
		return "is for make check and make learn"
	}
	return "replaces the default"
}

// shown is the part of a variable's value that is not secret.
func shown(name string) string {
	value := config.Getenv(name)
	switch name {
	case "SECRET_KEY":
		return fmt.Sprintf(" (%d bytes, not shown)", len(value))
	case "REDIS_URL", "PUBLIC_URL":
		return "=" + config.Shown(value)
	case "HOST", "PORT", "SESSION_TTL", "SESSION_MAX_AGE", "UNDER_THE_HOOD", "REDIS_CLUSTER", "REDIS_AUTH":
		return "=" + value
	}
	return ""
}

// checkLineEndings looks for the line endings of Windows in files that a shell or
// make reads.
func (d *doctor) checkLineEndings(context.Context) {
	var wrong []string
	for _, name := range []string{"Makefile", ".ci/run", ".ci/smoke"} {
		text, err := os.ReadFile(filepath.Join(d.root, name))
		if err == nil && strings.Contains(string(text), "\r\n") {
			wrong = append(wrong, name)
		}
	}
	if len(wrong) > 0 {
		d.add(fix, "line endings", "git config core.autocrlf false\nrm "+strings.Join(wrong, inShell(" ", ", "))+"\ngit checkout -- "+strings.Join(wrong, " "),
			"%s has the line endings of Windows, which make and shells cannot read", strings.Join(wrong, " and "))
		return
	}
	d.add(ok, "line endings", "", "LF")
}

// areSet returns the variables that this shell has set.
func areSet(variables ...string) []string {
	return slices.DeleteFunc(variables, func(variable string) bool { return os.Getenv(variable) == "" })
}
