package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"example.com/session-workshop/check/steps"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/web"
	"example.com/session-workshop/tools/board"
	"example.com/session-workshop/tools/internal/lan"
)

const (
	// boardPort is a port that no step takes by default.
	boardPort = 5050
	// boardRedis is not the address that a step and redis-cli use by default:
	// the class must not appear among the keys that the teacher shows.
	boardRedis = "127.0.0.1:6390"
)

// runBoard serves the class board until ctx ends.
func runBoard(ctx context.Context, args []string) error {
	cfg, options, err := boardSettings(args)
	if err != nil {
		return err
	}
	conn, err := openBoardRedis(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Close()
	listener, err := web.Listen(cfg)
	if err != nil {
		return err
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	options.URL, options.Fixed, options.HTTPS = reachedAt(cfg, port)[0], cfg.PublicURL != nil, cfg.HTTPS()
	e, codes, err := board.New(ctx, conn.Client, options)
	if err != nil {
		return err
	}
	web.Configure(e, cfg)
	fmt.Print(announcement(cfg, port, codes, conn.About))
	return web.Serve(ctx, e, listener)
}

func openBoardRedis(ctx context.Context, cfg config.Config) (*redisconn.Conn, error) {
	if cfg.RedisURL == "" {
		return redisconn.OpenLocal(ctx, boardRedis)
	}
	return redisconn.Open(ctx, cfg)
}

// boardSettings reads the flags. A flag that is not given has the value of its
// environment variable, as in a step.
func boardSettings(args []string) (cfg config.Config, options board.Options, err error) {
	flags := newFlags("board [-host ADDRESS] [-port N] [-redis-url URL] [-code CODE] [-steps 2,3]")
	given := map[string]*string{
		"HOST":      flags.String("host", "", "`address` to listen on (default 0.0.0.0: learners must reach it). Variable: HOST"),
		"PORT":      flags.String("port", "", "`port` to listen on; 0 takes any free one (default 5050, or the next free one). Variable: PORT"),
		"REDIS_URL": flags.String("redis-url", "", "address of Redis, `redis://host:port` (default: the Redis on "+boardRedis+", or else an embedded one there). Variable: REDIS_URL"),
	}
	list := flags.String("steps", "", "`steps` of the class, for example 2,3 (default: all)")
	flags.StringVar(&options.Code, "code", "", "join `code` of your choice, 6 to 32 letters and digits (default: the last one, or else a random one)")
	if err := parseOnly(flags, args); err != nil {
		return cfg, options, err
	}
	if options.Steps, err = stepList(*list); err != nil {
		return cfg, options, fmt.Errorf("board: -steps: %w", err)
	}
	if err := board.CheckCode(options.Code); err != nil {
		return cfg, options, fmt.Errorf("board: -code: %w", err)
	}
	cfg, err = config.Load(nil, func(name string) string {
		if value := given[name]; value != nil && *value != "" {
			return *value
		}
		if value := config.Getenv(name); value != "" || name != "HOST" {
			return value
		}
		return "0.0.0.0"
	}, config.Redis)
	if !cfg.PortSet {
		cfg.Port = boardPort
	}
	return cfg, options, err
}

// stepList reads step numbers with commas between them. It returns nil for an
// empty text.
func stepList(text string) (list []int, err error) {
	if text == "" {
		return nil, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		n, err := number(strings.TrimSpace(word))
		if err != nil || n < 1 || n > steps.Count {
			return nil, fmt.Errorf("use numbers from 1 to %d with commas between them, for example 2,3", steps.Count)
		}
		list = append(list, n)
	}
	return list, nil
}

// announcement returns what the teacher reads when the board is running.
func announcement(cfg config.Config, port int, codes board.Codes, aboutRedis string) string {
	addresses := reachedAt(cfg, port)
	var text strings.Builder
	if !cfg.PortSet && port != boardPort {
		fmt.Fprintf(&text, "Port %d is taken, so this is on %d.\n", boardPort, port)
	}
	local := urlOf("127.0.0.1", port)
	if ip := net.ParseIP(cfg.Host); ip != nil && !ip.IsUnspecified() {
		local = urlOf(cfg.Host, port)
	}
	fmt.Fprintf(&text, "The class board is running: %s\n", local)
	fmt.Fprintf(&text, "For the projector: %s/%s\n", addresses[0], codes.Join)
	fmt.Fprintln(&text, "What learners type first, to test the network, and then for step 3:")
	fmt.Fprintf(&text, "  make hello BOARD=%s/%s NAME=your-name\n", addresses[0], codes.Join)
	fmt.Fprintf(&text, "  make check3 BOARD=%s/%s NAME=your-name\n", addresses[0], codes.Join)
	fmt.Fprintf(&text, "Or once, for all checks in a terminal:\n  export BOARD=%s/%s NAME=your-name\n", addresses[0], codes.Join)
	fmt.Fprintf(&text, "Join code: %s\n", codes.Join)
	fmt.Fprintf(&text, "Teacher's code, for you alone: %s on %s/%s/teacher\n", codes.Teacher, local, codes.Join)
	for _, other := range addresses[1:] {
		fmt.Fprintf(&text, "Another address of this machine: %s/%s\n", other, codes.Join)
	}
	if cfg.Loopback() {
		fmt.Fprintln(&text, "Only this machine can reach it. For a class, use -host 0.0.0.0, the default.")
	} else {
		fmt.Fprintln(&text, "Every machine in this network can reach it, and anyone with the join code can see the names.\nIt speaks plain HTTP"+httpsInstead(cfg)+".")
	}
	fmt.Fprintln(&text, aboutRedis)
	fmt.Fprintln(&text, "Stop it: Ctrl+C")
	return text.String()
}

func httpsInstead(cfg config.Config) string {
	if cfg.HTTPS() {
		return " to the proxy that PUBLIC_URL names"
	}
	return ": anyone who can listen to the network can read the codes"
}

// reachedAt returns the URLs at which users reach a server on this port, the
// most likely one first.
func reachedAt(cfg config.Config, port int) (urls []string) {
	if cfg.PublicURL != nil {
		return []string{cfg.PublicURL.String()}
	}
	hosts := []string{cfg.Host}
	if ip := net.ParseIP(cfg.Host); ip != nil && ip.IsUnspecified() {
		hosts = lan.Addresses()
	}
	for _, host := range hosts {
		urls = append(urls, urlOf(host, port))
	}
	return urls
}

func urlOf(host string, port int) string {
	return "http://" + net.JoinHostPort(host, strconv.Itoa(port))
}
