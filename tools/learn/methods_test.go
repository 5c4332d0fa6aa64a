package learn_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/session-workshop/check/contract"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/tools/internal/repotest"
	"example.com/session-workshop/tools/learn"
)

// store is a solved copy of step 4, and the file of its methods.
func store(t *testing.T) (c learn.Copy, file string) {
	t.Helper()
	c = started(t, repotest.Clone(t), 4)
	putSolution(t, c)
	return c, filepath.Join(c.Dir(), "session", "store.go")
}

// checkMethod checks one method, which must fail.
func checkMethod(t *testing.T, c learn.Copy, id string) string {
	t.Helper()
	check := checkOf(c, "")
	check.Only = id
	return fails(t, check)
}

func TestTheMethodsOfTheStorePassOneByOne(t *testing.T) {
	testall.Only(t)
	c, file := store(t)
	solved, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	methods := []string{"Key", "Create", "Visit", "Delete"}
	var passed []string
	for i, check := range contract.Methods() {
		text := string(solved)
		for _, name := range methods[i:] {
			text = withoutBody(t, text, name)
		}
		repotest.Write(t, file, text)
		said := fails(t, checkOf(c, ""))
		repotest.WantText(t, said, append(passed,
			fmt.Sprintf("FAIL %2d %s: ", i+1, check.ID), "not written yet at my-step4/session/store.go:", "look at:  my-step4/session/store.go:", ", func "+methods[i])...)
		passed = append(passed, fmt.Sprintf("ok   %2d %s: ", i+1, check.ID))
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

// The check prints what the tests of a method say about each mistake.
func TestAWrongMethodIsCaught(t *testing.T) {
	testall.Only(t)
	c, file := store(t)
	for _, wrong := range []struct{ mistake, id, from, to, want string }{
		{"half of the hash", "store-key", "sum[:]", "sum[:16]", "Key("},
		{"a login in two round trips", "store-create", "s.rdb.TxPipelined(ctx", "s.oneByOne(ctx", "round trips: 2, want 1"},
		{"a visit that makes a key", "store-visit", "redis.Nil) {\n", "redis.Nil) {\n\t\ts.rdb.HIncrBy(ctx, s.Key(t), \"visits\", 1)\n", "Visit without a session returns"},
		{"a logout that deletes nothing", "store-delete", "s.rdb.Del(ctx, s.Key(t))", "s.rdb.Persist(ctx, s.Key(t))", "the session is still there"},
	} {
		t.Run(wrong.mistake, func(t *testing.T) {
			putSolution(t, c)
			repotest.Change(t, file, wrong.from, wrong.to)
			repotest.Write(t, filepath.Join(c.Dir(), "session", "slow.go"), oneByOne)
			repotest.WantText(t, checkMethod(t, c, wrong.id), wrong.id, "expected: Test", "in my-step4/session/store_test.go to pass", "store_test.go:", wrong.want, "hint 1:")
		})
	}
}

// oneByOne sends what a pipeline would send together.
const oneByOne = `package session

import (
	"context"

	"github.com/redis/go-redis/v9"
)

func (s *Store) oneByOne(ctx context.Context, collect func(redis.Pipeliner) error) ([]redis.Cmder, error) {
	all := s.rdb.Pipeline()
	err := collect(all)
	for _, command := range all.Cmds() {
		s.rdb.Process(ctx, command)
	}
	return nil, err
}
`

func TestTheCheckRestoresTheTestsOfTheStore(t *testing.T) {
	testall.Only(t)
	c, _ := store(t)
	tests := filepath.Join(c.Dir(), "session", "store_test.go")
	check := checkOf(c, "")
	check.Only = "store-key"

	repotest.Change(t, tests, "func TestKey", "func testKey")
	repotest.WantText(t, checkMethod(t, c, "store-key"), "there is no such test. Delete my-step4/session/store_test.go")

	repotest.Write(t, tests, "package session_test\n\nfunc broken( {\n")
	var said strings.Builder
	check.Out = &said
	wantError(t, check.Run(t.Context()), "my-step4/session does not compile with its tests", "my-step4/session/store_test.go:3:", "delete my-step4/session/store_test.go first")

	if err := os.Remove(tests); err != nil {
		t.Fatal(err)
	}
	repotest.WantText(t, passes(t, check), "my-step4/session/store_test.go was missing and has been restored", " store-key: ")
	repotest.Run(t, c.Dir(), "go", "vet", "./session")
	if needed := repotest.Run(t, c.Dir(), "go", "list", "-deps", "-test", "./session"); strings.Contains(needed, "testcontainers") {
		t.Error("a learner downloads what starts containers")
	}
}
