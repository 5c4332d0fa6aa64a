//go:build !unix

package main_test

import (
	"os/exec"
	"strconv"
)

// inGroup does nothing where there are no groups.
func inGroup(*exec.Cmd) {}

// killGroup ends a command and all that it started.
func killGroup(cmd *exec.Cmd) {
	_ = exec.Command("taskkill", "/F", "/T", "/PID", strconv.Itoa(cmd.Process.Pid)).Run()
}
