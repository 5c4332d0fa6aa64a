package prompt_test

import (
	"context"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/tools/internal/prompt"
)

const script = `  hset prompt-test:h name "two words"  visits 3
hgetall prompt-test:h
hget prompt-test:h none
hincrby prompt-test:h visits 1

get prompt-test:h
subscribe news
set prompt-test:s "
ping
exit
del prompt-test:h
`

func follow(t *testing.T, r *redistest.Redis, terminal bool) string {
	t.Helper()
	options, err := redis.ParseURL(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	p, err := prompt.Open(t.Context(), options, &out, terminal)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	t.Cleanup(func() { r.Client.Del(context.Background(), "prompt-test:h") })
	if err := p.Follow(strings.NewReader(script)); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), options.Addr+"> ", "")
}

func TestOnATerminalRepliesHaveTheirTypes(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		want := `(integer) 2
1) "name"
2) "two words"
3) "visits"
4) "3"
(nil)
(integer) 4
(error) WRONGTYPE Operation against a key holding the wrong kind of value
SUBSCRIBE waits for messages, which this small prompt cannot do: install redis-cli.
The quotes do not match: SET key "two words"
PONG
`
		if got := follow(t, r, true); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		if n := r.Client.Exists(t.Context(), "prompt-test:h").Val(); n != 1 {
			t.Error("it ran a command after EXIT")
		}
	})
}

func TestForAProgramRepliesArePlain(t *testing.T) {
	redistest.One(t, func(t *testing.T, r *redistest.Redis) {
		if got := follow(t, r, false); !strings.HasPrefix(got, "2\nname\ntwo words\nvisits\n3\n\n4\nWRONGTYPE ") {
			t.Errorf("got\n%s", got)
		}
	})
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	server := redistest.StartServer(t, "--requirepass", "correct-horse")
	_, err := prompt.Open(t.Context(), &redis.Options{Addr: server.Addr, Password: "battery-staple"}, &strings.Builder{}, true)
	if err == nil || !strings.Contains(err.Error(), "WRONGPASS") || strings.Contains(err.Error(), "staple") {
		t.Errorf("got %v", err)
	}
	p, err := prompt.Open(t.Context(), &redis.Options{Addr: server.Addr, Password: "correct-horse", DB: 1}, &strings.Builder{}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	server.Kill()
	if err := p.Do([]string{"ping"}); err == nil || !strings.Contains(err.Error(), server.Addr+" is gone") {
		t.Errorf("got %v", err)
	}
}
