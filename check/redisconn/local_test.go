package redisconn_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/loopback"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/shared/redisconn"
)

func local(t *testing.T, addr string) redisconn.Server {
	t.Helper()
	server, err := redisconn.Local(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	if server.Embedded != nil {
		t.Cleanup(server.Embedded.Close)
	}
	return server
}

func TestLocalStartsARedisThatTheNextAppFinds(t *testing.T) {
	addr := loopback.Free(t)
	first := local(t, addr)
	if first.Addr != addr || first.Embedded == nil || first.Note != "" {
		t.Fatalf("on a free port: %+v", first)
	}
	second := local(t, addr)
	if second.Addr != addr || second.Embedded != nil {
		t.Fatalf("with an embedded Redis on the port: %+v", second)
	}
	client := redis.NewClient(&redis.Options{Addr: second.Addr})
	defer client.Close()
	if err := client.Set(t.Context(), "workshop:test", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestAppsThatStartAtOnceShareOneRedis(t *testing.T) {
	for range 20 {
		addr := loopback.Free(t)
		var started [4]redisconn.Server
		var group sync.WaitGroup
		for i := range started {
			group.Go(func() { started[i], _ = redisconn.Local(context.Background(), addr) })
		}
		group.Wait()
		embedded := 0
		for _, server := range started {
			if server.Addr != addr {
				t.Errorf("one went to %q: %s", server.Addr, server.Note)
			}
			if server.Embedded != nil {
				embedded++
				server.Embedded.Close()
			}
		}
		if embedded != 1 {
			t.Fatalf("%d embedded servers on one address", embedded)
		}
	}
}

func TestLocalDoesNotUseAnUnsuitableServer(t *testing.T) {
	hung, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hung.Close()
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	go func() {
		for {
			conn, err := web.Accept()
			if err != nil {
				return
			}
			conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			conn.Close()
		}
	}()
	for _, c := range []struct{ name, addr, why string }{
		{"password", redistest.StartServer(t, "--requirepass", "hunter2").Addr, "asks for a password"},
		{"cluster", redistest.StartServer(t, "--cluster-enabled", "yes").Addr, "is a cluster"},
		{"web server", web.Addr().String(), "not a Redis"},
		{"hung", hung.Addr().String(), "does not answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := local(t, c.addr)
			if server.Embedded == nil || server.Addr == c.addr || !strings.Contains(server.Note, c.why) {
				t.Errorf("got %+v", server)
			}
			_, port, _ := net.SplitHostPort(server.Addr)
			if about := server.About(); !strings.Contains(about, "redis-cli -p "+port) || !strings.Contains(about, c.why) {
				t.Errorf("the terminal says: %s", about)
			}
		})
	}
}

func TestAfterTheEndOfAnEmbeddedRedisThePageNamesMakeRedis(t *testing.T) {
	started, err := embedded.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := redisconn.OpenLocal(t.Context(), started.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	started.Close()
	err = conn.Client.HIncrBy(t.Context(), "workshop:test", "visits", 1).Err()
	var down *redisconn.DownError
	if !errors.As(err, &down) {
		t.Fatalf("got %v", err)
	}
	if _, _, text := down.Explain(); !strings.Contains(text.EN, "`make redis ARGS=\"-port ") || !strings.Contains(text.EN, started.Addr()) {
		t.Errorf("the page says: %s", text)
	}
}

func TestEmbeddedKeysExpire(t *testing.T) {
	started, err := embedded.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer started.Close()
	client := redis.NewClient(&redis.Options{Addr: started.Addr()})
	defer client.Close()
	if err := client.Do(t.Context(), "SET", "workshop:test", "1", "PX", "50").Err(); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "the key has expired", func() bool { return client.Exists(t.Context(), "workshop:test").Val() == 0 })
}
