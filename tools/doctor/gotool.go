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
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/tools/internal/machine"
)

func (d *doctor) checkGo(ctx context.Context) {
	if _, err := exec.LookPath("go"); err != nil {
		d.add(fix, lang.Same("Go"), lang.T("the go command is not on the PATH", "go コマンドが PATH にありません。"),
			lang.T("Install Go 1.26 or later: https://go.dev/doc/install, then open a new terminal",
				"Go 1.26 以降をインストールし、新しいターミナルを開いてください: https://go.dev/doc/install"))
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
		d.add(fix, lang.Same("Go"), lang.T("it builds for %s, but this machine is %s", "%s 用にビルドする設定ですが、このマシンは %s です。", target, here),
			unset("GOOS"), unset("GOARCH"), lang.Same("go env -u GOOS GOARCH"))
		return
	}
	d.add(ok, lang.Same("Go"), lang.T("%s on %s", "%[2]s 用の %[1]s", d.goEnv["GOVERSION"], here))
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
		d.add(ok, lang.T("modules", "モジュール"), lang.T("all are in the module cache, so no network is needed",
			"すべてモジュールキャッシュにあるので、ネットワークは要りません。"))
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
	// In another module cache each setting would seem to need a download and no more.
	if cache := d.goEnv["GOMODCACHE"]; filepath.IsAbs(cache) {
		plain = append(plain, "GOMODCACHE="+cache)
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
			d.add(fix, lang.Same("Go"), lang.T("%s has a value with which the go command cannot build in this folder",
				"%s に、go コマンドがこのディレクトリでビルドできなくなる値が設定されています。", name), unset(name))
		}
	}
	switch {
	case named:
	case !works("GOENV=" + os.Getenv("GOENV")):
		d.add(fix, lang.Same("Go"), lang.T("go env -w has set a value with which the go command cannot build in this folder",
			"go env -w で、go コマンドがこのディレクトリでビルドできなくなる値が設定されています。"),
			lang.Same("go env -changed"),
			lang.T("Then, for each name that it lists and you do not need: go env -u NAME",
				"表示された名前のうち、不要なものを 1 つずつ取り除いてください: go env -u NAME"))
	default:
		d.add(fix, lang.Same("Go"), lang.T("the go command fails in this folder: %s", "go コマンドがこのディレクトリで失敗します: %s", lastLine(refused)),
			lang.Same("go "+strings.Join(args, " ")),
			lang.T("Fix what it names. If the program itself is broken, install Go again: https://go.dev/doc/install",
				"表示された問題を直してください。go コマンド自体が壊れているなら、Go をインストールし直してください: https://go.dev/doc/install"))
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
		d.add(note, lang.T("build", "ビルド"), lang.T("nothing is built yet; the first start of a step does it",
			"まだ何もビルドされていません。ステップを最初に起動したときにビルドされます。"))
		return
	}
	d.add(ok, lang.T("build", "ビルド"), lang.T("the packages of a step are built", "ステップのパッケージはビルド済みです。"))
}

var askForNetwork = []lang.Text{
	lang.T("Connect to a network, or ask its administrator how to reach the Go module proxy (variables HTTPS_PROXY, GOPROXY)",
		"ネットワークに接続してください。接続済みなら、Go モジュールプロキシを使う方法をネットワークの管理者に聞いてください（環境変数 HTTPS_PROXY、GOPROXY）。"),
	lang.T("Or ask your teacher for the offline kit (made by: make offline)",
		"または、講師にオフラインキットをもらってください（作成方法: make offline）。"),
}

// checkNetwork downloads a module's go.mod as the go command would download the
// module, with its proxies and settings.
func (d *doctor) checkNetwork(ctx context.Context) {
	about := lang.T("network", "ネットワーク")
	requirements, err := os.ReadFile(filepath.Join(d.root, steps.Folder(1), "go.mod"))
	cache, tempErr := os.MkdirTemp("", "workshop-doctor-")
	if err := errors.Join(err, tempErr); err != nil {
		d.add(note, about, lang.T("not asked: %v", "調べられませんでした: %v", err))
		return
	}
	defer os.RemoveAll(cache)
	const patience = 20 * time.Second
	fmt.Fprintln(os.Stderr, lang.T("Asking the network, for at most %v ...", "ネットワークを調べています（最長 %v）…", patience).In(d.language))
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
		d.add(ok, about, lang.T("modules are still to be downloaded, and %s answers",
			"まだダウンロードしていないモジュールがありますが、%s は応答しています。", proxies))
	case strings.Contains(err.Error(), "disabled by GOPROXY=off"):
		d.add(fix, about, lang.T("modules are still to be downloaded, and GOPROXY=off forbids it",
			"まだダウンロードしていないモジュールがありますが、GOPROXY=off のためダウンロードできません。"),
			unset("GOPROXY"), lang.Same("go env -u GOPROXY"))
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		d.add(ask, about, lang.T("modules are still to be downloaded, and %s does not answer within %v",
			"まだダウンロードしていないモジュールがありますが、%s が %v 以内に応答しません。", proxies, patience), askForNetwork...)
	default:
		d.add(ask, about, lang.T("modules are still to be downloaded, and %s cannot be reached: %s",
			"まだダウンロードしていないモジュールがありますが、%s に接続できません: %s", proxies, lastLine(err)), askForNetwork...)
	}
}

// askNamedRedis checks the Redis that REDIS_URL names as each step does at its
// start. Another program does it, since the doctor must build without modules.
func (d *doctor) askNamedRedis(ctx context.Context) {
	fmt.Fprintln(os.Stderr, lang.T("Asking the Redis that REDIS_URL names ...", "REDIS_URL の Redis に接続しています…").In(d.language))
	_, err := d.run(ctx, []string{lang.Variable + "=" + string(d.language)}, "run", "-buildvcs=false", "./tools/workshop", "redis", "-ask")
	if err == nil {
		d.add(ok, lang.Same("Redis"), lang.T("the steps can use the one that REDIS_URL names", "ステップは REDIS_URL の Redis を使えます。"))
		return
	}
	problem, _, _ := strings.Cut(err.Error(), "\n")
	d.add(fix, lang.Same("Redis"), lang.T("%s", "ステップでは使えません: %s", problem), unset("REDIS_URL"))
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
