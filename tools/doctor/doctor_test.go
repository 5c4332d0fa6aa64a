package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/loopback"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/internal/clone"
)

// workshop is a copy of the files in git: this clone may belong to another user and
// be read-only.
var workshop string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "doctor-")
	if err == nil {
		workshop, err = dir, clone.CopyTo(dir, "../..")
	}
	if err == nil {
		err = buildStep1(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// buildStep1 makes this machine ready, with the build flags that a learner has. Otherwise
// the doctor says that nothing is built, unless another test has built a step before.
func buildStep1(workshop string) error {
	build := exec.Command("go", "build", "-buildvcs=false", "-o", os.DevNull, "./"+steps.Folder(1))
	build.Dir, build.Env = workshop, append(os.Environ(), "GOFLAGS=")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	return nil
}

// patient is a machine for the doctor to look at.
type patient struct {
	dir                   string // empty means the copy of the repository
	port, redisPort, disk int    // a port of 0 means a free one
	env, args             []string
}

// diagnose fails the test unless the doctor ends with status and prints the wanted
// texts. It returns the whole output. The settings of this machine are ignored.
func diagnose(t *testing.T, p patient, status int, wanted ...string) string {
	t.Helper()
	var output strings.Builder
	t.Run("", func(t *testing.T) {
		for _, name := range append(config.Variables(), "TEST_REDIS", "REQUIRE_REDIS", "REDIS_IMAGE", "URL", "NAME", "BOARD", "HINT", "ONLY", "EX", "MAKEFLAGS", "GOFLAGS", lang.Variable,
			"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY") {
			t.Setenv(name, "")
		}
		for _, line := range p.env {
			name, value, _ := strings.Cut(line, "=")
			t.Setenv(name, value)
		}
		t.Chdir(cmp.Or(p.dir, workshop))
		d := doctor{out: &output, port: cmp.Or(p.port, unusedPort()), redisPort: cmp.Or(p.redisPort, unusedPort()), disk: p.disk}
		if err := d.examine(t.Context(), p.args); err != nil {
			t.Fatal(err)
		}
		if d.status != status {
			t.Errorf("status %d, want %d:\n%s", d.status, status, output.String())
		}
		for _, want := range wanted {
			if !strings.Contains(output.String(), want) {
				t.Errorf("%q is missing in:\n%s", want, output.String())
			}
		}
		var japanese strings.Builder
		d.out, d.language = &japanese, lang.Japanese
		d.report()
		wantJapanese(t, japanese.String())
	})
	return output.String()
}

var (
	// withoutJapanese are the lines that are the same in both languages: names,
	// values, commands, and the first line of the block.
	withoutJapanese = regexp.MustCompile(`^$|^\x60{3}|^ok    (Go|redis-cli): |^session-workshop doctor: |^      \w+ \S`)
	kanaOrKanji     = regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}]`)
	// quoted is what another program said, after words that introduce it.
	quoted  = regexp.MustCompile(`(?:ません|失敗します): .*`)
	english = regexp.MustCompile(`[A-Za-z]+,?(?: [A-Za-z]+,?){3}`)
)

// wantJapanese fails the test if an English sentence is left in a report.
func wantJapanese(t *testing.T, report string) {
	t.Helper()
	for line := range strings.Lines(report) {
		line = strings.TrimSuffix(line, "\n")
		if !kanaOrKanji.MatchString(line) && !withoutJapanese.MatchString(line) {
			t.Errorf("no Japanese: %s", line)
		}
		if sentence := english.FindString(quoted.ReplaceAllString(line, "")); sentence != "" && kanaOrKanji.MatchString(line) {
			t.Errorf("%q in: %s", sentence, line)
		}
	}
}

func wantNone(t *testing.T, output string, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(output, word) {
			t.Errorf("%s was printed:\n%s", word, output)
		}
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	value, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(value))
}

func portOf(server *httptest.Server) int { return server.Listener.Addr().(*net.TCPAddr).Port }

func unusedPort() int {
	server := httptest.NewServer(nil)
	defer server.Close()
	return portOf(server)
}

// The doctor must run on a machine without modules and without a network.
func TestTheDoctorBuildsWithoutAnyModule(t *testing.T) {
	program := filepath.Join(t.TempDir(), "doctor.exe")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, "./tools/doctor")
	build.Dir = workshop
	build.Env = append(os.Environ(), "GOMODCACHE="+t.TempDir(), "GOPROXY=off")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	// The output of this test is no terminal.
	t.Setenv(lang.Variable, "")
	t.Setenv("LC_ALL", "ja_JP.UTF-8")
	outside := exec.Command(program)
	outside.Dir = t.TempDir()
	output, _ := outside.CombinedOutput()
	if want := "doctor: run this inside the workshop's folder"; !strings.HasPrefix(string(output), want) || outside.ProcessState.ExitCode() != 1 {
		t.Errorf("%v: %s, want status 1 and %q", outside.ProcessState, output, want)
	}
	for language, want := range map[string]string{"": "the only argument is -paste, ", "ja": "指定できる引数は -paste だけです。"} {
		t.Setenv(lang.Variable, language)
		output, _ := exec.Command(program, "-port").CombinedOutput()
		if !strings.HasPrefix(string(output), "doctor: "+want) {
			t.Errorf("with WORKSHOP_LANG=%s: %s, want %q", language, output, want)
		}
	}
}

func TestDoctorOnAReadyMachine(t *testing.T) {
	build := exec.Command("go", "build", "-buildvcs=false", "-o", os.DevNull, "./"+steps.Folder(1))
	build.Dir = workshop
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	output := diagnose(t, patient{}, 0,
		"ok    Go: go1.", "ok    modules: all are in the module cache, so no network is needed",
		": free\n", "free; a step starts its own Redis", "ok    proxy: none is used",
		"ok    folders: writable", "ok    line endings: LF", "ok    clock: ",
		"This machine is ready.")
	if !strings.HasPrefix(output, "This machine is ready.\n") || !strings.HasSuffix(output, "\nNext: "+firstStep()+"\n") || strings.Contains(output, "```") {
		t.Errorf("want the result first, the next command last, and no block to paste:\n%s", output)
	}
	wantOnce(t, output)
	if strange := regexp.MustCompile(`[^\n -~]`).FindString(output); strange != "" {
		t.Errorf("%q is not plain ASCII", strange)
	}
}

