package contract_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/wire"
	"example.com/session-workshop/shared/lang"
)

const (
	normalTTL = 10 * time.Second
	// otherTTL differs from the lesson's: an app must read its setting.
	otherTTL = 7 * time.Second
)

// run serves a program and runs the checks of a step that pick accepts. It
// returns the failures by the checks' ids.
func run(t *testing.T, p *programs.Program, step int, target contract.Target, pick func(contract.Check) bool) map[string]error {
	t.Helper()
	if target.Redis == nil {
		target.Redis = p.Redis
	}
	return runHandler(t, p, step, target, pick)
}

func runHandler(t *testing.T, h http.Handler, step int, target contract.Target, pick func(contract.Check) bool) map[string]error {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	target.URL = server.URL
	failures := map[string]error{}
	for _, check := range contract.Step(step) {
		if !pick(check) || check.Wire && target.Wire == nil {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		err := check.Run(ctx, target)
		cancel()
		if err == nil {
			continue
		}
		failures[check.ID] = err
		var failure *contract.Failure
		if !errors.As(err, &failure) || failure.Expected.EN == "" || failure.Got.EN == "" {
			t.Errorf("%s failed without expected and got: %v", check.ID, err)
		}
	}
	return failures
}

func atOnce(c contract.Check) bool    { return c.Group == contract.Lesson && !c.Waits }
func waiting(c contract.Check) bool   { return c.Group == contract.Lesson && c.Waits }
func houseOnly(c contract.Check) bool { return c.Group == contract.House }

// wired returns a client of r for a program, which goes through a wire. The
// checks look into Redis with r's own client.
func wired(t *testing.T, r *redistest.Redis) (redis.UniversalClient, *wire.Wire) {
	t.Helper()
	options, err := redis.ParseURL(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	w := redistest.OpenWire(t, options.Addr)
	options.Addr = w.Addr
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return client, w
}

func TestRightProgramsPassTheLesson(t *testing.T) {
	t.Run("step 1", func(t *testing.T) {
		expectNone(t, run(t, programs.Right(1, nil, 0), 1, contract.Target{}, atOnce))
	})
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for step := 2; step <= 4; step++ {
			t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
				t.Parallel()
				client, w := wired(t, r)
				p := programs.Right(step, client, normalTTL)
				expectNone(t, run(t, p, step, contract.Target{Redis: r.Client, Wire: w}, atOnce))
				expectNothingLeft(t, p)
			})
		}
	})
}

// On a busy machine, an app can refuse a visit that has counted.
func TestABusyAppPassesVisitsAtOnce(t *testing.T) {
	onlyVisitsAtOnce := func(c contract.Check) bool { return c.ID == "visits-at-once" }
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for step := 2; step <= 4; step++ {
			t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
				p := programs.Right(step, r.Client, normalTTL)
				var visits atomic.Int64
				busy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet && r.URL.Path == "/" && visits.Add(1)%20 == 0 && visits.Load() < 100 {
						p.ServeHTTP(httptest.NewRecorder(), r)
						w.WriteHeader(http.StatusServiceUnavailable)
						return
					}
					p.ServeHTTP(w, r)
				})
				expectNone(t, runHandler(t, busy, step, contract.Target{Redis: r.Client}, onlyVisitsAtOnce))
			})
		}
	})
}

func TestRightProgramsPassTheChecksThatWait(t *testing.T) {
	const short = time.Second
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for step := 3; step <= 4; step++ {
			t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
				t.Parallel()
				p := programs.Right(step, r.Client, short)
				expectNone(t, run(t, p, step, contract.Target{TTL: short}, waiting))
				expectNothingLeft(t, p)
			})
		}
	})
}

