package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.com/session-workshop/check/launch"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/web"
	"example.com/session-workshop/tools/internal/modules"
)

// maxServers is more than a person can watch.
const maxServers = 9

// memoryProgram is the name of the program that counts in its own memory.
const memoryProgram = "memory"

// scaleTTL takes the place of the lesson's 10 s, which is shorter than the
// time a person needs to kill a server and look what happened.
const scaleTTL = "10m"

// runScale runs several servers of one step behind a proxy.
func runScale(ctx context.Context, args []string) error {
	flags := newFlags("scale [-n 2] [STEP]\n  STEP is 1 to 4 (default 4), memory, or the folder of a step")
	n := flags.Int("n", 2, "`number` of servers, 1 to 9")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 1 {
		return fmt.Errorf("scale: %q is one setting too many. For example: go run ./tools/workshop scale -n 3 4", flags.Arg(1))
	}
	if *n < 1 || *n > maxServers {
		return fmt.Errorf("scale: %d servers cannot be had. Use 1 to %d, for example make scale N=3", *n, maxServers)
	}
	dir, err := scaleFolder(flags.Arg(0))
	if err != nil {
		return err
	}
	err = scale(ctx, dir, *n)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// scaleFolder is where the program is that an argument names.
func scaleFolder(step string) (string, error) {
	switch step {
	case "":
		step = "4"
	case memoryProgram:
		root, err := modules.Root()
		return filepath.Join(root, "step1-no-redis", memoryProgram), err
	}
	if _, err := modules.Root(); err != nil {
		return "", err
	}
	dir, err := stepFolder(step)
	if err != nil {
		return "", fmt.Errorf("scale: there is no step %s. Use 1 to 4, memory, or the folder of a step", step)
	}
	return dir, nil
}

// scale builds the program in dir and runs n servers of it until ctx ends.
func scale(ctx context.Context, dir string, n int) (err error) {
	listener, err := listenAsProxy()
	if err != nil {
		return err
	}
	defer listener.Close()
	f := &fleet{name: filepath.Base(dir)}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := f.build(ctx, dir); err != nil {
		return err
	}
	if err := f.prepare(ctx); err != nil {
		return err
	}
	if err := f.start(ctx, n, portOf(listener)); err != nil {
		return err
	}
	f.announce(portOf(listener))
	return f.serve(ctx, listener)
}

// listenAsProxy takes the port that PORT names, else the usual one or the next
// that is free. The proxy is for this machine alone.
func listenAsProxy() (net.Listener, error) {
	cfg, err := config.Load(nil, func(name string) string {
		if name == "PORT" {
			return os.Getenv(name)
		}
		return ""
	})
	if err != nil {
		return nil, err
	}
	return web.Listen(cfg)
}

func portOf(listener net.Listener) int { return listener.Addr().(*net.TCPAddr).Port }

// fleet is the servers of one step, and the Redis they share.
type fleet struct {
	name      string
	bin       string // a temporary folder
	binary    string
	env       []string
	redis     *embedded.Redis // nil where none was started
	about     string          // which Redis, and how to look inside
	processes []*process
}

func (f *fleet) build(ctx context.Context, dir string) error {
	if !inWorkspace(ctx, dir) {
		if err := os.Setenv("GOWORK", "off"); err != nil {
			return err
		}
	}
	var err error
	if f.bin, err = os.MkdirTemp("", "session-workshop-scale-"); err != nil {
		return err
	}
	f.binary = filepath.Join(f.bin, f.name)
	if runtime.GOOS == "windows" {
		f.binary += ".exe"
	}
	if err := launch.Build(ctx, dir, f.binary); err != nil {
		return fmt.Errorf("scale: this does not compile:\n%w", err)
	}
	return nil
}

// prepare decides what every server gets from here. The settings by which
// people reach an app are the proxy's, not the servers'.
func (f *fleet) prepare(ctx context.Context) error {
	f.env = []string{"HOST=127.0.0.1", "PUBLIC_URL=", "UNDER_THE_HOOD=on"}
	if !f.usesRedis() {
		f.about = "Redis: not used"
		return nil
	}
	if f.hasTTL() && os.Getenv("SESSION_TTL") == "" {
		f.env = append(f.env, "SESSION_TTL="+scaleTTL)
		fmt.Printf("SESSION_TTL is %s here, so that a session outlives what you do to the servers.\n", scaleTTL)
	}
	if os.Getenv("REDIS_URL") != "" {
		f.about = "Redis: the one that REDIS_URL names"
		return nil
	}
	return f.findRedis(ctx)
}

func (f *fleet) usesRedis() bool {
	return f.name != memoryProgram && !strings.Contains(f.name, "step1")
}

func (f *fleet) hasTTL() bool { return f.usesRedis() && !strings.Contains(f.name, "step2") }

// findRedis finds a Redis or starts one in this process, which is none of the
// servers: each of them can be killed.
func (f *fleet) findRedis(ctx context.Context) error {
	found, err := redisconn.Local(ctx, redisconn.LocalAddr)
	if err != nil {
		return err
	}
	f.redis = found.Embedded
	f.env = append(f.env, "REDIS_URL=redis://"+found.Addr)
	f.about = "Redis: found on " + found.Addr
	if found.Embedded != nil {
		f.about = "Redis: beside the proxy, in none of the servers, on " + found.Addr
		if found.Note != "" {
			f.about += " (" + found.Note + ")"
		}
	}
	look := "\nLook inside: redis-cli"
	if found.Addr != redisconn.LocalAddr {
		_, port, _ := net.SplitHostPort(found.Addr)
		look += " -p " + port
	}
	f.about += look
	return nil
}

// start starts n servers, on the ports that are free after the proxy's.
func (f *fleet) start(ctx context.Context, n, port int) error {
	for len(f.processes) < n {
		listener, err := web.Listen(config.Config{Host: "127.0.0.1", Port: port + 1})
		if err != nil {
			return err
		}
		port = portOf(listener)
		listener.Close()
		p := newProcess(f.binary, port, f.env)
		if err := p.start(ctx); err == nil {
			f.processes = append(f.processes, p)
		} else if ctx.Err() != nil || isFree(port) {
			return err
		}
		// Else another program took the port meanwhile, and the next will do.
	}
	return nil
}

func isFree(port int) bool {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		listener.Close()
	}
	return err == nil
}

