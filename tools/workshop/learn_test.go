package main_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/tools/internal/clone"
)

// freshCopy is the repository as git would clone it, with what is not
// committed yet.
func freshCopy(t *testing.T) (root string) {
	t.Helper()
	root = clone.Copy(t, repository)
	must(t, root, "git", "init", "--quiet")
	must(t, root, "git", "add", "--all")
	return root
}

// must runs a program that must succeed, and returns what it prints.
func must(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TEST_REDIS=embedded", "REQUIRE_REDIS=")
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, said)
	}
	return string(said)
}

// workshopDo runs a command that must end with a status.
func workshopDo(t *testing.T, dir string, status int, args ...string) string {
	t.Helper()
	said, got := run(t, dir, nil, args...)
	if got != status {
		t.Errorf("workshop %s: status %d, want %d:\n%s", strings.Join(args, " "), got, status, said)
	}
	return said
}

// putSolution makes a learner's copy what ours is.
func putSolution(t *testing.T, root string, n int) {
	t.Helper()
	mine := filepath.Join(root, fmt.Sprintf("my-step%d", n))
	ours := filepath.Join(root, steps.Folder(n))
	names := []string{"main.go"}
	if n == 4 {
		names = append(names, "session/token.go", "session/cookie.go", "session/store.go", "session/script.go")
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(ours, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(mine, name), strings.ReplaceAll(string(text), "/step4-store/", "/my-step4/"))
	}
}

func TestALearnerBuildsEachStep(t *testing.T) {
	t.Parallel()
	root := freshCopy(t)
	workspace, err := os.ReadFile(filepath.Join(root, "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, workshopDo(t, root, 0, "status"), "step 1  not started", "step 4  not started", "make start4")
	numbers := []int{1, 2, 3, 4}
	if testing.Short() {
		// Step 2 has a Redis, and no TTL to wait for.
		numbers = []int{2}
	}
	t.Run("steps", func(t *testing.T) {
		for _, n := range numbers {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				buildStep(t, root, n)
			})
		}
	})
	status := workshopDo(t, root, 0, "status")
	for _, n := range numbers {
		wantText(t, status, fmt.Sprintf("step %d  passed, all ", n))
	}
	if now, err := os.ReadFile(filepath.Join(root, "go.work")); err != nil || string(now) != string(workspace) {
		t.Errorf("go.work has changed: %s, %v", now, err)
	}
	// git shows nothing, also not of backups.
	if said := must(t, root, "git", "status", "--porcelain", "--", ":!go.work.sum"); strings.Contains(said, "my-step") {
		t.Errorf("git does not ignore the copies:\n%s", said)
	}
}

func buildStep(t *testing.T, root string, n int) {
	name, number := fmt.Sprintf("my-step%d", n), fmt.Sprint(n)
	mine := filepath.Join(root, name)
	lesson := len(contract.StepGroup(n, contract.Lesson))

	wantText(t, workshopDo(t, root, 1, "check", number), "make start"+number)
	wantText(t, workshopDo(t, root, 0, "start", number), name+"/main.go", "make "+name, "make check"+number)
	wantText(t, workshopDo(t, root, 1, "start", number), "there already", "make reset"+number)

	t.Log("everything works at once in the new folder")
	if module := strings.TrimSpace(must(t, mine, "go", "list", "-f", "{{.Module.Path}}", ".")); module != "example.com/session-workshop/"+name {
		t.Errorf("the module is %s", module)
	}
	must(t, mine, "go", "build", "-o", os.DevNull, "./...")
	must(t, mine, "go", "vet", "./...")
	runsWithGoRun(t, root, name)

	t.Log("untouched, it fails")
	wantText(t, must(t, mine, "go", "doc", "-src", "-u", ".", "run"), `web.Run(e, cfg, "Step `+number+`"`)
	said := workshopDo(t, root, 1, "check", number)
	wantText(t, said, "FAIL", "expected: ", "got: ", "hint 1: ", "look at: ", "make check"+number+" HINT=2", fmt.Sprintf(" of %d passed", lesson))
	wantASCII(t, said)
	// The other steps are built at the same time.
	ownLine := func() string {
		return regexp.MustCompile(`(?m)^step ` + number + ` .*$`).FindString(workshopDo(t, root, 0, "status"))
	}
	status := ownLine()
	wantText(t, status, fmt.Sprintf("of %d at the last check", lesson))
	wantText(t, workshopDo(t, root, 0, "check", "-only", "healthz", number), " healthz: /healthz answers 200\nNow with all the others: make check"+number+"\n")
	if after := ownLine(); after != status {
		t.Errorf("after one check alone the status is %q, want as before: %q", after, status)
	}
	wantText(t, workshopDo(t, root, 0, "solve", number), "yours/main.go", "ours/main.go", "\n+")

	if n == 4 {
		testsEachMethod(t, mine)
	}

	t.Log("solved, it passes")
	putSolution(t, root, n)
	wantText(t, workshopDo(t, root, 0, "status"), "at the last check, changed since")
	wantText(t, workshopDo(t, root, 0, "solve", number), "There is no difference")
	said = workshopDo(t, root, 0, "check", number)
	wantText(t, said, fmt.Sprintf("\nok   %2d ", lesson), fmt.Sprintf("Passed: all %d checks of step %d", lesson, n), "House rules: ")
	wantASCII(t, said)
	switch n {
	case 2:
		must(t, mine, "go", "test", "./...")
	case 4:
		must(t, mine, "go", "test", "./session")
	}
}