func TestTheDoctorSpeaksJapanese(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	home := t.TempDir()
	file := filepath.Join(home, "no-folder")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	port := portOf(taken)
	output := diagnose(t, patient{port: port, env: []string{"WORKSHOP_LANG=ja", fmt.Sprint("PORT=", port),
		"HOME=" + home, "USERPROFILE=" + home, "GOPROXY=off", "GOCACHE=" + goEnv(t, "GOCACHE"), "GOMODCACHE=" + filepath.Join(file, "go")}}, 1,
		"まだ準備ができていません。fix で始まる行の下に書かれていることを行い、もう一度実行してください。\n",
		fmt.Sprintf("\nfix   ポート %d: 使用中ですが、", port), "\n      "+unset("PORT").EN+"\n",
		"\nfix   書き込み: モジュールキャッシュ ~", "（環境変数 GOMODCACHE）。\n",
		"助けを求めるときは、", "WORKSHOP_LANG=en を設定して", "```text\nsession-workshop doctor: status 1, ", "\nok    時計: ", "\n```\n")
	wantNone(t, output, home)
	wantJapanese(t, output)
}

func TestTheDoctorNamesTheLanguagesItSpeaks(t *testing.T) {
	t.Setenv(lang.Variable, "fr")
	d := doctor{out: &strings.Builder{}}
	if err := d.examine(t.Context(), nil); err == nil || !strings.HasPrefix(err.Error(), "WORKSHOP_LANG=fr: ") {
		t.Errorf("with WORKSHOP_LANG=fr: %v", err)
	}
}

func TestANameIsHidden(t *testing.T) {
	for _, c := range [][3]string{
		{"anna", "the owner is Anna, in annas/anna", "the owner is USER, in annas/USER"},
		{"花子", "所有者は花子です: \\\\server\\花子", "所有者はUSERです: \\\\server\\USER"},
		{"anna.花子", "anna.花子 joanna.花子", "USER joanna.花子"},
	} {
		if got := withoutName(c[1], c[0]); got != c[2] {
			t.Errorf("%s in %q: %q", c[0], c[1], got)
		}
	}
}