func TestChecksMayRunAtTheSameTime(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		// So many at once are slow on a busy machine, and no session may end before
		// its check.
		const ttl = 10 * time.Minute
		p := programs.Right(4, r.Client, ttl)
		server := httptest.NewServer(p)
		defer server.Close()
		var wg sync.WaitGroup
		for _, check := range contract.Step(4) {
			if !atOnce(check) || check.Wire {
				continue
			}
			wg.Go(func() {
				if err := check.Run(t.Context(), contract.Target{URL: server.URL, Redis: r.Client, TTL: ttl}); err != nil {
					t.Errorf("%s: %v", check.ID, err)
				}
			})
		}
		wg.Wait()
		expectNothingLeft(t, p)
	})
}

func expectNone(t *testing.T, failures map[string]error) {
	t.Helper()
	for id, err := range failures {
		t.Errorf("%s: %v", id, err)
	}
}

// expectNothingLeft expects that the checks deleted all keys of the program.
func expectNothingLeft(t *testing.T, p *programs.Program) {
	t.Helper()
	for _, key := range keysOf(t, p) {
		t.Errorf("the checks left the key %s", key)
	}
}

func keysOf(t *testing.T, p *programs.Program) (keys []string) {
	t.Helper()
	each := p.Redis.Scan(t.Context(), 0, p.Prefix+"*", 1000).Iterator()
	for each.Next(t.Context()) {
		keys = append(keys, each.Val())
	}
	if err := each.Err(); err != nil {
		t.Error(err)
	}
	return keys
}

// The right programs test on every kind of Redis, so one is enough here.
func TestWrongProgramsAreCaught(t *testing.T) {
	redistest.One(t, func(t *testing.T, r *redistest.Redis) {
		for _, w := range programs.Wrongs {
			t.Run(fmt.Sprintf("step %d: %s", w.Step, w.Mistake), func(t *testing.T) {
				t.Parallel()
				client, onTheWire := wired(t, r)
				p := w.Program(client, otherTTL)
				failures := run(t, p, w.Step, contract.Target{Redis: r.Client, Wire: onTheWire, TTL: otherTTL}, atOnce)
				for id, err := range failures {
					t.Logf("%s: %v", id, err)
				}
				expectHelp(t, failures, w)
				expectExactly(t, failures, append(w.Also, w.Caught))
				expectHint(t, w)
				deleteAll(t, p)
			})
		}
	})
}

// expectHelp expects the first failure to lead to the check whose hints help. If
// all names share one count, for example, another check fails first.
func expectHelp(t *testing.T, failures map[string]error, w programs.Wrong) {
	t.Helper()
	for _, check := range contract.Step(w.Step) {
		err := failures[check.ID]
		if err == nil {
			continue
		}
		helps := check.ID
		if failure, ok := errors.AsType[*contract.Failure](err); ok && failure.See != "" {
			helps = failure.See
		}
		if helps != w.Caught {
			t.Errorf("the first failure leads to the hints of %s, want %s", helps, w.Caught)
		}
		return
	}
}

// A check that every wrong program passes may be unable to fail.
func TestEveryCheckOfTheLessonCatchesAMistake(t *testing.T) {
	caught := map[string]bool{}
	for _, w := range programs.Wrongs {
		caught[w.Caught] = true
		for _, id := range w.Also {
			caught[id] = true
		}
	}
	for step := 1; step <= 4; step++ {
		for _, check := range contract.Step(step) {
			if atOnce(check) && !caught[check.ID] {
				t.Errorf("every wrong program passes %s", check.ID)
			}
		}
	}
}

func expectExactly(t *testing.T, failures map[string]error, want []string) {
	t.Helper()
	for _, id := range want {
		if failures[id] == nil {
			t.Errorf("%s passed", id)
		}
		delete(failures, id)
	}
	for id := range failures {
		t.Errorf("%s failed, but is not meant for this mistake", id)
	}
}

func expectHint(t *testing.T, w programs.Wrong) {
	t.Helper()
	for _, check := range contract.Step(w.Step) {
		if check.ID == w.Caught {
			if !strings.Contains(check.Hints[0].EN, w.Hint) {
				t.Errorf("the hint %q does not say %q", check.Hints[0], w.Hint)
			}
			return
		}
	}
	t.Errorf("step %d has no check %s", w.Step, w.Caught)
}

