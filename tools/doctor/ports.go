package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Who answers on this machine does so within this time.
const localTimeout = time.Second

func (d *doctor) checkPort(ctx context.Context) {
	about := "port " + strconv.Itoa(d.port)
	for _, host := range []string{"127.0.0.1", "::1"} {
		address := net.JoinHostPort(host, strconv.Itoa(d.port))
		if !answers(ctx, address) {
			continue
		}
		if os.Getenv("PORT") == "" {
			d.note(about, "taken by %s; a step takes the next free port and prints it", whoServes(ctx, address))
		} else {
			d.mend(about, unset("PORT"), "taken by %s, and PORT asks for no other", whoServes(ctx, address))
		}
		return
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(d.port)))
	if err != nil {
		d.mend(about, set("PORT", "8080"), "nobody answers there, but it cannot be listened on: %v", err)
		return
	}
	listener.Close()
	d.fine(about, "free")
}

func answers(ctx context.Context, address string) bool {
	dialer := net.Dialer{Timeout: localTimeout}
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err == nil {
		connection.Close()
	}
	return err == nil
}

// whoServes names the program behind a port as well as HTTP tells.
func whoServes(ctx context.Context, address string) string {
	const unknown = "another program"
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return unknown
	}
	// Without the machine's proxy, which is not asked for loopback anyway.
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		return unknown
	}
	defer response.Body.Close()
	page, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	switch server := response.Header.Get("Server"); {
	case strings.HasPrefix(server, "AirTunes"):
		return "AirPlay (to switch it off: System Settings, General, AirDrop & Handoff, AirPlay Receiver)"
	case strings.Contains(string(page), "You are not logged in"):
		return "a step of the workshop that runs already"
	default:
		return "another web server"
	}
}

func (d *doctor) checkRedis(ctx context.Context) {
	if os.Getenv("REDIS_URL") != "" {
		d.checkRedisURL(ctx)
	} else {
		d.checkLocalRedis(ctx)
	}
	d.checkRedisPrograms()
}

// checkLocalRedis says what shared/redisconn.Local will do.
func (d *doctor) checkLocalRedis(ctx context.Context) {
	about := "Redis on port " + strconv.Itoa(d.redisPort)
	server := redisServer{address: net.JoinHostPort("127.0.0.1", strconv.Itoa(d.redisPort))}
	if !answers(ctx, server.address) {
		d.fine(about, "nobody there; a step brings its own Redis along")
		return
	}
	version, err := server.ask(ctx)
	if err != nil {
		d.note(about, "%v; a step starts its own Redis on a free port, and prints which", err)
		return
	}
	d.fine(about, "%s answers, a step uses it", version)
}

func (d *doctor) checkRedisURL(ctx context.Context) {
	const about = "REDIS_URL"
	server, err := serverOf(os.Getenv("REDIS_URL"), os.Getenv("REDIS_CA_FILE"))
	if err != nil {
		d.mend(about, unset("REDIS_URL"), "%v; no step starts with it. Without it a step finds a Redis or brings one along", err)
		return
	}
	if os.Getenv("REDIS_AUTH") == "iam" {
		d.note(about, "it names %s, which is not asked here: the login by IAM is the step's", server.address)
		return
	}
	if os.Getenv("REDIS_CLUSTER") != "" {
		server.cluster = true
	}
	version, err := server.ask(ctx)
	if err != nil {
		d.mend(about, unset("REDIS_URL"), "it names %s, and %v; no step starts with it. Without it a step finds a Redis or brings one along", server.address, err)
		return
	}
	d.fine(about, "%s answers on %s, a step uses it", version, server.address)
}
