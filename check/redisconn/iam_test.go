package redisconn_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/redisconn/iam"
)

func TestTheCAFileIsTrusted(t *testing.T) {
	_, addr, caFile := startTLS(t)
	for _, c := range []struct{ name, file, why string }{
		{"the right file", caFile, ""},
		{"no file", "", "REDIS_CA_FILE"},
		{"a file that is not there", filepath.Join(t.TempDir(), "ca.pem"), "no such file"},
		{"not a certificate", write(t, "ca.pem", "hello", 0o600), "holds no certificate"},
		{"another authority", otherAuthority(t), "REDIS_CA_FILE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := redisconn.Open(t.Context(), config.Config{RedisURL: "rediss://" + addr, RedisCAFile: c.file})
			if err == nil {
				defer conn.Close()
			}
			if (c.why == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.why)) {
				t.Errorf("got %v, want %q", err, c.why)
			}
			if err == nil && !strings.Contains(conn.About, "--tls --cacert "+caFile) {
				t.Errorf("the terminal says: %s", conn.About)
			}
		})
	}
}

func otherAuthority(t *testing.T) string {
	t.Helper()
	_, _, caFile := startTLS(t)
	return caFile
}

func TestATokenReplacesThePassword(t *testing.T) {
	testall.Only(t)
	r := startIAM(t)
	t.Cleanup(shorten(0, 0, 5*time.Second))
	for _, c := range []struct{ name, program, why string }{
		{"the right token", `[ "$1" = aaa ] && echo hunter2`, ""},
		// The first token needs calls to AWS, so it may take longer than the three
		// seconds of Redis itself.
		{"a token that takes its time", "sleep 3.5; echo hunter2", ""},
		{"a wrong token", "echo hunter3", "the token was refused"},
		{"no token", "echo", "printed no token"},
		{"a program that fails", "echo hunter2; echo there are no credentials >&2; exit 1", "there are no credentials"},
		{"a program that hangs", "echo hunter2; exec sleep 60", "did not end within 5s"},
		{"no program", "", "REDIS_AUTH=password"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := "/usr/bin:/bin"
			if c.program != "" {
				path = folderOfProgram(t, c.program) + ":" + path
			}
			t.Setenv("PATH", path)
			conn, err := redisconn.Open(t.Context(), r.cfg)
			if err == nil {
				conn.Close()
			}
			if (c.why == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.why)) {
				t.Errorf("got %v, want %q", err, c.why)
			}
			if err != nil && strings.Contains(err.Error(), "hunter") {
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
}

func TestANewConnectionLogsInWithTheNewToken(t *testing.T) {
	r := startIAM(t)
	t.Cleanup(shorten(time.Millisecond, 0, 0))
	token := write(t, "token", "hunter2", 0o600)
	conn := r.open(t, "cat "+token)
	r.changeToken(t, "hunter3")
	if err := os.WriteFile(token, []byte("hunter3"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The client closes each connection that Redis still refuses.
	wait.ForSuccess(t, func() error { return conn.Client.Ping(t.Context()).Err() })
}

func TestTheRefusalOfAnOldTokenIsExplained(t *testing.T) {
	r := startIAM(t)
	conn := r.open(t, "echo hunter2")
	r.changeToken(t, "hunter3")
	err := conn.Client.Ping(t.Context()).Err()
	var down *redisconn.DownError
	if !errors.As(err, &down) || strings.Count(err.Error(), "the token was refused") != 1 || strings.Contains(err.Error(), "hunter") {
		t.Errorf("got %v", err)
	}
}

// A request must not wait while the program runs. Otherwise the deadline of the
// request would end both, again and again.
func TestARequestDoesNotWaitForARenewal(t *testing.T) {
	r := startIAM(t)
	t.Cleanup(shorten(time.Millisecond, 0, time.Minute))
	hanging := filepath.Join(t.TempDir(), "hanging")
	conn := r.open(t, fmt.Sprintf(`if [ -e %[1]s.first ]; then echo $$ >%[1]s.new; mv %[1]s.new %[1]s; exec sleep 60; fi
touch %[1]s.first; echo hunter2`, hanging))
	var pid int
	wait.ForSuccess(t, func() error {
		text, err := os.ReadFile(hanging)
		if err == nil {
			pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		return err
	})
	r.endConnections(t)
	ctx, cancel := context.WithTimeout(t.Context(), 800*time.Millisecond)
	defer cancel()
	if err := conn.Client.Ping(ctx).Err(); err != nil {
		t.Error(err)
	}
	conn.Close()
	if process, err := os.FindProcess(pid); err == nil && process.Signal(syscall.Signal(0)) == nil {
		t.Errorf("the program %d still runs after Close", pid)
	}
}

func TestAValidTokenIsKeptIfItsRenewalFails(t *testing.T) {
	for _, c := range []struct {
		name     string
		validity time.Duration
		why      string
	}{
		{"still valid", time.Hour, ""},
		{"too old", time.Nanosecond, "there are no credentials"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := startIAM(t)
			t.Cleanup(shorten(time.Millisecond, c.validity, 0))
			failures := filepath.Join(t.TempDir(), "failures")
			conn := r.open(t, fmt.Sprintf(`[ -e %[1]s ] || { echo hunter2; exit; }
echo one more >>%[1]s; echo there are no credentials >&2; exit 1`, failures))
			if err := os.WriteFile(failures, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			// At the second failure, the client knows of the first.
			wait.ForSuccess(t, func() error {
				text, err := os.ReadFile(failures)
				if err == nil && strings.Count(string(text), "\n") < 2 {
					err = fmt.Errorf("failures so far: %q", text)
				}
				return err
			})
			r.endConnections(t)
			user, err := conn.Client.Do(t.Context(), "ACL", "WHOAMI").Text()
			if err == nil && user != "aaa" {
				t.Errorf("the client is logged in as %q", user)
			}
			if (c.why == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.why)) {
				t.Errorf("got %v, want %q", err, c.why)
			}
		})
	}
}

// shorten changes the times of the renewal until restore is called. Zero keeps a
// time as it is.
func shorten(renewal, validity, timeout time.Duration) (restore func()) {
	before := iam.Usual
	for _, c := range []struct {
		now    *time.Duration
		wanted time.Duration
	}{{&iam.Usual.Renewal, renewal}, {&iam.Usual.Retry, renewal}, {&iam.Usual.Validity, validity}, {&iam.Usual.Timeout, timeout}} {
		if c.wanted != 0 {
			*c.now = c.wanted
		}
	}
	return func() { iam.Usual = before }
}

// tokenRedis is a Redis whose user aaa logs in with a token: hunter2, until a
// test changes it.
type tokenRedis struct {
	*redistest.Server
	cfg config.Config
}

func startIAM(t *testing.T) tokenRedis {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("NOT run: the program of this test is a shell script")
	}
	users := write(t, "users.acl", "user default on nopass ~* &* +@all\nuser aaa on >hunter2 ~* +@all\n", 0o600)
	server, addr, caFile := startTLS(t, "--aclfile", users)
	return tokenRedis{server, config.Config{RedisURL: "rediss://aaa@" + addr, RedisCAFile: caFile, RedisIAM: true}}
}

// open connects with tokens that a shell program prints.
func (r tokenRedis) open(t *testing.T, program string) *redisconn.Conn {
	t.Helper()
	t.Setenv("PATH", folderOfProgram(t, program)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	conn, err := redisconn.Open(t.Context(), r.cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// changeToken makes the old token invalid, as its age does.
func (r tokenRedis) changeToken(t *testing.T, token string) {
	t.Helper()
	if err := r.Client.ACLSetUser(t.Context(), "aaa", "resetpass", ">"+token).Err(); err != nil {
		t.Fatal(err)
	}
	r.endConnections(t)
}

func (r tokenRedis) endConnections(t *testing.T) {
	t.Helper()
	if err := r.Client.ClientKillByFilter(t.Context(), "user", "aaa").Err(); err != nil {
		t.Fatal(err)
	}
}

func folderOfProgram(t *testing.T, lines string) string {
	t.Helper()
	return filepath.Dir(write(t, "redis-iam-token", "#!/bin/sh\n"+lines+"\n", 0o700))
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return file
}