// deleteAll deletes the keys of a wrong program that contain no user's name.
func deleteAll(t *testing.T, p *programs.Program) {
	t.Helper()
	for _, key := range keysOf(t, p) {
		if err := p.Redis.Del(t.Context(), key).Err(); err != nil {
			t.Error(err)
		}
	}
}

func TestTheChecksThatWaitCatchAWrongTTL(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for step := 3; step <= 4; step++ {
			t.Run(fmt.Sprintf("step %d, too short", step), func(t *testing.T) {
				t.Parallel()
				p := programs.Right(step, r.Client, time.Second)
				failures := run(t, p, step, contract.Target{TTL: 3 * time.Second}, waiting)
				expectOneSaying(t, failures, "it was gone after")
			})
			t.Run(fmt.Sprintf("step %d, none", step), func(t *testing.T) {
				t.Parallel()
				p := programs.Right(step, r.Client, normalTTL)
				p.LiveForEver()
				failures := run(t, p, step, contract.Target{}, waiting)
				expectOneSaying(t, failures, "lives for ever")
			})
		}
	})
}

func expectOneSaying(t *testing.T, failures map[string]error, part string) {
	t.Helper()
	if len(failures) != 1 {
		t.Errorf("%d checks failed, want 1", len(failures))
	}
	for id, err := range failures {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v: does not say %q", id, err, part)
		}
	}
}

// plainPasses holds the house checks that the lesson's programs pass.
var plainPasses = []string{"login-button", "exact-words", "head-counts-nothing", "same-site-form"}

// The lesson's programs do not follow the house rules, so they must fail every
// other house check.
func TestHouseChecksCatchAPlainProgram(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for step := 1; step <= 4; step++ {
			t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
				t.Parallel()
				p := programs.Right(step, r.Client, normalTTL)
				passes := plainPasses
				if step == 1 {
					// Only a key in Redis shows the spaces, because HTML folds them.
					passes = append(slices.Clone(passes), "spaces-trimmed")
				}
				failures := run(t, p, step, contract.Target{}, houseOnly)
				for _, check := range contract.Step(step) {
					if houseOnly(check) && (failures[check.ID] == nil) != slices.Contains(passes, check.ID) {
						t.Errorf("%s: %v", check.ID, failures[check.ID])
					}
				}
				deleteAll(t, p)
			})
		}
	})
}

// Each mistake takes away one house rule that the plain program follows.
func TestHouseChecksCatchOneMistake(t *testing.T) {
	changed := func(from, to string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				answer := httptest.NewRecorder()
				next.ServeHTTP(answer, r)
				for name, values := range answer.Header() {
					w.Header()[name] = values
				}
				w.WriteHeader(answer.Code)
				io.WriteString(w, strings.ReplaceAll(answer.Body.String(), from, to))
			})
		}
	}
	headCounts := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked := r.Clone(r.Context())
			if r.Method == http.MethodHead {
				asked.Method = http.MethodGet
			}
			next.ServeHTTP(w, asked)
		})
	}
	refusesOrigin := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Origin") != "" {
				http.Error(w, "forbidden", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	countsPrefetches := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose")+r.Header.Get("X-Moz") == "" {
				next.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(httptest.NewRecorder(), r)
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusServiceUnavailable)
		})
	}
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		for caught, spoil := range map[string]func(http.Handler) http.Handler{
			"login-button":        changed("Login</button>", "Send</button>"),
			"exact-words":         changed("</b>.", "</b>!"),
			"head-counts-nothing": headCounts,
			"same-site-form":      refusesOrigin,
			"asked-for-ahead":     countsPrefetches,
		} {
			t.Run(caught, func(t *testing.T) {
				t.Parallel()
				p := programs.Right(2, r.Client, normalTTL)
				only := func(c contract.Check) bool { return c.ID == caught }
				failures := runHandler(t, spoil(p), 2, contract.Target{Redis: r.Client}, only)
				expectExactly(t, failures, []string{caught})
				expectNothingLeft(t, p)
			})
		}
	})
}