func (f *fleet) announce(port int) {
	fmt.Printf("%s on %s is running: http://127.0.0.1:%d\n", f.name, countOf(len(f.processes)), port)
	for _, p := range f.processes {
		fmt.Printf("  Server: %s, process %d. Kill it: %s\n", p.addr, p.app.PID(), killCommand(p.app.PID()))
	}
	fmt.Println(f.about)
	fmt.Println(f.whatToSee())
	fmt.Printf("A server that ends is left out, and starts again after %v.\n", restartAfter)
	fmt.Println("Stop all: Ctrl+C")
}

func countOf(n int) string {
	if n == 1 {
		return "1 server"
	}
	return fmt.Sprintf("%d servers", n)
}

func killCommand(pid int) string {
	if runtime.GOOS == "windows" {
		return fmt.Sprintf("taskkill /F /PID %d", pid)
	}
	return fmt.Sprintf("kill -9 %d", pid)
}

func (f *fleet) whatToSee() string {
	switch {
	case f.name == memoryProgram:
		return "This program is wrong on purpose: each server counts in its own memory. Log in and reload: 1, 1, 2, 2. A server that you kill forgets its count."
	case !f.usesRedis():
		return `Log in and reload: "Served by" changes, and each server knows you. None of them has a place to count.`
	}
	return `Log in and reload: "Served by" changes, and Visits goes on. Kill a server, and reload.`
}

// serve runs the proxy and keeps the servers running until ctx ends. Requests
// in flight have as long as a server may take.
func (f *fleet) serve(ctx context.Context, listener net.Listener) error {
	servers := make([]*server, len(f.processes))
	for i, p := range f.processes {
		servers[i] = &p.server
	}
	ctx, cancel := context.WithCancel(ctx)
	var keepers sync.WaitGroup
	defer keepers.Wait()
	defer cancel()
	for _, p := range f.processes {
		keepers.Go(func() { p.keepUp(ctx) })
	}
	front := &http.Server{Handler: newProxy(servers), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- front.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("scale: the proxy ended: %w", err)
	case <-ctx.Done():
	}
	finish, done := context.WithTimeout(context.Background(), answerWithin)
	defer done()
	if front.Shutdown(finish) != nil {
		front.Close()
	}
	return nil
}

// close ends what is left of all that was started.
func (f *fleet) close() error {
	var errs []error
	for _, p := range f.processes {
		if p.up.Load() {
			errs = append(errs, p.app.Stop())
		}
	}
	if f.redis != nil {
		f.redis.Close()
	}
	if f.bin != "" {
		errs = append(errs, os.RemoveAll(f.bin))
	}
	if len(f.processes) > 0 {
		fmt.Println("All servers have stopped.")
	}
	return errors.Join(errs...)
}