// testsEachMethod writes the methods of the store one after the other: the
// tests of a method pass as soon as it and those before it are written.
func testsEachMethod(t *testing.T, mine string) {
	store := filepath.Join(mine, "session", "store.go")
	ours, err := os.ReadFile(filepath.Join(repository, "step4-store", "session", "store.go"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(repository, "step4-store", "session", "script.go"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(mine, "session", "script.go"), string(script))
	methods := []string{"Key", "Create", "Visit", "Delete"}
	for written := range methods {
		text := string(ours)
		for _, name := range methods[written+1:] {
			text = withoutBody(t, text, name)
		}
		write(t, store, text)
		for i, name := range methods {
			cmd := exec.Command("go", "test", "-vet=off", "-run", "^Test"+name, "./session")
			cmd.Dir, cmd.Env = mine, append(os.Environ(), "TEST_REDIS=embedded", "REQUIRE_REDIS=")
			said, err := cmd.CombinedOutput()
			if passed := err == nil; passed != (i <= written) {
				t.Errorf("with %v written, the tests of %s pass: %v\n%s", methods[:written+1], name, passed, said)
			}
		}
	}
}

// withoutBody makes a method panic. Its imports stay in use.
func withoutBody(t *testing.T, source, method string) string {
	t.Helper()
	start := regexp.MustCompile(`(?m)^func \(s \*Store\) ` + method + `\(.*\{\n`).FindStringIndex(source)
	if start == nil {
		t.Fatalf("store.go has no method %s", method)
	}
	return source[:start[1]] + "\tif true {\n\t\tpanic(\"not written yet\")\n\t}\n" + source[start[1]:]
}

// runsWithGoRun starts the copy as an editor would, and stops it again.
func runsWithGoRun(t *testing.T, root, name string) {
	t.Helper()
	p := &process{t: t, cmd: exec.Command("go", "run", "-C", name, ".", "-port", "0"), done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = root, p, p
	inGroup(p.cmd)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { killGroup(p.cmd) })
	address := p.waitFor(`is running: (\S+)\n`, 1)
	wantText(t, newBrowser(t).visit(address), "You are not logged in")
	killGroup(p.cmd)
	p.waitForEnd()
}

// plain is a text as the check prints it.
func plain(text string) string { return strings.ReplaceAll(text, "…", "...") }

func wantASCII(t *testing.T, said string) {
	t.Helper()
	for _, r := range said {
		if r > 126 || r == '\x1b' {
			t.Errorf("the output has the character %q:\n%s", r, said)
			return
		}
	}
}

func TestResetKeepsABackup(t *testing.T) {
	root := freshCopy(t)
	wantText(t, workshopDo(t, root, 1, "reset", "2"), "no my-step2 yet", "make start2")
	workshopDo(t, root, 0, "start", "2")
	write(t, filepath.Join(root, "my-step2", "main.go"), "package mine\n")
	wantText(t, workshopDo(t, root, 0, "reset", "2"), "What you had is in my-step2-backup-")
	backups, _ := filepath.Glob(filepath.Join(root, "my-step2-backup-*", "main.go"))
	if len(backups) != 1 {
		t.Fatalf("backups: %v", backups)
	}
	if kept, _ := os.ReadFile(backups[0]); string(kept) != "package mine\n" {
		t.Errorf("the backup has %q", kept)
	}
	if fresh, _ := os.ReadFile(filepath.Join(root, "my-step2", "main.go")); !strings.Contains(string(fresh), "func main") {
		t.Errorf("the new copy has %q", fresh)
	}
	if said := must(t, root, "git", "status", "--porcelain"); strings.Contains(said, "my-step") {
		t.Errorf("git does not ignore the backup:\n%s", said)
	}
	if said := must(t, root, "go", "list", "-m"); strings.Contains(said, "my-step") {
		t.Errorf("the workspace has taken up the copy:\n%s", said)
	}
}

func TestWhoFellBehindTakesOurs(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	root := freshCopy(t)
	workshopDo(t, root, 0, "start", "4")
	write(t, filepath.Join(root, "my-step4", "main.go"), "package mine\n")
	for n := 1; n <= 4; n++ {
		said := workshopDo(t, root, 0, "solve", "-take", fmt.Sprint(n))
		wantText(t, said, fmt.Sprintf("my-step%d is what ours is.", n), fmt.Sprintf("make check%d", n))
		if kept := strings.Contains(said, "What you had is in my-step4-backup-"); kept != (n == 4) {
			t.Errorf("step %d: it says:\n%s", n, said)
		}
		wantText(t, workshopDo(t, root, 0, "solve", fmt.Sprint(n)), "There is no difference")
		must(t, filepath.Join(root, fmt.Sprintf("my-step%d", n)), "go", "vet", "./...")
	}
	wantText(t, workshopDo(t, root, 0, "check", "4"), "Passed: all ")
	backups, _ := filepath.Glob(filepath.Join(root, "my-step4-backup-*", "main.go"))
	if len(backups) != 1 {
		t.Fatalf("backups: %v", backups)
	}
	if kept, _ := os.ReadFile(backups[0]); string(kept) != "package mine\n" {
		t.Errorf("the backup has %q", kept)
	}
}

// redisOfApp is one for a test, beside the program that it checks.
func redisOfApp(t *testing.T) (address string, client *redis.Client) {
	t.Helper()
	server, err := embedded.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client = redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() {
		client.Close()
		server.Close()
	})
	return "redis://" + server.Addr(), client
}

func TestOurStepPassesByItsAddress(t *testing.T) {
	testall.Only(t)
	binary := filepath.Join(t.TempDir(), "step4.exe")
	if err := launch.Build(t.Context(), filepath.Join(repository, "step4-store"), binary); err != nil {
		t.Fatal(err)
	}
	address, _ := redisOfApp(t)
	app, err := launch.Start(t.Context(), launch.Options{Binary: binary, Args: []string{"-port", "0", "-redis-url", address}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Kill)
	said := workshopDo(t, repository, 0, "check", "-url", app.URL+"/", "-redis-url", address, "4")
	_, house, _ := strings.Cut(said, "House rules: ")
	var hold, all int
	if _, err := fmt.Sscanf(house, "%d of %d.", &hold, &all); err != nil || hold != all || all == 0 {
		t.Errorf("not all house rules hold: %s", house)
	}
}

func TestCheckRefusesWhatCannotBeChecked(t *testing.T) {
	notWeb, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer notWeb.Close()
	go func() {
		for {
			conn, err := notWeb.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, "SSH-2.0-something\r\n")
			conn.Close()
		}
	}()
	nobody := freeAddress(t)
	app := httptest.NewServer(http.NotFoundHandler())
	defer app.Close()
	// A workshop without copies: that of this machine may have some.
	root := t.TempDir()
	write(t, filepath.Join(root, "go.work"), "go 1.26.0\n")
	for args, want := range map[string]string{
		"check":                              "which step?",
		"check three":                        "which step?",
		"check 5":                            "there is no step 5",
		"check -hint 4 3":                    "HINT: \"4\" is not a hint",
		"check -only nothing 3":              `step 3 has no check "nothing". It has:`,
		"check -ttl 1500ms 3":                "whole seconds",
		"check -exercise nothing 3":          `step 3 has no exercise "nothing". It has: expire-first`,
		"check -url localhost:8000 1":        "is not the address of an app",
		"check -url http://" + nobody + " 1": "nobody answers there",
		"check -url http://" + notWeb.Addr().String() + " 1":                   "is not a web app",
		"check -url " + app.URL + " -redis-url redis://" + nobody + " 3":       "nobody answers there (connection refused)",
		"check -url " + app.URL + " -redis-url http://user:secret@localhost 3": "must begin with redis://",
		"start 0": "there is no step 0",
		"solve 3": "make start3",
	} {
		said := workshopDo(t, root, 1, strings.Fields(args)...)
		wantText(t, said, want)
		if strings.Contains(said, "secret") {
			t.Errorf("%s: a password is printed: %s", args, said)
		}
	}
}

// whatGoesWrong are main functions that do not do what an app should.
var whatGoesWrong = map[string]struct{ body, want string }{
	"does not compile":  {`undefinedName()`, "my-step1/main.go:"},
	"ends at once":      {`fmt.Println("no Redis here"); os.Exit(3)`, "no Redis here"},
	"panics at once":    {`panic("at the start")`, "panic: at the start"},
	"prints no address": {`fmt.Println("hello"); select {}`, `printed no line like "Step 3 is running`},
	"hangs":             {`serve(func(w http.ResponseWriter, r *http.Request) { select {} })`, "none within 5s: the app hangs"},
	"dies":              {`serve(func(w http.ResponseWriter, r *http.Request) { fmt.Println("out of ideas"); os.Exit(4) })`, "Your app ended while it was checked. Its last lines:\n"},
}

// brokenApp is a step 1 with such a main function. It writes its address to the
// file that ADDRESS_FILE names.
const brokenApp = `package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

func serve(handler http.HandlerFunc) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {})
	http.HandleFunc("/", handler)
	if file := os.Getenv("ADDRESS_FILE"); file != "" {
		os.WriteFile(file, []byte(listener.Addr().String()), 0o600)
	}
	fmt.Printf("Step 1 is running: http://%s\n", listener.Addr())
	http.Serve(listener, nil)
}

var _ = serve

func main() {
	_ = os.Args
	_ = fmt.Sprint()
	BODY
}
`

// brokenCopy is a my-step1 with a main function of the test's own.
func brokenCopy(t *testing.T, body string) (root string) {
	t.Helper()
	root = freshCopy(t)
	workshopDo(t, root, 0, "start", "1")
	write(t, filepath.Join(root, "my-step1", "main.go"), strings.Replace(brokenApp, "BODY", body, 1))
	return root
}

func TestCheckTellsWhatIsWrongWithTheApp(t *testing.T) {
	testall.Only(t)
	for what, c := range whatGoesWrong {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			root := brokenCopy(t, c.body)
			file := filepath.Join(t.TempDir(), "address")
			said, status := run(t, root, []string{"ADDRESS_FILE=" + file}, "check", "1")
			if status != 1 {
				t.Errorf("status %d, want 1", status)
			}
			wantText(t, said, c.want)
			wantGone(t, file)
		})
	}
}

