package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/tools/internal/repotest"
)

func TestAnAppKeepsItsLoginInAFailoverOfTheStandIn(t *testing.T) {
	testall.Only(t)
	folder := filepath.Join(t.TempDir(), "with a space")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close(); writer.Close() })
	standIn := startTyping(t, reader, ".", nil, "elasticache-local", "-port", "0", "-o", folder)
	standIn.WaitFor(`Stop it: `)
	wantPong(t, standIn.WaitFor(`Look inside, in a third one:\n(.*\n.*)\n`))
	env := environment(t, folder)
	if !slices.Contains(env, "SESSION_TTL=10m") {
		t.Error("a session ends while the user is at another window")
	}
	app := startStep3(t, env...)

	visitor := repotest.NewVisitor(t)
	visitor.Login(app.URL, "aaa").Wants("Logged in as aaa.", "Visits: 1")
	for i, order := range []string{"fail", "switch", "fail"} {
		if _, err := io.WriteString(writer, order+"\n"); err != nil {
			t.Fatal(err)
		}
		standIn.WaitForTimes(i+1, `The replica has taken over`)
		wait.ForSuccess(t, func() error {
			if page := visitor.Get(app.URL).Text; !strings.Contains(page, "Logged in as aaa.") {
				return errors.New("after " + order + " the page is " + page)
			}
			return nil
		})
	}
	if _, err := io.WriteString(writer, "help\n"); err != nil {
		t.Fatal(err)
	}
	standIn.WaitFor(`"help" is neither switch nor fail`)
	standIn.interrupt(0)
	repotest.WantText(t, standIn.String(), "unset REDIS_URL REDIS_CA_FILE REDIS_CLUSTER SESSION_TTL REDISCLI_AUTH\n")
	for _, line := range environment(t, folder) {
		if _, password, found := strings.Cut(line, "REDISCLI_AUTH="); found && strings.Contains(standIn.String(), password) {
			t.Error("the password is on the terminal")
		}
	}
}

// wantPong runs the printed command that looks inside, in a separate shell.
func wantPong(t *testing.T, lines string) {
	t.Helper()
	if _, err := exec.LookPath("redis-cli"); err != nil {
		t.Log("NOT tested: the line that looks inside. That needs redis-cli")
		return
	}
	repotest.WantText(t, repotest.Run(t, ".", "sh", "-c", lines+" ping"), "PONG")
}

func TestTheStandInForElastiCacheInClusterMode(t *testing.T) {
	testall.Only(t)
	folder := t.TempDir()
	standIn := start(t, ".", nil, "elasticache-local", "-cluster", "-port", "0", "-o", folder)
	addr := standIn.WaitFor(`is running on (\S+):(?:\s|.)*Stop it: `)
	repotest.NewVisitor(t).Login(startStep3(t, environment(t, folder)...).URL, "aaa").Wants("Logged in as aaa.", "Visits: 1")
	repotest.WantText(t, do(t, ".", 1, nil, "elasticache-local", "-port", port(addr), "-o", t.TempDir()), "address already in use", "-port 7380")
	standIn.interrupt(0)
}

// environment returns the variables that a shell has after: . environment
func environment(t *testing.T, folder string) (env []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "environment"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range regexp.MustCompile(`(?m)^export (\w+)='(.*)'$`).FindAllStringSubmatch(string(text), -1) {
		env = append(env, line[1]+"="+line[2])
	}
	return env
}
