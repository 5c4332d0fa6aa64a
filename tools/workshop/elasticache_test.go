package main_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/testall"
)

func TestTheStandInForElastiCacheTakesAnAppThroughAFailover(t *testing.T) {
	testall.Only(t)
	folder := t.TempDir()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close(); writer.Close() })
	standIn := startTyping(t, reader, ".", nil, "elasticache-local", "-port", "0", "-o", folder)
	standIn.waitFor(`Stop it: `, 1)
	app := startOn(t, environment(t, folder))

	visitor := newBrowser(t)
	wantText(t, visitor.login(app.URL, "aaa"), "Logged in as aaa.", "Visits: 1")
	for i, order := range []string{"fail", "switch", "fail"} {
		if _, err := io.WriteString(writer, order+"\n"); err != nil {
			t.Fatal(err)
		}
		standIn.waitFor(`The replica has taken over`, i+1)
		eventually(t, func() error {
			if page := visitor.visit(app.URL); !strings.Contains(page, "Logged in as aaa.") {
				return fmt.Errorf("after %s the page is %q", order, page)
			}
			return nil
		})
	}
	if _, err := io.WriteString(writer, "help\n"); err != nil {
		t.Fatal(err)
	}
	standIn.waitFor(`"help" is neither switch nor fail`, 1)
	standIn.stop()
	for _, line := range environment(t, folder) {
		if _, password, found := strings.Cut(line, "REDISCLI_AUTH="); found && strings.Contains(standIn.said(), password) {
			t.Error("the password is on the terminal")
		}
	}
}

func TestTheStandInForElastiCacheInClusterMode(t *testing.T) {
	testall.Only(t)
	folder := t.TempDir()
	standIn := start(t, ".", nil, "elasticache-local", "-cluster", "-port", "0", "-o", folder)
	addr := standIn.waitFor(`is running on (\S+):(?:\s|.)*Stop it: `, 1)
	wantText(t, newBrowser(t).login(startOn(t, environment(t, folder)).URL, "aaa"), "Logged in as aaa.", "Visits: 1")

	output, status := run(t, ".", nil, "elasticache-local", "-port", port(addr), "-o", t.TempDir())
	if status != 1 {
		t.Errorf("a second one on the same port ended with status %d, want 1", status)
	}
	wantText(t, output, "address already in use", "-port 7380")
	standIn.stop()
}

var exported = regexp.MustCompile(`(?m)^export (\w+)='(.*)'$`)

// environment reads what a shell would after: . environment
func environment(t *testing.T, folder string) (env []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "environment"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range exported.FindAllStringSubmatch(string(text), -1) {
		env = append(env, line[1]+"="+line[2])
	}
	return env
}

func startOn(t *testing.T, env []string) *launch.App {
	t.Helper()
	return startApp(t, launch.Options{Binary: step3, Env: append(env, "PORT=0", "SESSION_TTL=10m")})
}