// wantGone wants nobody to answer at the address in a file.
func wantGone(t *testing.T, file string) {
	t.Helper()
	if address, err := os.ReadFile(file); err == nil && isTaken(string(address)) {
		t.Errorf("somebody still answers on %s", address)
	}
}

func TestCtrlCStopsTheCheckAndTheApp(t *testing.T) {
	root := brokenCopy(t, whatGoesWrong["hangs"].body)
	file := filepath.Join(t.TempDir(), "address")
	check := start(t, root, []string{"ADDRESS_FILE=" + file}, "check", "1")
	check.waitFor(`Checking my-step1`, 1)
	if err := check.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	check.waitForEnd()
	if status := check.cmd.ProcessState.ExitCode(); status != 1 {
		t.Errorf("status %d after an interrupt, want 1", status)
	}
	wantText(t, check.said(), "stopped: nothing that was started")
	if strings.Contains(check.said(), "FAIL") {
		t.Errorf("an interrupt is no failure of the app:\n%s", check.said())
	}
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("the app has not run: %v", err)
	}
	wantGone(t, file)
}

// An app may save what it holds, and a step of ours tells what it prints last.
func TestTheAppMayCleanUpWhenTheCheckIsDone(t *testing.T) {
	testall.Only(t)
	if runtime.GOOS == "windows" {
		t.Skip("NOT tested: Windows has no SIGTERM, so the app is killed there")
	}
	root := brokenCopy(t, `stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		os.WriteFile(os.Getenv("GOODBYE_FILE"), []byte("goodbye"), 0o600)
		os.Exit(0)
	}()
	serve(http.NotFound)`)
	change(t, filepath.Join(root, "my-step1", "main.go"), "import (\n", "import (\n\t\"os/signal\"\n\t\"syscall\"\n")
	file := filepath.Join(t.TempDir(), "goodbye")
	said, status := run(t, root, []string{"GOODBYE_FILE=" + file}, "check", "1")
	if status != 1 {
		t.Errorf("status %d, want 1:\n%s", status, said)
	}
	if text, err := os.ReadFile(file); string(text) != "goodbye" {
		t.Errorf("the app was not asked to end: %q, %v", text, err)
	}
}

