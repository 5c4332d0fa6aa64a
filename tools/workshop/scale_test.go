package main

import (
	"errors"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/check/wait"
	"example.com/session-workshop/tools/internal/netns"
	"example.com/session-workshop/tools/internal/repotest"
)

// cluster is a running `workshop scale`.
type cluster struct {
	*process
	home string
	// pids are the process numbers of the servers, by address.
	pids map[string]int
}

func startScale(t *testing.T, args ...string) *cluster {
	t.Helper()
	c := &cluster{process: start(t, repository, []string{"PORT=0"}, append([]string{"scale"}, args...)...)}
	c.home = c.WaitFor(`is running: (http://127\.0\.0\.1:\d+)\n`)
	c.WaitFor("Stop all: (Ctrl)")
	c.pids = map[string]int{}
	for _, match := range regexp.MustCompile(`Server: (127\.0\.0\.1:\d+), process (\d+)`).FindAllStringSubmatch(c.String(), -1) {
		c.pids[match[1]], _ = strconv.Atoi(match[2])
	}
	return c
}

// signal sends a signal to every server.
func (c *cluster) signal(signal os.Signal) {
	c.T.Helper()
	for _, pid := range c.pids {
		server, err := os.FindProcess(pid)
		if err == nil {
			err = server.Signal(signal)
		}
		if err != nil && !errors.Is(err, os.ErrProcessDone) {
			c.T.Fatalf("process %d: %v", pid, err)
		}
	}
}

func TestScaleLeavesNoProcess(t *testing.T) {
	testall.Only(t)
	for name, end := range map[string]func(c *cluster){
		"told to end": func(c *cluster) { c.interrupt(0) },
		"Ctrl+C on a terminal, which reaches all": func(c *cluster) { c.signal(syscall.SIGINT); c.interrupt(0) },
		"killed": func(c *cluster) { _ = c.cmd.Process.Kill(); <-c.Ended },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startScale(t, "-n", "3", "1")
			repotest.NewVisitor(t).Login(c.home, "aaa").Wants("Logged in as aaa")
			end(c)
			wait.ForSuccess(t, func() error {
				for addr := range c.pids {
					if netns.Taken(addr) {
						return errors.New("a program still answers on " + addr)
					}
				}
				return nil
			})
			if said := c.String(); name != "killed" && (!strings.Contains(said, "All servers have stopped.") || strings.Contains(said, "ended with an error") || strings.Contains(said, "is back")) {
				t.Errorf("the output is:\n%s", said)
			}
		})
	}
}
