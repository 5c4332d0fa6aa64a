package redisconn_test

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/check/loopback"
	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
)

func TestOpenUsesREDISURL(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		conn, err := redisconn.Open(t.Context(), config.Config{RedisURL: r.URL})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if !strings.Contains(conn.About, "\nLook inside: redis-cli") {
			t.Errorf("the terminal says: %s", conn.About)
		}
	})
}

// A Redis on a busy machine can be late. The first two connections get no answer;
// a page would try no more often than that.
func TestAStartWaitsForABusyRedis(t *testing.T) {
	server := redistest.StartServer(t)
	late, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	go func() {
		for n := 1; ; n++ {
			from, err := late.Accept()
			if err != nil {
				return
			}
			if n <= 2 {
				defer from.Close()
				continue
			}
			to, err := net.Dial("tcp", server.Addr)
			if err != nil {
				from.Close()
				continue
			}
			go io.Copy(to, from)
			go io.Copy(from, to)
		}
	}()
	conn, err := redisconn.Open(t.Context(), config.Config{RedisURL: "redis://" + late.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestARefusedStartSaysWhatIsWrongInOneLine(t *testing.T) {
	locked := redistest.StartServer(t, "--requirepass", "hunter2")
	plain := redistest.StartServer(t)
	cluster := redistest.StartServer(t, "--cluster-enabled", "yes")
	_, tls, _ := startTLS(t)
	hung, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hung.Close()
	for _, c := range []struct {
		name, url string
		cluster   bool
		why       string
	}{
		{"a closed port", "redis://user:hunter2@" + loopback.Closed(t), false, "connection refused"},
		{"unknown host", "redis://:hunter2@nowhere.invalid:6379", false, `"nowhere.invalid"`},
		{"no password", "redis://" + locked.Addr, false, "asks for a password"},
		{"wrong password", "redis://:hunter3@" + locked.Addr, false, "password is wrong"},
		{"TLS to a plain Redis", "rediss://" + plain.Addr, false, "does not speak TLS"},
		{"plain to a TLS Redis", "redis://" + tls, false, "rediss://"},
		{"unknown certificate", "rediss://" + tls, false, "certificate"},
		{"hung", "redis://" + hung.Addr().String(), false, "no answer in time"},
		{"a cluster without REDIS_CLUSTER", "redis://" + cluster.Addr, false, "REDIS_CLUSTER=true"},
		{"no cluster", "redis://" + plain.Addr, true, "not a cluster"},
		{"an unknown user", "redis://user:hunter2@" + locked.Addr, false, "redis://:password@"},
		{"no such database", "redis://" + plain.Addr + "/99", false, "DB index is out of range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := redisconn.Open(t.Context(), config.Config{RedisURL: c.url, RedisCluster: c.cluster})
			if err == nil {
				conn.Close()
				t.Fatal("it was accepted")
			}
			line := err.Error()
			if !strings.HasPrefix(line, "REDIS_URL: ") || !strings.Contains(line, c.why) || strings.Contains(line, "\n") {
				t.Errorf("the line is: %s", line)
			}
			if strings.Contains(line, "hunter") {
				t.Errorf("the line holds the password: %s", line)
			}
		})
	}
}

func TestThePasswordIsUsedAndNotShown(t *testing.T) {
	locked := redistest.StartServer(t, "--requirepass", "hunter2")
	conn, err := redisconn.Open(t.Context(), config.Config{RedisURL: "redis://:hunter2@" + locked.Addr + "/1"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if strings.Contains(conn.About, "hunter2") || !strings.Contains(conn.About, "--askpass -n 1") {
		t.Errorf("the terminal says: %s", conn.About)
	}
}

func TestTheErrorNamesAKeyOfAnotherTypeAndItsType(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		conn, err := redisconn.Open(t.Context(), config.Config{RedisURL: r.URL})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		key := "workshop:test:" + strings.ToLower(t.Name())
		conn.Client.LPush(t.Context(), key, "a")
		defer conn.Client.Del(t.Context(), key)
		err = conn.Client.HIncrBy(t.Context(), key, "visits", 1).Err()
		var wrong *redisconn.WrongDataError
		if !errors.As(err, &wrong) || wrong.Key != key || wrong.Type != "list" {
			t.Fatalf("got %v", err)
		}
	})
}

// startTLS starts a Redis that also speaks TLS, with a certificate of an unknown
// authority. It returns the address for TLS, and the file of the authority.
func startTLS(t *testing.T, args ...string) (server *redistest.Server, addr, caFile string) {
	t.Helper()
	certificate, err := redisserver.NewCertificate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	addr = loopback.Free(t)
	_, port, _ := net.SplitHostPort(addr)
	server = redistest.StartServer(t, slices.Concat([]string{"--tls-port", port}, certificate.Args(), args)...)
	return server, addr, certificate.CAFile
}