// A teacher may ask for the lines of a machine that is ready.
func TestDoctorPrintsTheBlockToPaste(t *testing.T) {
	ready := diagnose(t, patient{args: []string{"-paste"}}, 0, "eady", "\nNext: ")
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	port := portOf(taken)
	broken := diagnose(t, patient{port: port, env: []string{fmt.Sprint("PORT=", port)}}, 1, "Not ready: ")
	for status, output := range []string{ready, broken} {
		before, block, _ := strings.Cut(output, "```text\n")
		block, _, closed := strings.Cut(block, "\n```\n")
		if !closed || !strings.HasPrefix(block, fmt.Sprintf("session-workshop doctor: status %d, ", status)) || !strings.Contains(block, "\nok    clock: ") {
			t.Errorf("no block to paste:\n%s", output)
		}
		if strings.Contains(before, "\nok  ") {
			t.Errorf("lines with ok are also before the block:\n%s", output)
		}
		wantOnce(t, block)
	}
}

// wantOnce fails the test if a line occurs twice.
func wantOnce(t *testing.T, output string) {
	t.Helper()
	seen := map[string]bool{"": true}
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); line != "" && seen[line] {
			t.Errorf("twice: %s", line)
		}
		seen[line] = true
	}
}

func TestDoctorOnATakenPort(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	port := portOf(server)
	diagnose(t, patient{port: port}, 0, "taken"+byAirPlay.EN+"; a step takes the next free port")
	diagnose(t, patient{port: port, env: []string{fmt.Sprint("PORT=", port)}}, 1, "and PORT asks for this port only", "\n      "+unset("PORT").EN)
}

func TestDoctorOnATakenPortOfRedis(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	diagnose(t, patient{redisPort: portOf(server)}, 0, "in use; if it is a Redis without a password, a step uses it")
}

// The steps and the doctor use the same function.
func TestDoctorReportsTheErrorOfAStepAboutTheNamedRedis(t *testing.T) {
	testall.Only(t)
	good := redistest.StartServer(t)
	diagnose(t, patient{env: []string{"REDIS_URL=" + good.URL + "\n"}}, 0,
		"REDIS_URL="+good.URL+" is set", "ok    Redis: the steps can use the one that REDIS_URL names")
	replica := redistest.StartServer(t, "--replicaof", "127.0.0.1 1")
	forbidden := redistest.StartServer(t)
	if err := forbidden.Client.Do(t.Context(), "acl", "setuser", "default", "-hset").Err(); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"redis://anna:open-sesame@" + loopback.Closed(t): "answers there (connection refused)",
		replica.URL:   "this Redis is a replica, which takes no changes: name its primary",
		forbidden.URL: "the app's user lacks the right `+hset`",
	} {
		t.Setenv("REDIS_URL", address)
		cfg, err := config.LoadStep(4, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = redisconn.Open(t.Context(), cfg)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("a step says of %s: %v", address, err)
		}
		output := diagnose(t, patient{env: []string{"REDIS_URL=" + address}}, 1, fmt.Sprintf("fix   Redis: %v", err), unset("REDIS_URL").EN)
		wantNone(t, output, "anna", "open-sesame")
	}
}

func TestDoctorWithoutAnyProgram(t *testing.T) {
	diagnose(t, patient{env: []string{"PATH=" + t.TempDir()}}, 1,
		"fix   Go: the go command is not on the PATH", "https://go.dev/doc/install", "note  redis-cli: not installed")
}

func TestTheFirstStepWithoutMake(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if got := firstStep(); got != "go run ./step1-no-redis" {
		t.Errorf("it is %s", got)
	}
}

func TestDoctorOnAProxy(t *testing.T) {
	const proxy = "http://anna:open-sesame@proxy.example.com:3128"
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "ALL_PROXY"} {
		output := diagnose(t, patient{env: []string{name + "=" + proxy}}, 1,
			"fix   proxy: ", " is http://proxy.example.com:3128: curl would ask it for http://127.0.0.1:", "NO_PROXY")
		wantNone(t, output, "anna", "open-sesame")
	}
	diagnose(t, patient{env: []string{"HTTP_PROXY=" + proxy, "NO_PROXY=localhost,127.0.0.1"}}, 0, "none is used for 127.0.0.1")
	diagnose(t, patient{env: []string{"HTTPS_PROXY=" + proxy}}, 0, "none is used for 127.0.0.1")
}

func TestDoctorOnAFullDisk(t *testing.T) {
	diagnose(t, patient{disk: 999999999}, 2, "ask   disk: ", "but 999999999 MB are needed", "go clean -cache", "ask for help")
}