func TestEveryCheckFailsWithoutAnApp(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	for _, check := range contract.Step(1) {
		if err := check.Run(t.Context(), contract.Target{URL: server.URL}); err == nil {
			t.Errorf("%s passed", check.ID)
		}
	}
}

func TestChecksNeedARedis(t *testing.T) {
	for _, check := range contract.Step(2) {
		err := check.Run(t.Context(), contract.Target{URL: "http://127.0.0.1:1"})
		if check.Wire {
			if !errors.Is(err, contract.ErrNotChecked) {
				t.Errorf("%s without a wire: %v", check.ID, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "Target.Redis") {
			t.Errorf("%s: %v", check.ID, err)
		}
	}
}

func TestChecksAreComplete(t *testing.T) {
	for step := 1; step <= 4; step++ {
		checks, waits := contract.Step(step), 0
		if step == 4 {
			checks = append(contract.Methods(), checks...)
		}
		for _, c := range checks {
			if c.Name == (lang.Text{}) || len(c.Hints) == 0 || c.Hints[0] == (lang.Text{}) || c.Run == nil {
				t.Errorf("step %d: %s is not complete", step, c.ID)
			}
			if c.Group == contract.Lesson && !isGuided(c) {
				t.Errorf("step %d: %s has no place to look, or not three hints: %q, %q", step, c.ID, c.Where, c.Hints)
			}
			if c.Waits {
				waits++
			}
		}
		lessonsFirst := slices.IsSortedFunc(checks, func(a, b contract.Check) int { return -strings.Compare(string(a.Group), string(b.Group)) })
		if !lessonsFirst {
			t.Errorf("step %d: a house check comes before one of the lesson", step)
		}
		if want := map[int]int{3: 1, 4: 1}[step]; waits != want {
			t.Errorf("step %d: %d checks wait, want %d", step, waits, want)
		}
	}
	if len(contract.Step(0)) != 0 || len(contract.Step(5)) != 0 {
		t.Error("steps 0 and 5 have checks")
	}
}

// places has no words of a language: it is printed as it is in each of them.
var places = regexp.MustCompile(`^[a-z/]+\.go(, (func|var) \w+)+(; [a-z/]+\.go(, (func|var) \w+)+)*$`)

func isGuided(c contract.Check) bool {
	return len(c.Hints) == 3 && !slices.Contains(c.Hints, lang.Text{}) && places.MatchString(c.Where)
}

var kebabCase = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// A learner types an id. It is unique in a step or an exercise, and has the same
// name in all of them.
func TestIDs(t *testing.T) {
	names := map[string]string{}
	look := func(where string, checks []contract.Check) {
		seen := map[string]bool{}
		for _, c := range checks {
			if !kebabCase.MatchString(c.ID) || len(c.ID) > 24 {
				t.Errorf("%s: %q is not a short id in kebab case", where, c.ID)
			}
			if seen[c.ID] {
				t.Errorf("%s: %s is there twice", where, c.ID)
			}
			seen[c.ID] = true
			if name, known := names[c.ID]; known && name != c.Name.EN {
				t.Errorf("%s: %s means %q, and elsewhere %q", where, c.ID, c.Name.EN, name)
			}
			names[c.ID] = c.Name.EN
		}
	}
	look("the store", contract.Methods())
	for step := 1; step <= 4; step++ {
		look(fmt.Sprint("step ", step), contract.Step(step))
		for _, e := range contract.Exercises(step) {
			look(e.Name, e.Checks)
		}
	}
	sentences := map[string]string{}
	for id, name := range names {
		if other, known := sentences[name]; known {
			t.Errorf("%s and %s are the same sentence: %q", id, other, name)
		}
		sentences[name] = id
	}
}
