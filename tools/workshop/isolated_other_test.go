//go:build !linux

package main_test

import "os/exec"

// isolate cannot cut a process off here.
func isolate(*exec.Cmd) (said string, isolated bool, err error) { return "", false, nil }