func TestDoctorWithModulesToFetch(t *testing.T) {
	// The module cache of these tests has the layout of a module proxy.
	proxy := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download"))))
	defer proxy.Close()
	unused := loopback.Closed(t)
	empty := "GOMODCACHE=" + t.TempDir()
	diagnose(t, patient{env: []string{empty, "GOPROXY=" + proxy.URL}}, 0, "Almost ready: type "+firstStep()+" once.", "ok    network: modules are still to be downloaded, and "+proxy.URL+" answers")
	diagnose(t, patient{env: []string{empty, "GOPROXY=off"}}, 1, "fix   network: ", "GOPROXY=off forbids it", unset("GOPROXY").EN, "go env -u GOPROXY")
	output := diagnose(t, patient{env: []string{empty, "GOPROXY=http://anna:open-sesame@" + unused}}, 2,
		"ask   network: ", "http://"+unused+" cannot be reached", "make offline")
	wantNone(t, output, "anna", "open-sesame")
}

// An editor downloads only the go.mod of a module that it looks up.
func TestDoctorWithOnlyTheGoModOfModules(t *testing.T) {
	from, cache := filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download"), t.TempDir()
	known, err := filepath.Glob(filepath.Join(from, "github.com", "*", "*", "@v", "*.mod"))
	deeper, _ := filepath.Glob(filepath.Join(from, "github.com", "*", "*", "*", "@v", "*.mod"))
	if err != nil || len(deeper) == 0 {
		t.Fatalf("no go.mod in %s (%v)", from, err)
	}
	for _, file := range append(known, deeper...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(cache, "cache", "download", strings.TrimPrefix(file, from))
		if err := errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), os.WriteFile(target, text, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	diagnose(t, patient{env: []string{"GOMODCACHE=" + cache, "GOPROXY=http://" + loopback.Closed(t)}}, 2,
		"ask   network: modules are still to be downloaded, and ")
}

func TestDoctorHidesTheHomeFolder(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "no-folder")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + home, "USERPROFILE=" + home, "GOPROXY=off", "GOCACHE=" + goEnv(t, "GOCACHE")}
	output := diagnose(t, patient{env: append(env, "GOMODCACHE="+filepath.Join(file, "go"))}, 1,
		"fix   writing: the module cache in ~", "variable GOMODCACHE")
	output += diagnose(t, patient{env: append(env[:3], "GOCACHE="+filepath.Join(file, "go"))}, 1, "fix   Go: GOCACHE has a value")
	wantNone(t, output, home)
}

func TestDoctorOnSettings(t *testing.T) {
	output := diagnose(t, patient{env: []string{"SECRET_KEY=open-sesame", "SESSION_TTL=2m"}}, 0,
		"note  setting: SESSION_TTL=2m is set in this shell", "SECRET_KEY (11 bytes, not shown) is set in this shell", unset("SECRET_KEY").EN)
	wantNone(t, output, "open-sesame")
}

// The steps and the doctor use the same function.
func TestDoctorReportsTheErrorsOfAStep(t *testing.T) {
	wrong := patient{env: []string{"REDIS_URL=redis://default:57#open-sesame@127.0.0.1:7100/0", "SESSION_TTL=open-sesame", "PUBLIC_URL=https://:443", "PORT=open-sesame", "REDIS_CLUSTER=open-sesame"}}
	var wanted []string
	for _, line := range wrong.env {
		name, value, _ := strings.Cut(line, "=")
		_, err := config.Load(nil, func(asked string) string { return map[string]string{name: value}[asked] }, config.SecretKey, config.Redis, config.TTL)
		if err == nil {
			t.Fatalf("a step accepts %s", line)
		}
		before, _, _ := strings.Cut(err.Error(), "\n")
		wanted = append(wanted, "fix   setting: "+before, "\n      "+unset(name).EN)
	}
	wantNone(t, diagnose(t, wrong, 1, wanted...), "open-sesame")
	diagnose(t, patient{env: []string{"PORT=\"5123\"", "SESSION_TTL=\ufeff2m\r\n"}}, 0, "PORT=5123 is set", "SESSION_TTL=2m is set")
}

