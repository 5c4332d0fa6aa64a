package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/system"
)

// Main runs the app. If run fails or panics, Main prints why in one line and ends
// the process with status 1, after all that run has deferred.
func Main(run func() error) {
	if err := caught(run); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Run serves e until the process is told to stop (Ctrl+C, SIGTERM) and requests in
// flight have finished. It first prints "NAME is running: URL", the given lines, and
// the TTL of cfg, if any. Each page shows the name, or for a step its title. The
// error says why the port or the host of cfg cannot be used, or that requests were
// cut off at the end.
func Run(e *echo.Echo, cfg config.Config, lines ...string) error {
	// The signals stay caught to the end: a second one must not cut off the requests
	// that may finish after the first.
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	listener, err := Listen(cfg)
	if err != nil {
		return err
	}
	Configure(e, cfg)
	announce(cfg, listener, lines)
	return Serve(ctx, e, listener)
}

// Titles are the titles of the steps, by their names.
var Titles = map[string]lang.Text{
	"Step 1": lang.T("Step 1 of 4: a signed cookie", "ステップ 1/4: 署名付き Cookie"),
	"Step 2": lang.T("Step 2 of 4: visits, counted in Redis", "ステップ 2/4: Redis で訪問回数を数える"),
	"Step 3": lang.T("Step 3 of 4: Redis forgets", "ステップ 3/4: 有効期限を付けて自動で消す"),
	"Step 4": lang.T("Step 4 of 4: a session store", "ステップ 4/4: セッションストア"),
}

// Configure gives e the name of the app, if cfg has one, and the addresses at which
// it answers. Run calls it; a program that calls Serve with e must do so itself.
func Configure(e *echo.Echo, cfg config.Config) {
	r := e.Renderer.(*renderer)
	r.title, r.cfg = cmp.Or(Titles[cfg.Name], lang.Same(cfg.Name), r.title), cfg
	// The messages of a compiler name files of this machine, so only this machine
	// may see them.
	if cfg.Loopback() {
		r.noticeFile = os.Getenv(NoticeFile)
	}
}

// announce prints all lines in one write: a program that has read the first can
// read the others too.
func announce(cfg config.Config, listener net.Listener, lines []string) {
	var text strings.Builder
	port := listener.Addr().(*net.TCPAddr).Port
	if cfg.Port == 0 {
		fmt.Fprintf(&text, "PORT is 0, which takes any free port: %d.\n", port)
	} else if port != cfg.Port {
		by := ""
		if other := titleOn(cfg.Port); other != "" {
			by = fmt.Sprintf(" by %q", other)
		} else if runtime.GOOS == "darwin" {
			by = ", on a Mac often by AirPlay"
		}
		fmt.Fprintf(&text, "Port %d is taken%s, so this is on %d.\n", cfg.Port, by, port)
	}
	fmt.Fprintf(&text, "%s is running: %s\n", cfg.Name, address(cfg, port))
	for _, line := range append(lines, cfg.AboutTTL(), "Stop it: Ctrl+C") {
		if line != "" {
			fmt.Fprintln(&text, line)
		}
	}
	fmt.Print(text.String())
	for _, warning := range cfg.Warnings() {
		fmt.Fprintln(os.Stderr, "Warning:", warning)
	}
}

// titleHeader is the header in which /healthz answers with the title of the app.
const titleHeader = "Session-Workshop"

// titleOn asks the app on a port of this machine for its title. It is empty if
// another program, or none, answers there.
func titleOn(port int) string {
	client := http.Client{Timeout: 500 * time.Millisecond}
	response, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/healthz", port))
	if err != nil {
		return ""
	}
	response.Body.Close()
	return response.Header.Get(titleHeader)
}

// address is the URL that people type: PUBLIC_URL, else that of the host and port on
// which the app listens. If it listens on every address, the host is 127.0.0.1.
func address(cfg config.Config, port int) string {
	if cfg.PublicURL != nil {
		return cfg.PublicURL.String()
	}
	host := cfg.Host
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(port))
}

// Listen listens on the port of cfg or, unless the user chose it, on the next free
// one. The error says what is wrong with PORT or HOST and what to do.
func Listen(cfg config.Config) (net.Listener, error) {
	if cfg.Port == 0 {
		return net.Listen("tcp", net.JoinHostPort(cfg.Host, "0"))
	}
	last := cfg.Port
	if !cfg.PortSet {
		last = min(cfg.Port+100, 65535)
	}
	for port := cfg.Port; port <= last; port++ {
		if answers(cfg.Host, port) {
			continue
		}
		listener, err := net.Listen("tcp", net.JoinHostPort(cfg.Host, strconv.Itoa(port)))
		switch {
		case err == nil:
			return listener, nil
		case errors.Is(err, system.NotAllowed) && cfg.PortSet:
			return nil, fmt.Errorf("PORT: the system keeps %d for itself (%w). Choose another: PORT=5001, or -port 5001", port, errors.Unwrap(err))
		case !errors.Is(err, system.AddressInUse) && !errors.Is(err, system.NotAllowed):
			return nil, fmt.Errorf("HOST, PORT: cannot listen on %s port %d: %w. HOST must be an address of this machine, for example 127.0.0.1", cfg.Host, port, err)
		}
	}
	if !cfg.PortSet {
		return nil, fmt.Errorf("PORT: no port from %d to %d can be used. Choose another: PORT=8080, or -port 8080", cfg.Port, last)
	}
	return nil, fmt.Errorf("PORT: %d is taken, something answers there already. Stop it, or choose another: PORT=%d, or -port %d",
		cfg.Port, cfg.Port+1, cfg.Port+1)
}

// answers reports whether a program listens on a port. Listening does not show it:
// on some systems two programs can have one port, on different addresses, and the
// browser gets either of them.
func answers(host string, port int) bool {
	for _, h := range []string{"127.0.0.1", "::1", host} {
		if ip := net.ParseIP(h); ip == nil || ip.IsUnspecified() {
			continue
		}
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(h, strconv.Itoa(port)), 200*time.Millisecond)
		if err == nil {
			conn.Close()
			return true
		}
	}
	return false
}
