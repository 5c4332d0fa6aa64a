//go:build unix

package main_test

import (
	"os/exec"
	"syscall"
)

// inGroup puts a command and all that it starts into a group of their own.
func inGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
