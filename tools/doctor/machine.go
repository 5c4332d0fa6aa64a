package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// checkProxy looks for a proxy that would be asked for the steps' own pages,
// and cannot find this machine's loopback address. Go and browsers leave
// loopback out by themselves, curl does not.
func (d *doctor) checkProxy(context.Context) {
	const about = "proxy"
	names := isSet("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
	if len(names) == 0 {
		d.fine(about, "none is set")
		return
	}
	proxy := withoutPasswords(os.Getenv(names[0]))
	if exempt := os.Getenv("no_proxy") + "," + os.Getenv("NO_PROXY"); exemptsLoopback(exempt) {
		d.fine(about, "%s is %s, and not asked for 127.0.0.1", names[0], proxy)
		return
	}
	if len(isSet("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")) == 0 {
		d.fine(about, "%s is %s, for https only", names[0], proxy)
		return
	}
	d.mend(about, set("NO_PROXY", "127.0.0.1,localhost")+"\n"+set("no_proxy", "127.0.0.1,localhost"),
		"%s is %s: curl would ask it for http://127.0.0.1:%d, which only this machine knows", names[0], proxy, d.port)
}

func exemptsLoopback(list string) bool {
	for host := range strings.SplitSeq(list, ",") {
		switch strings.TrimSpace(host) {
		case "*", "127.0.0.1", "127.0.0.0/8":
			return true
		}
	}
	return false
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
		d.mend("clock", "Set the clock of this machine, best to be set by the network",
			"it says %s, and files of the workshop are from %s", now.Format(time.DateTime), latest.Format(time.DateTime))
		return
	}
	d.fine("clock", "%s", now.Format("2006-01-02 15:04 -07:00"))
}

// checkSettings names what this shell has set and a step would obey.
func (d *doctor) checkSettings(context.Context) {
	public := isSet("HOST", "PORT", "PUBLIC_URL", "SESSION_TTL", "SESSION_MAX_AGE", "UNDER_THE_HOOD",
		"REDIS_CLUSTER", "REDIS_CA_FILE", "REDIS_AUTH", "TEST_REDIS", "REQUIRE_REDIS", "REDIS_IMAGE")
	for _, name := range public {
		d.note("setting", "%s=%s is set in this shell, and wins over the default. Not wanted? %s", name, withoutPasswords(os.Getenv(name)), unset(name))
	}
	secret := isSet("SECRET_KEY")
	for _, name := range secret {
		d.note("setting", "%s is set in this shell (%d bytes, not shown): it signs the cookies. Not wanted? %s", name, len(os.Getenv(name)), unset(name))
	}
	if len(public)+len(secret) == 0 {
		d.fine("settings", "no variable of this shell changes what a step does")
	}
	if flags := d.goEnv["GOFLAGS"]; flags != "" {
		d.note("setting", "GOFLAGS=%s is set, and goes to every go command", withoutPasswords(flags))
	}
	d.checkWSL()
}

// checkWSL looks for a checkout on a Windows drive inside WSL.
func (d *doctor) checkWSL() {
	version, err := os.ReadFile("/proc/version")
	if err == nil && strings.Contains(strings.ToLower(string(version)), "microsoft") && strings.HasPrefix(d.root, "/mnt/") {
		d.note("WSL", "the workshop lies on a Windows drive, where building is slow. Faster: clone it to your home folder in Linux")
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
		d.mend("line ends", "git config core.autocrlf false\nrm "+strings.Join(wrong, ", ")+"\ngit checkout -- "+strings.Join(wrong, " "),
			"%s has the line ends of Windows, which make and shells cannot read", strings.Join(wrong, " and "))
		return
	}
	d.fine("line ends", "LF")
}
