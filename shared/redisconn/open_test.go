package redisconn_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/redistest"
)

func TestOpenUsesTheRedisThatIsNamed(t *testing.T) {
	redistest.Each(t, func(t *testing.T, r *redistest.Redis) {
		conn, err := redisconn.Open(t.Context(), config.Config{RedisURL: r.URL})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if !strings.Contains(conn.About, "redis-cli -h") {
			t.Errorf("the terminal says: %s", conn.About)
		}
	})
}

func TestARefusedStartSaysWhatIsWrongInOneLine(t *testing.T) {
	locked := redistest.StartServer(t, "--requirepass", "hunter2")
	plain := redistest.StartServer(t)
	cluster := redistest.StartServer(t, "--cluster-enabled", "yes")
	tls := startTLS(t)
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
		{"nobody there", "redis://user:hunter2@" + freeAddr(t), false, "connection refused"},
		{"unknown host", "redis://:hunter2@nowhere.invalid:6379", false, `"nowhere.invalid"`},
		{"no password", "redis://" + locked.Addr, false, "asks for a password"},
		{"wrong password", "redis://:hunter3@" + locked.Addr, false, "password is wrong"},
		{"TLS to a plain Redis", "rediss://" + plain.Addr, false, "does not speak TLS"},
		{"plain to a TLS Redis", "redis://" + tls, false, "rediss://"},
		{"unknown certificate", "rediss://" + tls, false, "certificate"},
		{"hung", "redis://" + hung.Addr().String(), false, "no answer in time"},
		{"a cluster unasked", "redis://" + cluster.Addr, false, "REDIS_CLUSTER=true"},
		{"no cluster", "redis://" + plain.Addr, true, "not a cluster"},
		{"no number of a database", "redis://:hunter2@" + plain.Addr + "/x/y", false, "database"},
		{"no such database", "redis://" + plain.Addr + "/99", false, "DB index is out of range"},
		{"a database in a cluster", "redis://" + plain.Addr + "/3", true, "database 0"},
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

func TestThePasswordOpensButIsNotShown(t *testing.T) {
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

func TestAForeignKeyIsNamedWithItsType(t *testing.T) {
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

// startTLS runs a Redis that speaks TLS alone, with a certificate that nobody
// knows, and returns its address.
func startTLS(t *testing.T) string {
	t.Helper()
	cert, key := certificate(t)
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	redistest.StartServer(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key,
		"--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	return addr
}

func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "workshop test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePEM(t, certFile, "CERTIFICATE", der)
	writePEM(t, keyFile, "PRIVATE KEY", private)
	return certFile, keyFile
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