// What runs at an address need not be the copy of that step.
func TestACheckByAddressIsNoResultOfTheCopy(t *testing.T) {
	root := freshCopy(t)
	workshopDo(t, root, 0, "start", "1")
	app := httptest.NewServer(programs.Right(1, nil, 0))
	defer app.Close()
	wantText(t, workshopDo(t, root, 0, "check", "-url", app.URL, "1"), "Passed: all")
	wantText(t, workshopDo(t, root, 0, "status"), "step 1  started, not checked")
}

func TestHintsComeOneByOne(t *testing.T) {
	address, client := redisOfApp(t)
	app := httptest.NewServer(programs.Right(2, client, 0))
	defer app.Close()
	args := []string{"check", "-url", app.URL, "-redis-url", address, "3"}
	for level, want := range map[string]string{"1": "URL=" + app.URL + " HINT=2", "2": "HINT=3", "3": "That was the last hint."} {
		said, status := run(t, repository, []string{"HINT=" + level}, args...)
		if status != 1 || strings.Count(said, "  hint ") != int(level[0]-'0') {
			t.Errorf("HINT=%s: status %d, and not %s hints:\n%s", level, status, level, said)
		}
		wantText(t, said, want)
		wantASCII(t, said)
	}
}

// Who checks an app in another place is told what could not be looked at.
func TestRoundTripsAreNotCountedOnTheRedisOfOthers(t *testing.T) {
	address, client := redisOfApp(t)
	for _, d := range programs.Exercises {
		if d.Exercise != "last-visit" || d.Mistake != "" {
			continue
		}
		app := httptest.NewServer(d.Program(client, 0))
		defer app.Close()
		said := workshopDo(t, repository, 0, "check", "-url", app.URL, "-redis-url", address, "-exercise", "last-visit", "2")
		wantText(t, said, "--    3 one-round-trip: a visit is still one round trip", "not looked at")
	}
}