func TestDoctorListsVariablesOfOtherPrograms(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	output := diagnose(t, patient{env: []string{"HOST=x86_64-conda-linux-gnu", "NAME=" + strings.ToUpper(host), "URL=https://anna:open-sesame@other.example", "BOARD=nucleo_f401re", "HINT=open-sesame"}}, 0,
		"HOST is set in this shell and is not read: ", "NAME is set in this shell and is not read: ", "URL is set in this shell and is not read: ", "BOARD is set in this shell and is not read: ", "HINT is set in this shell: it is for make check and make learn")
	wantNone(t, output, "open-sesame", "conda-linux", "other.example", "nucleo")
	output = diagnose(t, patient{env: []string{"HOST=127.0.0.1", "NAME=open-sesame", "BOARD=http://192.168.1.20:5050/open-sesame"}}, 0, "HOST=127.0.0.1 is set", "NAME is set", "BOARD is set")
	wantNone(t, output, "open-sesame")
	if strings.Contains(output, "is not read") {
		t.Errorf("these are read:\n%s", output)
	}
}

func TestDoctorOnGoSettingsThatPreventABuild(t *testing.T) {
	for _, settings := range [][]string{
		{"GOFLAGS=-trimpath -mod=vendor"}, {"GOFLAGS=-modfile=other.mod"}, {"GOFLAGS=nonsense"}, {"GOFLAGS=-C=.."}, {"GO111MODULE=off"}, {"GOWORK=relative"},
		{"GOEXPERIMENT=nonsense"}, {"GOARCH=nonsense"}, {"GOROOT=" + t.TempDir()}, {"GOFLAGS=-mod=mod", "GOWORK=off"},
	} {
		var wanted []string
		for _, setting := range settings {
			name, _, _ := strings.Cut(setting, "=")
			wanted = append(wanted, "fix   Go: "+name+" has a value", "\n      "+unset(name).EN+"\n")
		}
		output := diagnose(t, patient{env: append(settings, "GODEBUG=http2client=1")}, 1, wanted...)
		wantNone(t, output, "GODEBUG", "go env -changed", "the go command fails")
	}
	// The module cache is elsewhere than the go command looks by default.
	diagnose(t, patient{env: []string{"HOME=" + t.TempDir(), "GOMODCACHE=" + goEnv(t, "GOMODCACHE"), "GOCACHE=" + goEnv(t, "GOCACHE"), "GOROOT=" + t.TempDir()}}, 1,
		"fix   Go: GOROOT has a value")
	diagnose(t, patient{env: []string{"GOFLAGS=-modcacherw -mod=readonly"}}, 0, "ok    modules: ")
	diagnose(t, patient{env: []string{"GOMODCACHE=relative", "GOPROXY=off"}}, 1, "absolute path for its module cache", "variable GOMODCACHE")
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("GOFLAGS=-mod=mod\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	diagnose(t, patient{env: []string{"GOENV=" + file}}, 1, "fix   Go: GOENV has a value")
	home := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(home, "go"), 0o755), os.WriteFile(filepath.Join(home, "go", "env"), []byte("GOFLAGS=-mod=mod\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	diagnose(t, patient{env: []string{"XDG_CONFIG_HOME=" + home, "AppData=" + home}}, 1, "fix   Go: go env -w has set a value", "go env -changed")
}

// A class would wait for the first build.
func TestDoctorOnAMachineThatHasBuiltNothing(t *testing.T) {
	diagnose(t, patient{env: []string{"GOCACHE=" + t.TempDir()}}, 0,
		"Almost ready: type "+firstStep()+" once.", "ok    modules: ", "note  build: nothing is built yet")
}

func TestDoctorOnAProxyWithoutAScheme(t *testing.T) {
	output := diagnose(t, patient{env: []string{"HTTP_PROXY=anna:open-sesame@proxy.example.com:3128"}}, 1, "fix   proxy: ")
	wantNone(t, output, "anna", "open-sesame")
}

func TestDoctorOnACheckoutOfWindows(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.work": "go 1.26.0\n", "Makefile": "all:\r\n\tgo version\r\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	diagnose(t, patient{dir: dir}, 1, "fix   line endings: Makefile", "rm Makefile", "git checkout -- Makefile")
}

func TestDoctorOnAClockThatIsBehind(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "go.work")
	if err := os.WriteFile(file, []byte("go 1.26.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tomorrow := time.Now().Add(24 * time.Hour)
	if err := os.Chtimes(file, tomorrow, tomorrow); err != nil {
		t.Fatal(err)
	}
	diagnose(t, patient{dir: dir}, 1, "fix   clock: ")
}
