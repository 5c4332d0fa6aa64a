package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// cpuTime is how long a process has been on a CPU so far, all its threads
// together. Only Linux tells (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html);
// elsewhere it is 0.
func cpuTime(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name of the program, in parentheses, may hold spaces.
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	const utime, stime, tick = 14 - 3, 15 - 3, 10 * time.Millisecond
	if len(fields) <= stime {
		return 0
	}
	user, _ := strconv.Atoi(fields[utime])
	system, _ := strconv.Atoi(fields[stime])
	return time.Duration(user+system) * tick
}
