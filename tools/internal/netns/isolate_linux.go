package netns

import (
	"os"
	"os/exec"
	"syscall"
	"unsafe"
)

// Isolate runs a command in its own network namespace, which has only a
// loopback interface
// (https://man7.org/linux/man-pages/man7/network_namespaces.7.html). isolated
// is false if this system does not allow such a namespace.
func Isolate(cmd *exec.Cmd) (said string, isolated bool, err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	cmd.Env = append(cmd.Env, inside+"=yes")
	output, err := cmd.CombinedOutput()
	return string(output), cmd.Process != nil, err
}

// The loopback interface of a new namespace is down at first.
func init() {
	if os.Getenv(inside) == "" {
		return
	}
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		panic(err)
	}
	defer syscall.Close(socket)
	// struct ifreq of <net/if.h>, with ifr_flags.
	request := struct {
		name  [16]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(request.name[:], "lo")
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); errno != 0 {
		panic(errno)
	}
}
