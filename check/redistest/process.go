package redistest

import (
	"errors"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"

	"example.com/session-workshop/check/redisserver"
)

// startSharedServer starts the server that the tests of this process share, and
// returns its URL.
func startSharedServer() (string, error) {
	_, address, err := startOnFreePort(os.TempDir())
	return address, err
}

// startOnFreePort starts a server on a free port. If another process takes the
// port first, it tries another one.
func startOnFreePort(dir string, args ...string) (p *redisserver.Process, address string, err error) {
	for range 3 {
		var port int
		if port, err = redisserver.FreePort(); err != nil {
			return nil, "", err
		}
		address = addressOf(port, args)
		if p, err = startProcess(dir, address, args...); err == nil || errors.Is(err, redisserver.ErrNone) {
			break
		}
	}
	return p, address, err
}

// addressOf returns the URL of a server on a port, with the password in args.
func addressOf(port int, args []string) string {
	u := url.URL{Scheme: "redis", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	if i := slices.Index(args, "--requirepass"); i >= 0 && i+1 < len(args) {
		u.User = url.UserPassword("", args[i+1])
	}
	return u.String()
}

// startProcess starts a server at an address, and waits until it answers.
func startProcess(dir, address string, args ...string) (*redisserver.Process, error) {
	options, err := parseURL(address)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(options.Addr)
	if err != nil {
		return nil, err
	}
	return redisserver.Start(dir, options, append([]string{"--port", port}, args...)...)
}
