package main

import (
	"context"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// answers reports whether a program listens on a port of this machine.
func answers(ctx context.Context, host string, port int) bool {
	dialer := net.Dialer{Timeout: time.Second}
	connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err == nil {
		connection.Close()
	}
	return err == nil
}

// checkPorts looks at the port of a step, and at that of Redis.
func (d *doctor) checkPorts(ctx context.Context) {
	about := "port " + strconv.Itoa(d.port)
	switch taken := answers(ctx, "127.0.0.1", d.port) || answers(ctx, "::1", d.port); {
	case !taken:
		d.add(ok, about, "", "free")
	case os.Getenv("PORT") == "":
		d.add(note, about, "", "taken (on a Mac often by AirPlay); a step takes the next free port and prints it")
	default:
		d.add(fix, about, unset("PORT"), "taken, and PORT asks for no other")
	}
	about = "Redis on port " + strconv.Itoa(d.redisPort)
	switch {
	case os.Getenv("REDIS_URL") != "":
		d.add(note, "REDIS_URL", "", "set in this shell; a step asks that Redis when it starts, and says what is wrong. Not wanted? %s", unset("REDIS_URL"))
	case answers(ctx, "127.0.0.1", d.redisPort):
		d.add(ok, about, "", "something answers; a step uses it if it is a Redis without a password, and else starts its own")
	default:
		d.add(ok, about, "", "free; a step brings its own Redis along")
	}
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
	const about = "proxy"
	names := isSet("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
	exempt := strings.Split(os.Getenv("no_proxy")+","+os.Getenv("NO_PROXY"), ",")
	for _, host := range exempt {
		if host = strings.TrimSpace(host); host == "*" || strings.HasPrefix(host, "127.0.0.") {
			names = nil
		}
	}
	if len(names) == 0 {
		d.add(ok, about, "", "none is asked for 127.0.0.1")
		return
	}
	d.add(fix, about, set("NO_PROXY", "127.0.0.1,localhost")+"\n"+set("no_proxy", "127.0.0.1,localhost"),
		"%s is %s: curl would ask it for http://127.0.0.1:%d, which only this machine knows", names[0], withoutPasswords(os.Getenv(names[0])), d.port)
}

// checkClock needs no network: no file of the workshop was written after now.
// A clock that is behind makes certificates not valid yet.
func (d *doctor) checkClock(context.Context) {
	now := time.Now()
	latest := time.Time{}
	for _, name := range []string{".", "go.work", "README.md", "tools/doctor/main.go"} {
		if info, err := os.Stat(filepath.Join(d.root, name)); err == nil && info.ModTime().After(latest) {
			latest = info.ModTime()
		}
	}
	if latest.After(now.Add(time.Minute)) {
		d.add(fix, "clock", "Set the clock of this machine, best to be set by the network",
			"it says %s, and files of the workshop are from %s", now.Format(time.DateTime), latest.Format(time.DateTime))
		return
	}
	d.add(ok, "clock", "", "%s", now.Format("2006-01-02 15:04 -07:00"))
}

// checkSettings names what this shell has set and a step would obey.
func (d *doctor) checkSettings(context.Context) {
	public := isSet("HOST", "PORT", "PUBLIC_URL", "SESSION_TTL", "SESSION_MAX_AGE", "UNDER_THE_HOOD",
		"REDIS_CLUSTER", "REDIS_CA_FILE", "REDIS_AUTH", "TEST_REDIS", "REQUIRE_REDIS", "REDIS_IMAGE")
	for _, name := range public {
		d.add(note, "setting", "", "%s=%s is set in this shell, and wins over the default. Not wanted? %s", name, withoutPasswords(os.Getenv(name)), unset(name))
	}
	secret := isSet("SECRET_KEY")
	for _, name := range secret {
		d.add(note, "setting", "", "%s is set in this shell (%d bytes, not shown): it signs the cookies. Not wanted? %s", name, len(os.Getenv(name)), unset(name))
	}
	if len(public)+len(secret) == 0 {
		d.add(ok, "settings", "", "no variable of this shell changes what a step does")
	}
	if flags := d.goEnv["GOFLAGS"]; flags != "" {
		d.add(note, "setting", "", "GOFLAGS=%s is set, and goes to every go command", withoutPasswords(flags))
	}
	d.checkWSL()
}

// checkWSL looks for a checkout on a Windows drive inside WSL.
func (d *doctor) checkWSL() {
	version, err := os.ReadFile("/proc/version")
	if err == nil && strings.Contains(strings.ToLower(string(version)), "microsoft") && strings.HasPrefix(d.root, "/mnt/") {
		d.add(note, "WSL", "", "the workshop lies on a Windows drive, where building is slow. Faster: clone it to your home folder in Linux")
	}
}

// checkLineEndings looks for what a shell or make reads, with the line ends
// of Windows in it.
func (d *doctor) checkLineEndings(context.Context) {
	var wrong []string
	for _, name := range []string{"Makefile", ".ci/run", ".ci/smoke"} {
		text, err := fs.ReadFile(os.DirFS(d.root), name)
		if err == nil && strings.Contains(string(text), "\r\n") {
			wrong = append(wrong, name)
		}
	}
	if len(wrong) > 0 {
		d.add(fix, "line ends", "git config core.autocrlf false\nrm "+strings.Join(wrong, ", ")+"\ngit checkout -- "+strings.Join(wrong, " "),
			"%s has the line ends of Windows, which make and shells cannot read", strings.Join(wrong, " and "))
		return
	}
	d.add(ok, "line ends", "", "LF")
}
