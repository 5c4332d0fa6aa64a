package main

import (
	"cmp"
	"context"
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
	"example.com/session-workshop/shared/lang"
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
var byAirPlay = map[string]lang.Text{"darwin": lang.T(", on a Mac often by AirPlay", "Mac では、AirPlay が使っていることがよくあります。")}[runtime.GOOS]

// checkPorts checks the port of a step, and that of Redis.
func (d *doctor) checkPorts(context.Context) {
	about := lang.T("port %d", "ポート %d", d.port)
	switch {
	case !answers("127.0.0.1", d.port) && !answers("::1", d.port):
		d.add(ok, about, lang.T("free", "空いています。"))
	case config.Getenv("PORT") == "":
		d.add(note, about, lang.T("taken%s; a step takes the next free port and prints it",
			"使用中です。ステップは次の空きポートを使い、その番号を表示します。%s", byAirPlay))
	default:
		d.add(fix, about, lang.T("taken, and PORT asks for this port only", "使用中ですが、PORT でこのポートだけが指定されています。"), unset("PORT"))
	}
	found := lang.T("free; a step starts its own Redis", "空いています。ステップは自分用の Redis を起動します。")
	if answers("127.0.0.1", d.redisPort) {
		found = lang.T("in use; if it is a Redis without a password, a step uses it, else it starts its own",
			"使用中です。パスワードのない Redis なら、ステップはそれを使います。それ以外なら、自分用の Redis を起動します。")
	}
	d.add(ok, lang.T("Redis on port %d", "ポート %d の Redis", d.redisPort), found)
}

func (d *doctor) checkRedisCLI(context.Context) {
	for _, program := range []string{"redis-cli", "valkey-cli"} {
		if path, err := exec.LookPath(program); err == nil {
			d.add(ok, lang.Same("redis-cli"), lang.Same(path))
			return
		}
	}
	d.add(note, lang.Same("redis-cli"), lang.T("not installed; make cli (go run ./tools/workshop cli) opens a small prompt",
		"インストールされていません。make cli（go run ./tools/workshop cli）で、付属の小さな CLI を使えます。"))
}

// checkProxy looks for a proxy that curl would ask for the pages of the steps. Go
// and browsers use none for loopback.
func (d *doctor) checkProxy(context.Context) {
	about := lang.T("proxy", "プロキシ")
	names := areSet("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
	for host := range strings.SplitSeq(os.Getenv("no_proxy")+","+os.Getenv("NO_PROXY"), ",") {
		if host = strings.TrimSpace(host); host == "*" || strings.HasPrefix(host, "127.0.0.") {
			names = nil
		}
	}
	if len(names) == 0 {
		d.add(ok, about, lang.T("none is used for 127.0.0.1", "127.0.0.1 には使われません。"))
		return
	}
	d.add(fix, about, lang.T("%s is %s: curl would ask it for http://127.0.0.1:%d, which only this machine can reach",
		"このままでは、curl は http://127.0.0.1:%[3]d への接続もプロキシに頼みますが、そこに接続できるのはこのマシンだけです: %[1]s=%[2]s",
		names[0], address(os.Getenv(names[0])), d.port),
		lang.Same(inShell("export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost", `$Env:NO_PROXY = "127.0.0.1,localhost"`)))
}

// checkFolders checks that each folder to which the go command or the workshop
// writes is writable and has enough space. The megabytes are what the workshop adds
// if all steps, tools and tests are built once, rounded up.
func (d *doctor) checkFolders(context.Context) {
	before := len(d.findings)
	d.checkFolder(lang.T("workshop", "ワークショップ"), d.root, 200,
		lang.T("clone the workshop into your home folder", "ワークショップをホームディレクトリにクローンする"))
	d.checkFolder(lang.T("temporary folder", "一時ディレクトリ"), cmp.Or(d.goEnv["GOTMPDIR"], os.TempDir()), 300, variable("GOTMPDIR"))
	if len(d.goEnv) > 0 {
		d.checkFolder(lang.T("module cache", "モジュールキャッシュ"), d.goEnv["GOMODCACHE"], 300, variable("GOMODCACHE"))
		d.checkFolder(lang.T("build cache", "ビルドキャッシュ"), d.goEnv["GOCACHE"], 700, variable("GOCACHE"))
	}
	if len(d.findings) == before {
		d.add(ok, lang.T("folders", "ディレクトリ"), lang.T("writable, and with enough space", "書き込みでき、空き容量も足りています。"))
	}
}

func variable(name string) lang.Text { return lang.T("variable %s", "環境変数 %s", name) }

// checkFolder checks one folder. otherwise is how to choose another one.
func (d *doctor) checkFolder(name lang.Text, dir string, megabytes int, otherwise lang.Text) {
	about := lang.T("writing", "書き込み")
	if !filepath.IsAbs(dir) {
		d.add(fix, about, lang.T("the go command needs an absolute path for its %s",
			"go コマンドが使う次のディレクトリは、絶対パスで指定する必要があります: %s", name),
			lang.T("Set it to an absolute path, or unset it (%s)", "絶対パスを設定するか、設定を取り除いてください（%s）。", otherwise))
		return
	}
	probe, err := "", os.MkdirAll(dir, 0o755)
	if err == nil {
		probe, err = os.MkdirTemp(dir, ".workshop-doctor-")
	}
	if err != nil {
		d.add(fix, about, lang.T("the %s in %s is not writable: %v", "%s %s に書き込めません: %v", name, dir, err),
			lang.Same(`ls -ld "`+dir+`"`),
			lang.T("Make yourself the owner of the folder, or choose another one (%s)",
				"ディレクトリの所有者を自分に変えるか、別の場所を選んでください（%s）。", otherwise))
		return
	}
	os.Remove(probe)
	megabytes = cmp.Or(d.disk, megabytes)
	if free, err := freeMegabytes(dir); err == nil && free < megabytes {
		d.add(ask, lang.T("disk", "ディスク"), lang.T("%d MB are free for the %s in %s, but %d MB are needed",
			"%[2]s %[3]s の空き容量は %[1]d MB ですが、%[4]d MB 必要です。", free, name, dir, megabytes),
			lang.T("Free some space, or ask the administrator of this machine. You can delete Go's build cache: go clean -cache",
				"空き容量を増やすか、このマシンの管理者に相談してください。Go のビルドキャッシュは削除できます: go clean -cache"))
	}
}

// checkClock compares the clock with a file of the workshop, which cannot be from
// the future. With a clock that is behind, certificates are not valid yet.
func (d *doctor) checkClock(context.Context) {
	about := lang.T("clock", "時計")
	now := time.Now()
	info, err := os.Stat(filepath.Join(d.root, "go.work"))
	if err == nil && info.ModTime().After(now.Add(time.Minute)) {
		d.add(fix, about, lang.T("it says %s, but files of the workshop are from %s", "%s を指していますが、ワークショップのファイルの日時は %s です。",
			now.Format(time.DateTime), info.ModTime().Format(time.DateTime)),
			lang.T("Set the clock of this machine, best automatically from the network",
				"このマシンの時計を合わせてください。ネットワークから自動で合わせるのが確実です。"))
		return
	}
	d.add(ok, about, lang.Same(now.Format("2006-01-02 15:04 -07:00")))
}

// checkSettings names the variables of this shell that a step reads, and what is
// invalid in them by the rules of the steps.
func (d *doctor) checkSettings(ctx context.Context) {
	about := lang.T("setting", "環境変数")
	problems := map[string]bool{}
	_, err := config.Load(nil, os.Getenv, config.SecretKey, config.Redis, config.TTL, config.MaxAge)
	if joined, some := err.(interface{ Unwrap() []error }); some {
		for _, problem := range joined.Unwrap() {
			name, _, _ := strings.Cut(problem.Error(), ":")
			problems[name] = true
			d.add(fix, about, lang.T("%v", "値が正しくないので、ステップは起動できません: %v", problem), unset(name))
		}
	}
	if config.Getenv("REDIS_URL") != "" && len(problems) == 0 && len(d.goEnv) > 0 && !d.unbuilt {
		d.askNamedRedis(ctx)
	}
	found := areSet(append(config.Variables(), "TEST_REDIS", "REQUIRE_REDIS", "REDIS_IMAGE", "BOARD", "NAME", "HINT", "ONLY", "EX")...)
	for _, name := range found {
		if !problems[name] && foreign.Why(name).EN == "" {
			d.add(note, about, lang.T("%s%s is set in this shell: it %s. Not wanted? %s",
				"このシェルで設定されていて、%[3]s: %[1]s%[2]s。不要なら: %[4]s", name, shown(name), does(name), unset(name)))
		}
	}
	for _, name := range foreign.Names {
		if why := foreign.Why(name); why.EN != "" {
			found = append(found, name)
			d.add(note, about, lang.T("%s is set in this shell and is not read: %s", "このシェルの %s は使われません: %s", name, why))
		}
	}
	if len(found)+len(problems) == 0 {
		d.add(ok, lang.T("settings", "環境変数"), lang.T("no variable of this shell changes what a step does",
			"ステップの動作を変えるものは、このシェルに設定されていません。"))
	}
	version, err := os.ReadFile("/proc/version")
	if err == nil && strings.Contains(strings.ToLower(string(version)), "microsoft") && strings.HasPrefix(d.root, "/mnt/") {
		d.add(note, lang.Same("WSL"), lang.T("the workshop is on a Windows drive, where building is slow. Faster: clone it into your home folder in Linux",
			"ワークショップが Windows のドライブにあるので、ビルドに時間がかかります。Linux のホームディレクトリにクローンすると速くなります。"))
	}
}

// does says what a variable does, after "it".
func does(name string) lang.Text {
	switch name {
	case "REDIS_URL":
		return lang.T("names the Redis that a step asks when it starts", "ステップが起動時に接続する Redis を決めます")
	case "SECRET_KEY":
		return lang.T("signs the cookies", "Cookie の署名に使われます")
	case "BOARD", "NAME", "HINT", "ONLY", "EX":
		return lang.T("is for make check and make learn", "make check と make learn で使われます")
	}
	return lang.T("replaces the default", "既定値の代わりに使われます")
}

// shown is the part of a variable's value that is not secret.
func shown(name string) lang.Text {
	value := config.Getenv(name)
	switch name {
	case "SECRET_KEY":
		return lang.T(" (%d bytes, not shown)", "（%d バイト、値は表示しません）", len(value))
	case "REDIS_URL", "PUBLIC_URL":
		shown := address(value)
		return lang.Text{EN: "=" + shown.EN, JA: "=" + shown.JA}
	case "HOST", "PORT", "SESSION_TTL", "SESSION_MAX_AGE", "UNDER_THE_HOOD", "REDIS_CLUSTER", "REDIS_AUTH":
		return lang.Same("=" + value)
	}
	return lang.Text{}
}

// address is config.Shown in both languages.
func address(value string) lang.Text {
	if shown := config.Shown(value); strings.Contains(shown, "://") {
		return lang.Same(shown)
	}
	return lang.T("(not shown: it may hold a password)", "（パスワードを含むかもしれないので表示しません）")
}

// checkLineEndings looks for the line endings of Windows in files that a shell or
// make reads.
func (d *doctor) checkLineEndings(context.Context) {
	about := lang.T("line endings", "改行コード")
	var wrong []string
	for _, name := range []string{"Makefile", ".ci/run", ".ci/smoke", ".ci/versions"} {
		text, err := os.ReadFile(filepath.Join(d.root, name))
		if err == nil && strings.Contains(string(text), "\r\n") {
			wrong = append(wrong, name)
		}
	}
	if len(wrong) > 0 {
		d.add(fix, about, lang.T("%s has the line endings of Windows, which make and shells cannot read",
			"%s の改行コードが Windows のものなので、make やシェルが読み取れません。",
			lang.Text{EN: strings.Join(wrong, " and "), JA: strings.Join(wrong, "、")}),
			lang.Same("git config core.autocrlf false"),
			lang.Same("rm "+strings.Join(wrong, inShell(" ", ", "))),
			lang.Same("git checkout -- "+strings.Join(wrong, " ")))
		return
	}
	d.add(ok, about, lang.Same("LF"))
}

// areSet returns the variables that this shell has set.
func areSet(variables ...string) []string {
	return slices.DeleteFunc(variables, func(variable string) bool { return os.Getenv(variable) == "" })
}
