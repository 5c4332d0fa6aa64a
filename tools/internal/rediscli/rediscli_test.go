package rediscli

import (
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/loopback"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/tools/internal/prompt"
	"example.com/session-workshop/tools/internal/repotest"
)

func TestFlagsConnectToTheTarget(t *testing.T) {
	for url, want := range map[string]string{
		"redis://127.0.0.1:6380":                    "-h 127.0.0.1 -p 6380",
		"redis://:secret@localhost/3":               "-h localhost -p 6379 -n 3",
		"rediss://learner:secret@cache.example.com": "-h cache.example.com -p 6379 --tls --sni cache.example.com --user learner",
		"rediss://127.0.0.1?skip_verify=true":       "-h 127.0.0.1 -p 6379 --tls --insecure",
	} {
		target := targetOf(t, url)
		if got := strings.Join(target.flags(target.Addr), " "); got != want {
			t.Errorf("%s gives %s, want %s", url, got, want)
		}
	}
	if got := (Target{&redis.Options{}, true}).flags("127.0.0.1:7000"); !strings.HasSuffix(strings.Join(got, " "), " -c") {
		t.Errorf("a cluster gives %v", got)
	}
}

func targetOf(t *testing.T, url string) Target {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	return Target{Options: options}
}

func TestTheContainerThatPublishesAPort(t *testing.T) {
	const list = "4c01db0b339c 127.0.0.1:6380->6379/tcp, [::1]:6380->6379/tcp\n5d01 6379/tcp\n6e01 0.0.0.0:80->80/tcp, 0.0.0.0:63790->7000/tcp\n"
	for port, want := range map[string]string{"6380": "4c01db0b339c 6379", "63790": "6e01 7000", "6379": " ", "0": " "} {
		if id, inside := publishes(list, port); id+" "+inside != want {
			t.Errorf("port %s is published by %q, want %q", port, id+" "+inside, want)
		}
	}
}

func TestARealRedisIsNotTakenForTheEmbeddedOne(t *testing.T) {
	server, err := embedded.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if !targetOf(t, "redis://"+server.Addr()).IsEmbedded(t.Context()) {
		t.Error("the embedded Redis is not recognised")
	}
	redis := redistest.StartServer(t)
	if err := redis.Client.Do(t.Context(), "ACL", "SETUSER", "poor", "on", "nopass", "+get").Err(); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"", "poor:x@"} {
		if targetOf(t, "redis://"+user+redis.Addr).IsEmbedded(t.Context()) {
			t.Errorf("a real Redis counts as embedded for the user %q", user)
		}
	}
}

// ask runs the redis-cli that Command finds for a target.
func ask(t *testing.T, target Target, input string) string {
	t.Helper()
	if _, err := exec.LookPath("redis-cli"); err != nil {
		t.Skip("NOT tested: the real redis-cli, which is not on the PATH. Debian: apt-get install redis-tools; macOS: brew install redis")
	}
	command := target.Command(t.Context())
	cli := exec.Command(command[0], command[1:]...)
	cli.Stdin = strings.NewReader(input)
	output, err := cli.CombinedOutput()
	if err != nil {
		t.Errorf("%q: %v\n%s", command, err, output)
	}
	return string(output)
}

func TestBothPromptsSpeakTLS(t *testing.T) {
	// The test needs only its certificate, which is for 127.0.0.1.
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	key, err := x509.MarshalPKCS8PrivateKey(web.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	repotest.Write(t, certFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})))
	repotest.Write(t, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	addr := loopback.Free(t)
	_, number, _ := net.SplitHostPort(addr)
	redistest.StartServer(t, "--tls-port", number, "--tls-cert-file", certFile, "--tls-key-file", keyFile,
		"--tls-ca-cert-file", certFile, "--tls-auth-clients", "no")
	target := targetOf(t, "rediss://"+addr+"?skip_verify=true")
	var out strings.Builder
	small, err := prompt.Open(t.Context(), target.Options, &out, false)
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	if err := small.Do([]string{"ping"}); err != nil || out.String() != "PONG\n" {
		t.Errorf("the small prompt prints %q, %v", out.String(), err)
	}
	if got := ask(t, target, "ping\n"); got != "PONG\n" {
		t.Errorf("redis-cli prints %q", got)
	}
}

func TestRedisCLIFollowsACluster(t *testing.T) {
	testall.Only(t)
	target := targetOf(t, "redis://"+redistest.StartCluster(t, 3, 0).Addrs[0])
	target.Cluster = true
	// The three keys are in the three thirds of the slots of a cluster.
	got := ask(t, target, "set workshop:test:a 1\nset workshop:test:b 2\nset workshop:test:e 3\n"+
		"get workshop:test:a\nget workshop:test:b\nget workshop:test:e\n")
	got = regexp.MustCompile(`-> Redirected to slot \[\d+\] located at 127\.0\.0\.1:\d+\n`).ReplaceAllString(got, "-> ")
	if got != "-> OK\n-> OK\n-> OK\n1\n-> 2\n-> 3\n" {
		t.Errorf("got %q", got)
	}
}