func TestABoardNeverFailsACheck(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	nobody := freeAddress(t)
	page := httptest.NewServer(http.NotFoundHandler())
	defer page.Close()
	app := httptest.NewServer(programs.Right(1, nil, 0))
	defer app.Close()
	for what, board := range map[string]string{
		"down": "http://" + nobody + "/k7f3qz", "slow": "http://" + silent.Addr().String() + "/k7f3qz",
		"no board": page.URL + "/k7f3qz", "no address": "somewhere",
	} {
		said := workshopDo(t, repository, 0, "check", "-url", app.URL, "-board", board, "-name", "ada", "1")
		wantText(t, said, "Passed: all", "Not on the board: BOARD: ", "\nYour check counts all the same.\n")
		if strings.Contains(said, "The board knows") {
			t.Errorf("%s: the board cannot know:\n%s", what, said)
		}
	}
}

func TestABoardShowsWhoPassed(t *testing.T) {
	redisURL, _ := redisOfApp(t)
	board := start(t, repository, nil, "board", "-host", "127.0.0.1", "-port", "0", "-redis-url", redisURL)
	address := board.waitFor(`BOARD=(\S+)`, 1)
	app := httptest.NewServer(programs.Right(1, nil, 0))
	defer app.Close()
	said, status := run(t, repository, []string{"BOARD=" + address, "NAME=ada of room 2"}, "check", "-url", app.URL, "1")
	if status != 0 {
		t.Errorf("status %d, want 0", status)
	}
	wantText(t, said, "The board knows: ada of room 2, step 1, 11 of 11.")
	wantText(t, newBrowser(t).visit(address), "ada of room 2")
	board.stop()
}

func TestColourIsForTerminalsOnly(t *testing.T) {
	app := httptest.NewServer(programs.Right(1, nil, 0))
	defer app.Close()
	for variable, want := range map[string]bool{"TERM=xterm": true, "NO_COLOR=1": false} {
		cmd := exec.Command(workshop, "check", "-url", app.URL, "1")
		cmd.Dir = repository
		cmd.Env = append(os.Environ(), "TERM=xterm", variable)
		terminal, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		said := readAll(terminal)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", variable, err, said)
		}
		terminal.Close()
		if strings.Contains(said, "\x1b[") != want {
			t.Errorf("%s: colour is %v, want %v:\n%s", variable, !want, want, said)
		}
		wantText(t, said, "ok", "Passed: all")
	}
}

// readAll reads to the end, which a terminal tells by an error.
func readAll(terminal *os.File) string {
	var all strings.Builder
	buffer := make([]byte, 4096)
	for {
		n, err := terminal.Read(buffer)
		all.Write(buffer[:n])
		if err != nil {
			return all.String()
		}
	}
}
