package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2/proto"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/check/testall"
)

// The real step 4 runs the real program. The door in front of Redis passes each
// valid token on to Redis as the password. Not tested is the verification by
// AWS itself.
func TestStep4PassesItsContractWithTokens(t *testing.T) {
	testall.Only(t)
	d := openDoor(t)
	steptest.Check(t, "../../step4-store", 4, d.redis.Client, append(d.environment(), "AWS_SECRET_ACCESS_KEY="+secretKey)...)
	if d.loggedIn() == 0 {
		t.Error("no connection logged in with a token")
	}
}

func TestARefusedTokenStopsTheStartOfStep4(t *testing.T) {
	testall.Only(t)
	d := openDoor(t)
	step, err := steptest.Program("../../step4-store")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	const wrongKey = "a key that AWS does not know"
	app, err := launch.Start(ctx, launch.Options{Binary: step, Env: append(d.environment(), "PORT=0", "AWS_SECRET_ACCESS_KEY="+wrongKey)})
	if err == nil {
		app.Kill()
		t.Fatal("it started")
	}
	if text := err.Error(); !strings.Contains(text, "the token was refused") || strings.Contains(text, "X-Amz") || strings.Contains(text, wrongKey) {
		t.Errorf("it says: %s", text)
	}
	if d.loggedIn() > 0 {
		t.Error("the door let it in")
	}
}

// door is a proxy before Redis that behaves like ElastiCache: it ends TLS, and
// accepts a login with a token that verifies. It then sets that token as the
// password of the user in Redis, and passes on the login and everything after
// it.
type door struct {
	redis       *redistest.Server
	certificate redisserver.Certificate
	listener    net.Listener

	mu     sync.Mutex
	logins int
}

func openDoor(t *testing.T) *door {
	t.Helper()
	d := &door{redis: redistest.StartServer(t)}
	var err error
	if d.certificate, err = redisserver.NewCertificate(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	own, err := tls.LoadX509KeyPair(d.certificate.CertFile, d.certificate.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	d.listener, err = tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{own}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.listener.Close() })
	go d.serve()
	return d
}

// environment returns the settings of an app, without the secret key.
func (d *door) environment() []string {
	return []string{
		"REDIS_AUTH=iam", "REDIS_URL=rediss://" + here.user + "@" + d.listener.Addr().String(), "REDIS_CA_FILE=" + d.certificate.CAFile,
		"PATH=" + filepath.Dir(program), "REDIS_IAM_CACHE=" + here.cache, "REDIS_IAM_SERVERLESS=", "AWS_REGION=" + here.region,
		"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SESSION_TOKEN=", "AWS_PROFILE=", "AWS_EC2_METADATA_DISABLED=true",
	}
}

func (d *door) loggedIn() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.logins
}

func (d *door) serve() {
	for {
		client, err := d.listener.Accept()
		if err != nil {
			return
		}
		go d.answer(client)
	}
}

func (d *door) answer(client net.Conn) {
	defer client.Close()
	fromClient := bufio.NewReader(client)
	login, err := d.waitForLogin(client, fromClient)
	if err != nil {
		return
	}
	server, err := net.Dial("tcp", d.redis.Addr)
	if err != nil {
		return
	}
	defer server.Close()
	if _, err := io.WriteString(server, login); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(server, fromClient)
		server.Close()
	}()
	_, _ = io.Copy(client, server)
}

// waitForLogin refuses every command before a valid login, as Redis does, and
// returns the command with the login.
func (d *door) waitForLogin(client io.Writer, fromClient *bufio.Reader) (login string, err error) {
	for {
		login, err = proto.Read(fromClient)
		if err != nil {
			return "", err
		}
		command, err := proto.ReadStrings(login)
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(command, func(word string) bool { return strings.EqualFold(word, "auth") })
		answer := proto.Error("NOAUTH HELLO must be called with the client already authenticated")
		if i >= 0 && len(command) > i+2 {
			if err = d.admit(command[i+1], command[i+2]); err == nil {
				return login, nil
			}
			answer = proto.Error("WRONGPASS invalid username-password pair or user is disabled.")
		}
		if _, err := io.WriteString(client, answer); err != nil {
			return "", err
		}
	}
}

func (d *door) admit(user, token string) error {
	if user != here.user {
		return fmt.Errorf("the user is %q, want %q", user, here.user)
	}
	if err := verify(token, here, accessKey, secretKey, time.Now()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := d.redis.Client.ACLSetUser(ctx, user, "on", ">"+token, "~workshop:*", "+@all").Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logins++
	return nil
}
