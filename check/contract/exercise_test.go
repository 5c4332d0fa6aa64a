package contract_test

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/shared/lang"
)

// firstFailure runs an exercise's checks on a program through a wire, and returns
// the id of the first check that fails.
func firstFailure(t *testing.T, e contract.Exercise, d programs.Done, address string) (id string, err error) {
	t.Helper()
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	counting := redistest.OpenWire(t, options.Addr)
	options.Addr = counting.Addr
	client := redis.NewClient(options)
	defer client.Close()
	p := d.Program(client, normalTTL)
	defer deleteAll(t, p)
	server := httptest.NewServer(p)
	defer server.Close()
	// The checks use Redis on the same wire, but not while they count.
	target := contract.Target{URL: server.URL, Redis: client, Wire: counting}
	for _, check := range e.Checks {
		if err := check.Run(t.Context(), target); err != nil {
			return check.ID, err
		}
	}
	return "", nil
}

func exerciseOf(t *testing.T, step int, name string) contract.Exercise {
	t.Helper()
	for _, e := range contract.Exercises(step) {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("step %d has no exercise %s", step, name)
	return contract.Exercise{}
}

func TestExercises(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		t.Parallel()
		for _, d := range programs.Exercises {
			mistake := d.Mistake
			if mistake == "" {
				mistake = "right"
			}
			t.Run(fmt.Sprintf("%s: %s", d.Exercise, mistake), func(t *testing.T) {
				t.Parallel()
				if id, err := firstFailure(t, exerciseOf(t, d.Step, d.Exercise), d, r.URL); id != d.Caught {
					t.Errorf("the first check that failed is %q (%v), want %q", id, err, d.Caught)
				}
			})
		}
	})
}

// A learner who has not begun an exercise must not pass it.
func TestExercisesFailBeforeAnyChange(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		t.Parallel()
		for step := 1; step <= 4; step++ {
			for _, e := range contract.Exercises(step) {
				t.Run(e.Name, func(t *testing.T) {
					t.Parallel()
					if id, _ := firstFailure(t, e, programs.Done{Step: step}, r.URL); id != e.Checks[0].ID {
						t.Errorf("the first check that failed is %q, want %q", id, e.Checks[0].ID)
					}
				})
			}
		}
	})
}

func TestExercisesAreComplete(t *testing.T) {
	right, wrong := map[string]bool{}, map[string]bool{}
	for _, d := range programs.Exercises {
		if d.Mistake == "" {
			right[d.Exercise] = true
		} else {
			wrong[d.Exercise] = true
		}
	}
	for step := 1; step <= 4; step++ {
		optional := 0
		for _, e := range contract.Exercises(step) {
			if !right[e.Name] || !wrong[e.Name] {
				t.Errorf("%s has a right program: %v, a wrong one: %v", e.Name, right[e.Name], wrong[e.Name])
			}
			if e.Optional {
				optional++
			}
			for _, c := range e.Checks {
				if c.Name == (lang.Text{}) || c.Run == nil || !isGuided(c) {
					t.Errorf("%s: %s has not three hints and a place: %q, %q", e.Name, c.ID, c.Where, c.Hints)
				}
			}
		}
		if all := len(contract.Exercises(step)); all < 3 || optional != 1 {
			t.Errorf("step %d has %d exercises, %d of them optional; want 3 or more, 1 optional", step, all, optional)
		}
	}
	if len(contract.Exercises(0)) != 0 || len(contract.Exercises(5)) != 0 {
		t.Error("steps 0 and 5 have exercises")
	}
}
