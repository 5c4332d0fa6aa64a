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

// checkPorts looks at the port of a step, and at that of Redis.
// byAirPlay is for a Mac, where it has port 5000.
var byAirPlay = map[string]string{"darwin": ", on a Mac often by AirPlay"}[runtime.GOOS]

func (d *doctor) checkPorts(context.Context) {
	about := "port " + strconv.Itoa(d.port)
	switch {
	case !answers("127.0.0.1", d.port) && !answers("::1", d.port):
		d.add(ok, about, "", "free")
	case config.Getenv("PORT") == "":
		d.add(note, about, "", "taken%s; a step takes the next free port and prints it", byAirPlay)
	default:
		d.add(fix, about, unset("PORT"), "taken, and PORT asks for no other")
	}
	found := "free; a step brings its own Redis along"
	if answers("127.0.0.1", d.redisPort) {
		found = "something answers; a step uses it if it is a Redis without a password, and else starts its own"
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
	d.add(note, "redis-cli", "", "not there; make cli (go run ./tools/workshop cli) opens a small prompt")
}

// checkProxy looks for a proxy that would be asked for the steps' own pages.
// Go and browsers never ask one for loopback, curl does.
func (d *doctor) checkProxy(context.Context) {
	names := isSet("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
	for host := range strings.SplitSeq(os.Getenv("no_proxy")+","+os.Getenv("NO_PROXY"), ",") {
		if host = strings.TrimSpace(host); host == "*" || strings.HasPrefix(host, "127.0.0.") {
			names = nil
		}
	}
	if len(names) == 0 {
		d.add(ok, "proxy", "", "none is asked for 127.0.0.1")
		return
	}
	d.add(fix, "proxy", inShell("export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost", `$Env:NO_PROXY = "127.0.0.1,localhost"`),
		"%s is %s: curl would ask it for http://127.0.0.1:%d, which only this machine knows", names[0], config.Shown(os.Getenv(names[0])), d.port)
}

// checkFolders looks whether each folder that the go command or the workshop
// writes to can be written, and has enough space. The megabytes are those that
// the workshop adds, with all steps, tools and tests built once, rounded up.
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

// checkFolder looks at one folder. otherwise is how to have it somewhere else.
func (d *doctor) checkFolder(name, dir string, megabytes int, otherwise string) {
	if !filepath.IsAbs(dir) {
		d.add(fix, "writing", "Set it to an absolute path, or to none ("+otherwise+")", "the go command wants an absolute path for its %s", name)
		return
	}
	probe, err := "", os.MkdirAll(dir, 0o755)
	if err == nil {
		probe, err = os.MkdirTemp(dir, ".workshop-doctor-")
	}
	if err != nil {
		d.add(fix, "writing", `ls -ld "`+dir+`"`+"\nMake the folder yours, or choose another one ("+otherwise+")",
			"the %s in %s cannot be written: %v", name, dir, err)
		return
	}
	os.Remove(probe)
	megabytes = cmp.Or(d.disk, megabytes)
	if free, err := freeMegabytes(dir); err == nil && free < megabytes {
		d.add(ask, "disk", "Free some space, or ask who looks after this machine. The caches of Go can go: go clean -cache",
			"%d MB are free for the %s in %s, and %d MB are needed", free, name, dir, megabytes)
	}
}

// checkClock needs no network: no file of the workshop was written after now.
// A clock that is behind makes certificates not valid yet.
func (d *doctor) checkClock(context.Context) {
	now := time.Now()
	info, err := os.Stat(filepath.Join(d.root, "go.work"))
	if err == nil && info.ModTime().After(now.Add(time.Minute)) {
		d.add(fix, "clock", "Set the clock of this machine, best to be set by the network",
			"it says %s, and files of the workshop are from %s", now.Format(time.DateTime), info.ModTime().Format(time.DateTime))
		return
	}
	d.add(ok, "clock", "", "%s", now.Format("2006-01-02 15:04 -07:00"))
}

// checkSettings names what this shell has set and a step would obey, and what
// is wrong with it, which the steps decide.
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
	found := isSet(append(config.Variables(), "TEST_REDIS", "REQUIRE_REDIS", "REDIS_IMAGE", "BOARD", "NAME", "HINT", "ONLY", "EX")...)
	for _, name := range found {
		if !problems[name] && foreign.Why(name) == "" {
			d.add(note, "setting", "", "%s%s is set in this shell: it %s. Not wanted? %s", name, shown(name), about(name), unset(name))
		}
	}
	for _, name := range foreign.Names {
		if why := foreign.Why(name); why != "" {
			found = append(found, name)
			d.add(note, "setting", "", "%s is set in this shell and is not read: %s", name, why)
		}
	}
	if len(found)+len(problems) == 0 {
		d.add(ok, "settings", "", "no variable of this shell changes what a step does")
	}
	// A checkout on a Windows drive inside WSL.
	version, err := os.ReadFile("/proc/version")
	if err == nil && strings.Contains(strings.ToLower(string(version)), "microsoft") && strings.HasPrefix(d.root, "/mnt/") {
		d.add(note, "WSL", "", "the workshop lies on a Windows drive, where building is slow. Faster: clone it to your home folder in Linux")
	}
}

// about says what a variable does.
func about(name string) string {
	switch name {
	case "REDIS_URL":
		return "names the Redis that a step asks when it starts"
	case "SECRET_KEY":
		return "signs the cookies"
	case "BOARD", "NAME", "HINT", "ONLY", "EX":
		return "is for make check and make learn"
	}
	return "wins over the default"
}

// shown is what of a variable's value may be shown.
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

// checkLineEndings looks for what a shell or make reads, with the line ends
// of Windows in it.
func (d *doctor) checkLineEndings(context.Context) {
	var wrong []string
	for _, name := range []string{"Makefile", ".ci/run", ".ci/smoke"} {
		text, err := os.ReadFile(filepath.Join(d.root, name))
		if err == nil && strings.Contains(string(text), "\r\n") {
			wrong = append(wrong, name)
		}
	}
	if len(wrong) > 0 {
		d.add(fix, "line ends", "git config core.autocrlf false\nrm "+strings.Join(wrong, inShell(" ", ", "))+"\ngit checkout -- "+strings.Join(wrong, " "),
			"%s has the line ends of Windows, which make and shells cannot read", strings.Join(wrong, " and "))
		return
	}
	d.add(ok, "line ends", "", "LF")
}

// isSet tells which of the variables this shell has set.
func isSet(variables ...string) []string {
	return slices.DeleteFunc(variables, func(variable string) bool { return os.Getenv(variable) == "" })
}
