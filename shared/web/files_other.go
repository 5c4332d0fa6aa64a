//go:build !unix

package web

// openFiles is as good as unlimited where there is no RLIMIT_NOFILE.
func openFiles() int { return 1 << 16 }
