//go:build unix

package faults

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.com/session-workshop/check/browse/browsetest"
	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/check/steptest"
	"example.com/session-workshop/shared/config"
)

// few is the limit of open files and connections for a process here.
const few = 64

// startWithFewFiles runs a step with that limit.
func startWithFewFiles(t *testing.T, step string, env ...string) *launch.App {
	t.Helper()
	binary, err := steptest.Program("../../" + step)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	app, err := launch.Start(ctx, launch.Options{
		Binary: "/bin/sh", Args: []string{"-c", fmt.Sprintf(`ulimit -n %d; exec "$0"`, few), binary},
		Env: append(config.Unset(), env...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Kill)
	return app
}

func TestAppsSurviveClientsThatNeverStopSending(t *testing.T) {
	server := redistest.StartServer(t)
	for _, step := range steps.Folders {
		t.Run(step, func(t *testing.T) {
			app := startWithFewFiles(t, step, "REDIS_URL="+server.URL)
			addr := strings.TrimPrefix(app.URL, "http://")
			for i := range few + 16 {
				conn, err := net.Dial("tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				path := []string{"/login", "/nowhere"}[i%2]
				if _, err := io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\na"); err != nil {
					t.Fatal(err)
				}
			}
			p := browsetest.New(t, app.URL)
			// The app disconnects slow clients within 10 s.
			p.Client.Timeout = 9 * time.Second
			browsetest.Want(t, p.Get("/healthz"), http.StatusOK, "ok")
			p.Login("aaa")
			browsetest.Want(t, p.Get("/"), http.StatusOK, "Logged in as aaa")
			if err := app.Stop(); err != nil {
				t.Errorf("not a clean end: %v", err)
			}
		})
	}
}
