package learn_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/check/loopback"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/netns"
	"example.com/session-workshop/tools/internal/repotest"
	"example.com/session-workshop/tools/learn"
)

func TestOurStepPassesByItsAddress(t *testing.T) {
	testall.Only(t)
	address, _ := redisOfApps(t)
	app := steptest.Start(t, "../../step4-store", "PORT=0", "REDIS_URL="+address)
	check := checkOf(learn.Copy{Step: 4}, "")
	check.URL, check.RedisURL = app.URL+"/", address
	_, house, _ := strings.Cut(passes(t, check), "House rules: ")
	var hold, all int
	if _, err := fmt.Sscanf(house, "%d of %d.", &hold, &all); err != nil || hold != all || all == 0 {
		t.Errorf("not all house rules hold: %s", house)
	}
}

func TestCheckRefusesInvalidSettings(t *testing.T) {
	notWeb, _ := redisOfApps(t)
	unused := loopback.Closed(t)
	app := httptest.NewServer(http.NotFoundHandler())
	defer app.Close()
	for _, c := range []struct {
		check learn.Check
		want  string
	}{
		{learn.Check{Exercise: "nothing"}, `EX: step 3 has no exercise of this name. It has: expire-first`},
		{learn.Check{URL: "localhost:8000"}, "is not the address of an app"},
		{learn.Check{URL: "http://" + unused}, "no app answers there"},
		{learn.Check{URL: strings.Replace(notWeb, "redis", "http", 1)}, "is not a web app"},
		{learn.Check{URL: app.URL, RedisURL: "redis://" + unused}, "answers there (connection refused). Is Redis running?"},
		{learn.Check{URL: app.URL, RedisURL: "http://user:secret@localhost"}, "must begin with redis://"},
	} {
		var said strings.Builder
		c.check.Copy, c.check.Hint, c.check.Out = learn.Copy{Root: t.TempDir(), Step: 3}, 1, &said
		err := c.check.Run(t.Context())
		wantError(t, err, c.want)
		if strings.Contains(fmt.Sprint(err, said.String()), "secret") {
			t.Errorf("a password is printed: %v %s", err, said.String())
		}
	}
	_, err := learn.Of(t.TempDir(), 0)
	wantError(t, err, "there is no step 0")
}

// brokenCopy is a my-step1 in which the text from is replaced by to. The app writes
// its address to a file.
func brokenCopy(t *testing.T, from, to string) (c learn.Copy, address string) {
	t.Helper()
	dir := repotest.App(t)
	repotest.Change(t, filepath.Join(dir, "main.go"), from, to)
	address = filepath.Join(t.TempDir(), "address")
	t.Setenv("ADDRESS_FILE", address)
	t.Setenv("GOWORK", "off")
	return learn.Copy{Root: filepath.Dir(dir), Step: 1}, address
}

func TestCheckSaysWhatIsWrongWithTheApp(t *testing.T) {
	testall.Only(t)
	const main, handler = "func main() {\n", `fmt.Println("a visit")`
	for what, c := range map[string]struct{ from, to, want string }{
		"does not compile":  {main, main + "undefinedName()\n", "my-step1/main.go:"},
		"ends at once":      {main, main + "fmt.Println(`no Redis here`)\nos.Exit(3)\n", "no Redis here"},
		"panics at once":    {main, main + "panic(`at the start`)\n", "panic: at the start"},
		"prints no address": {main, main + "fmt.Println(`hello`)\nselect {}\n", `printed no line like "Step 3 is running`},
		"hangs":             {handler, "select {}", "none within 5s: the app hangs"},
		"dies":              {handler, "fmt.Println(`out of ideas`)\nos.Exit(4)", "Your app ended while it was checked. Its last lines:\n"},
	} {
		t.Run(what, func(t *testing.T) {
			mine, address := brokenCopy(t, c.from, c.to)
			check := checkOf(mine, "")
			var said strings.Builder
			check.Out = &said
			err := check.Run(t.Context())
			wantError(t, err)
			repotest.WantText(t, fmt.Sprint(said.String(), err), c.want)
			if addr, err := os.ReadFile(address); err == nil && netns.Taken(string(addr)) {
				t.Errorf("the app still answers on %s", addr)
			}
		})
	}
}

