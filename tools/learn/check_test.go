package learn_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/tools/learn"
)

// redisOfApps is an embedded Redis for the programs of a test.
func redisOfApps(t *testing.T) (address string, client *redis.Client) {
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

func TestEachWrongProgramGetsItsHint(t *testing.T) {
	address, client := redisOfApps(t)
	const ttl = 7 * time.Second
	for _, w := range programs.Wrongs {
		if needsWire(w) {
			continue // An app that runs already passes.
		}
		t.Run(fmt.Sprintf("step %d: %s", w.Step, w.Mistake), func(t *testing.T) {
			t.Parallel()
			app := httptest.NewServer(w.Program(client, ttl))
			defer app.Close()
			var said strings.Builder
			check := learn.Check{
				Copy: learn.Copy{Step: w.Step}, URL: app.URL, RedisURL: address,
				TTL: ttl, Hint: 1, Out: &said,
			}
			if err := check.Run(t.Context()); !errors.Is(err, learn.ErrFailed) {
				t.Errorf("the check ends with %v, want %v", err, learn.ErrFailed)
			}
			_, hint, _ := strings.Cut(said.String(), "hint 1: ")
			if !strings.Contains(strings.Join(strings.Fields(hint), " "), strings.Join(strings.Fields(w.Hint), " ")) {
				t.Errorf("hint 1 does not say %q:\n%s", w.Hint, said.String())
			}
			if strings.Contains(said.String(), "look at: ") {
				t.Errorf("it names a file of an app whose files are unknown:\n%s", said.String())
			}
		})
	}
}

// checkOne runs one check of step 3 on a program. told is how many reports the
// class board got.
func checkOne(t *testing.T, only string, p func(client *redis.Client) http.Handler) (said string, told int, err error) {
	t.Helper()
	address, client := redisOfApps(t)
	app := httptest.NewServer(p(client))
	defer app.Close()
	board := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told++ }))
	defer board.Close()
	var out strings.Builder
	check := learn.Check{
		Copy: learn.Copy{Step: 3}, URL: app.URL, RedisURL: address, Hint: 1,
		Only: only, Board: board.URL + "/k7f3qz", Name: "ada", Out: &out,
	}
	err = check.Run(t.Context())
	return out.String(), told, err
}

// noTTL is a right step 2, which lacks the TTL of step 3.
func noTTL(client *redis.Client) http.Handler { return programs.Right(2, client, 0) }

func TestACheckWithAnotherTTLNamesTheSetting(t *testing.T) {
	said, _, err := checkOne(t, "ttl-set", func(client *redis.Client) http.Handler { return programs.Right(3, client, 10*time.Minute) })
	if !errors.Is(err, learn.ErrFailed) || !strings.Contains(said, "with a TTL of 10s?") || !strings.Contains(said, `ONLY=ttl-set ARGS="-ttl 10m"`) {
		t.Errorf("the check ends with %v:\n%s", err, said)
	}
}

func TestOneCheckAlone(t *testing.T) {
	t.Parallel()
	for only, want := range map[string]struct {
		err  error
		line string
		next string
	}{
		"ttl-set": {learn.ErrFailed, "FAIL 19 ttl-set: the first visit gives the key a TTL\n", " ONLY=ttl-set HINT=2\n"},
		"logout":  {nil, "ok   14 logout: after logout the page says You are not logged in\n", "Now all checks: make check3 URL=http"},
		// A house rule has one hint.
		"healthz": {learn.ErrFailed, "FAIL 26 healthz: /healthz answers 200\n", "0 of 1 passed. That was the last hint.\n"},
	} {
		t.Run(only, func(t *testing.T) {
			t.Parallel()
			said, told, err := checkOne(t, only, noTTL)
			if !errors.Is(err, want.err) {
				t.Errorf("the check ends with %v, want %v", err, want.err)
			}
			if !strings.Contains(said, want.line) || !strings.Contains(said, want.next) {
				t.Errorf("it does not say %q and %q:\n%s", want.line, want.next, said)
			}
			if n := strings.Count(said, "\nok ") + strings.Count(said, "\nFAIL "); n != 1 {
				t.Errorf("%d checks ran, want 1:\n%s", n, said)
			}
			if told != 0 {
				t.Error("the class board got the result of a single check")
			}
		})
	}
}

func TestAnUnknownCheckIsAnsweredWithTheList(t *testing.T) {
	t.Parallel()
	said, _, err := checkOne(t, "ttl", noTTL)
	if err == nil || said != "" {
		t.Fatalf("the check ends with %v, and says %q", err, said)
	}
	for i, check := range contract.Step(3) {
		if line := fmt.Sprintf("\n  %2d %s: %s", i+1, check.ID, check.Name.EN); !strings.Contains(err.Error(), line) {
			t.Errorf("the list lacks %q", line)
		}
	}
	if first := `ONLY: step 3 has no check of this name. It has:`; !strings.HasPrefix(err.Error(), first) {
		t.Errorf("it does not begin with %q:\n%v", first, err)
	}
}

func TestAnUnknownCheckOfAnExercise(t *testing.T) {
	t.Parallel()
	check := learn.Check{Copy: learn.Copy{Step: 3}, Exercise: "expire-first", Only: "ttl-set", Out: io.Discard}
	const want = `ONLY: the exercise expire-first has no check of this name. It has:
   1 ttl-set-fails: the check ttl-set fails now
   2 lesson-holds: the rest of the lesson still works`
	if err := check.Run(t.Context()); err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// needsWire reports whether only a check that starts the app itself finds this
// mistake.
func needsWire(w programs.Wrong) bool {
	return slices.ContainsFunc(contract.Step(w.Step), func(c contract.Check) bool { return c.ID == w.Caught && c.Wire })
}
