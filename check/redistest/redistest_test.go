package redistest

import (
	"context"
	"crypto/rand"
	"errors"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"example.com/session-workshop/check/wait"
)

func TestEachGivesAWorkingRedis(t *testing.T) {
	seen := map[string]string{}
	Each(t, func(t *testing.T, r *Redis) {
		if path.Base(t.Name()) != r.Kind {
			t.Errorf("the subtest is named %s, the kind is %s", t.Name(), r.Kind)
		}
		seen[r.Kind] = r.URL
		key := "workshop:redistest:" + rand.Text()
		t.Cleanup(func() { mustOK(t, r.Client.Del(context.Background(), key).Err()) })
		mustOK(t, r.Client.HIncrBy(t.Context(), key, "visits", 1).Err())
		mustOK(t, r.Client.PExpire(t.Context(), key, 50*time.Millisecond).Err())
		wait.For(t, "the key has expired", func() bool {
			return r.Client.Exists(t.Context(), key).Val() == 0
		})
	})
	if len(seen) == 0 {
		t.Fatal("Each ran on nothing")
	}
	Each(t, func(t *testing.T, r *Redis) {
		if r.URL != seen[r.Kind] {
			t.Errorf("a second Each got %s, the first %s: want one server for both", r.URL, seen[r.Kind])
		}
	})
}

func TestEachTakesAURL(t *testing.T) {
	s := StartServer(t, "--requirepass", "hunter2")
	t.Setenv("TEST_REDIS", s.URL)
	t.Setenv("REQUIRE_REDIS", "")
	var kinds []string
	Each(t, func(t *testing.T, r *Redis) {
		kinds = append(kinds, r.Kind)
		mustOK(t, r.Client.Ping(t.Context()).Err())
	})
	if !slices.Equal(kinds, []string{"url"}) {
		t.Errorf("ran on %v, want the URL alone", kinds)
	}
}

func TestTheErrorForAURLDoesNotShowThePassword(t *testing.T) {
	s := StartServer(t)
	s.Kill()
	address := strings.Replace(s.URL, "redis://", "redis://:hunter2@", 1)
	err := ping(address)
	if err == nil || !strings.Contains(err.Error(), s.Addr) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error is %v, want one with %s and without the password", err, s.Addr)
	}
}

func TestChoose(t *testing.T) {
	found := func(kind string) func() (string, error) {
		return func() (string, error) { return kind, nil }
	}
	none := func() (string, error) { return "", errors.New("install something") }
	unasked := func() (string, error) { t.Error("looked for a real Redis that the test does not need"); return "", nil }
	for _, c := range []struct {
		selected, required string
		findReal           func() (string, error)
		want               []string
		notReal            string
	}{
		{"", "", found(container), []string{embedded, container}, ""},
		{"", "", found(server), []string{embedded, server}, ""},
		{"", "", none, []string{embedded}, "install something"},
		{"", "embedded", none, []string{embedded}, "install something"},
		{"", "container,server,embedded", unasked, []string{embedded, container, server}, ""},
		{"", "server", unasked, []string{embedded, server}, ""},
		{"embedded", "", unasked, []string{embedded}, "TEST_REDIS=embedded names none"},
		{"server", "", unasked, []string{server}, ""},
		{" server , container ,server", "", unasked, []string{server, container}, ""},
		{"server", "embedded", unasked, []string{server, embedded}, ""},
		{"redis://127.0.0.1:6390/1", "", unasked, []string{"redis://127.0.0.1:6390/1"}, ""},
		{"rediss://127.0.0.1:6390,embedded", "", unasked, []string{"rediss://127.0.0.1:6390", embedded}, ""},
	} {
		t.Run(c.selected+"/"+c.required, func(t *testing.T) {
			got, notReal, err := choose(c.selected, c.required, c.findReal)
			mustOK(t, err)
			if !slices.Equal(got, c.want) || notReal != c.notReal {
				t.Errorf("got %v, %q; want %v, %q", got, notReal, c.want, c.notReal)
			}
		})
	}
}

func TestChooseRefusesUnknownKinds(t *testing.T) {
	unasked := func() (string, error) { t.Error("looked for a real Redis"); return "", nil }
	for _, c := range []struct{ selected, required, want string }{
		{"docker", "", `TEST_REDIS: "docker" is not a kind of Redis. Use container, server or embedded`},
		{"", "servers", `REQUIRE_REDIS: "servers" is not a kind of Redis`},
		{"", "redis://:hunter2@127.0.0.1", "REQUIRE_REDIS: redis://127.0.0.1 is not a kind"},
		{"http://:hunter2@127.0.0.1", "", "TEST_REDIS: http://127.0.0.1 is not a kind"},
		{"http://hunter2@%zz", "", "TEST_REDIS: (not shown"},
	} {
		_, _, err := choose(c.selected, c.required, unasked)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("TEST_REDIS=%q REQUIRE_REDIS=%q: error is %v, want one with %q", c.selected, c.required, err, c.want)
		}
	}
}

func TestHasComparesFullNames(t *testing.T) {
	images := []testcontainers.ImageInfo{
		{Name: "myredis:8-alpine"}, {Name: "redis:8-alpine-old"},
		{Name: "localhost/session-workshop-redis:latest"}, {Name: "example.com:5000/valkey:latest"},
	}
	for wanted, want := range map[string]bool{
		"redis:8-alpine":                false,
		"session-workshop-redis:latest": true,
		"session-workshop-redis":        true,
		"example.com:5000/valkey":       true,
		"valkey:9":                      false,
	} {
		if got := has(images, wanted); got != want {
			t.Errorf("has(%q) = %v, want %v", wanted, got, want)
		}
	}
}

func mustOK(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