// An app may have to save its data.
func TestTheAppCanCleanUpAfterTheCheck(t *testing.T) {
	testall.Only(t)
	if runtime.GOOS == "windows" {
		t.Skip("NOT tested: Windows has no SIGTERM, so the app is killed there")
	}
	c, address := brokenCopy(t, "\t<-stop\n", "\t<-stop\n\tos.Remove(os.Getenv(`ADDRESS_FILE`))\n")
	fails(t, checkOf(c, ""))
	if _, err := os.Stat(address); !os.IsNotExist(err) {
		t.Errorf("the app was not asked to end: %v", err)
	}
}

// checkRight checks a right program of step n.
func checkRight(t *testing.T, n int, want error, change func(*learn.Check)) (said, address string) {
	t.Helper()
	redisURL, client := redisOfApps(t)
	app := httptest.NewServer(programs.Right(n, client, 0))
	t.Cleanup(app.Close)
	check := checkOf(learn.Copy{Root: t.TempDir(), Step: n}, "")
	check.URL, check.RedisURL = app.URL, redisURL
	change(check)
	return ends(t, check, want), app.URL
}

// The app at an address need not be the copy of that step.
func TestTheResultOfACheckByAddressIsNotStored(t *testing.T) {
	var mine learn.Copy
	said, _ := checkRight(t, 1, nil, func(check *learn.Check) {
		mine = check.Copy
		repotest.Write(t, filepath.Join(mine.Dir(), "main.go"), "package main\n")
	})
	repotest.WantText(t, said, "Passed: all")
	repotest.WantText(t, status(t, mine.Root), "step 1  started, not checked")
}

func TestAHouseRuleSaysWhatIsMissing(t *testing.T) {
	said, address := checkRight(t, 1, nil, func(*learn.Check) {})
	const missing = `(?m)^  not yet: (\S+): .*
 +expected: .+
 +got: .+
 +a hint: +make check1 URL=` + "(\\S+)" + ` ONLY=(\S+)$`
	found := regexp.MustCompile(missing).FindAllStringSubmatch(said, -1)
	if len(found) != 3 {
		t.Fatalf("%d house rules say what is missing, want 3:\n%s", len(found), said)
	}
	for _, rule := range found {
		if rule[1] != rule[3] || rule[2] != address {
			t.Errorf("%q asks for another check than %s at %s", rule[0], rule[1], address)
		}
	}
}

func TestHintsComeOneByOne(t *testing.T) {
	for level, want := range []string{"HINT=2", "HINT=3", "That was the last hint."} {
		said, address := checkRight(t, 2, learn.ErrFailed, func(check *learn.Check) {
			check.Copy.Step, check.Hint = 3, level+1
		})
		if n := strings.Count(said, "  hint "); n != level+1 {
			t.Errorf("with HINT=%d there are %d hints:\n%s", level+1, n, said)
		}
		repotest.WantText(t, said, want)
		if level < 2 {
			repotest.WantText(t, said, "URL="+address+" "+want)
		}
		wantASCII(t, said)
	}
}

// The check of an app that runs already says what was not checked.
func TestRoundTripsOfAnAppThatRunsAreNotCounted(t *testing.T) {
	address, client := redisOfApps(t)
	app := httptest.NewServer(programs.Right(2, client, 0))
	defer app.Close()
	check := checkOf(learn.Copy{Step: 2}, "")
	check.URL, check.RedisURL = app.URL, address
	repotest.WantText(t, passes(t, check), " one-round-trip: a visit is one round trip to Redis\n", "not checked: ")
}

func TestABoardNeverFailsACheck(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for what, board := range map[string]string{
		"down": "http://" + loopback.Closed(t) + "/k7f3qz", "slow": "http://" + silent.Addr().String() + "/k7f3qz",
		"no board": other.URL + "/k7f3qz", "no address": "somewhere",
	} {
		said, _ := checkRight(t, 1, nil, func(check *learn.Check) { check.Board, check.Name = board, "ada" })
		repotest.WantText(t, said, "Passed: all", "Not on the board: BOARD: ", "\nThe result of your check is still valid.\n")
		if strings.Contains(said, "The board knows") {
			t.Errorf("%s: no board has the report:\n%s", what, said)
		}
	}
}
