package redisconn_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
)

func TestTheFileOfTheAuthorityIsTrusted(t *testing.T) {
	addr, caFile := startTLS(t)
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
	_, caFile := startTLS(t)
	return caFile
}

// The program that gives the tokens is one of ours here, a line of shell.
func TestATokenIsAskedForInPlaceOfAPassword(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("NOT run: the program of this test is a shell script")
	}
	addr, caFile := startTLS(t, "--aclfile", write(t, "users.acl", "user default on nopass ~* &* +@all\nuser aaa on >hunter2 ~* +@all\n", 0o600))
	for _, c := range []struct{ name, program, why string }{
		{"the right token", `[ "$1" = aaa ] && echo hunter2`, ""},
		{"a wrong token", "echo hunter3", "the token was refused"},
		{"no token", "echo", "printed no token"},
		{"a program that fails", "echo there are no credentials >&2; exit 1", "there are no credentials"},
		{"no program", "", "REDIS_AUTH=password"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := ""
			if c.program != "" {
				path = filepath.Dir(write(t, "redis-iam-token", "#!/bin/sh\n"+c.program+"\n", 0o700))
			}
			t.Setenv("PATH", path)
			conn, err := redisconn.Open(t.Context(), config.Config{RedisURL: "rediss://aaa@" + addr, RedisCAFile: caFile, RedisIAM: true})
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

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return file
}
