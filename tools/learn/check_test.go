package learn_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/contract/programs"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/tools/learn"
)

func TestEachWrongProgramGetsItsHint(t *testing.T) {
	server, err := embedded.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() {
		client.Close()
		server.Close()
	})
	for _, w := range programs.Wrongs {
		t.Run(fmt.Sprintf("step %d: %s", w.Step, w.Mistake), func(t *testing.T) {
			t.Parallel()
			app := httptest.NewServer(w.Program(client, learn.DefaultTTL))
			defer app.Close()
			var said strings.Builder
			check := learn.Check{
				Copy: learn.Copy{Step: w.Step}, URL: app.URL, RedisURL: "redis://" + server.Addr(),
				TTL: learn.DefaultTTL, Hint: 1, Out: &said,
			}
			if err := check.Run(t.Context()); !errors.Is(err, learn.ErrFailed) {
				t.Errorf("the check ends with %v, want %v", err, learn.ErrFailed)
			}
			_, hint, _ := strings.Cut(said.String(), "hint 1: ")
			if !strings.Contains(strings.Join(strings.Fields(hint), " "), strings.Join(strings.Fields(w.Hint), " ")) {
				t.Errorf("hint 1 does not say %q:\n%s", w.Hint, said.String())
			}
			if strings.Contains(said.String(), "look at: ") {
				t.Errorf("it names a file of an app that it cannot know:\n%s", said.String())
			}
		})
	}
}
