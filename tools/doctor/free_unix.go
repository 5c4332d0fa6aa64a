//go:build linux || darwin

package main

import "syscall"

// freeMegabytes returns how many megabytes a user without privileges can still
// write.
func freeMegabytes(dir string) (int, error) {
	var about syscall.Statfs_t
	if err := syscall.Statfs(dir, &about); err != nil {
		return 0, err
	}
	return int(about.Bavail * uint64(about.Bsize) / 1e6), nil
}
