// Package rediscli finds the Redis that the steps use, and a redis-cli that can
// talk to it.
package rediscli

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/term"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/internal/localredis"
)

// Target is the Redis that the steps use.
type Target struct {
	*redis.Options
	// Cluster is true if the steps use it as a cluster.
	Cluster bool
}

// Find reads REDIS_URL and REDIS_CLUSTER, and asks whether that Redis answers.
// Its error says what to do, and never contains a password.
func Find(ctx context.Context) (Target, error) {
	cfg, err := config.Load(nil, redisSettings, config.Redis)
	if err != nil {
		return Target{}, err
	}
	if cfg.RedisURL == "" {
		return findLocal(ctx)
	}
	conn, err := redisconn.Open(ctx, cfg)
	if err != nil {
		return Target{}, err
	}
	options, err := redis.ParseURL(cfg.RedisURL)
	return Target{options, cfg.RedisCluster}, errors.Join(err, conn.Close())
}

// redisSettings hides the other variables, so that a mistake in PORT is not
// reported here.
func redisSettings(variable string) string {
	if strings.HasPrefix(variable, "REDIS_") {
		return os.Getenv(variable)
	}
	return ""
}

var elsewhere = lang.T("If a step uses a Redis on another port, the step prints that port at its start: REDIS_URL=redis://127.0.0.1:PORT make cli (or make monitor)",
	"ステップが別のポートの Redis を使っている場合は、起動時にそのポートが表示されます: REDIS_URL=redis://127.0.0.1:PORT make cli（または make monitor）")

func findLocal(ctx context.Context) (Target, error) {
	found, err := localredis.Ask(ctx, redisconn.LocalAddr)
	if err != nil {
		return Target{}, lang.Errorf("what answers on %s is not a Redis for the workshop: %w.\n%s",
			"%s で応答しているのは、ワークショップで使える Redis ではありません: %w。\n%s", redisconn.LocalAddr, err, elsewhere)
	}
	if !found {
		return Target{}, lang.Errorf("no Redis answers on %s. Start a step, or one that stays: make redis.\n%s",
			"%s で Redis が動いていません。ステップを起動するか、make redis でずっと動く Redis を起動してください。\n%s", redisconn.LocalAddr, elsewhere)
	}
	return Target{Options: &redis.Options{Addr: redisconn.LocalAddr}}, nil
}

// IsEmbedded reports whether the target is the embedded Redis. A real one
// reports its version, or refuses the question to a user without the right.
func (t Target) IsEmbedded(ctx context.Context) bool {
	options := *t.Options
	options.Protocol = 2
	client := redis.NewClient(&options)
	defer client.Close()
	info, err := client.Info(ctx, "server").Result()
	return !strings.Contains(info, "_version:") && !redis.IsPermissionError(err)
}

// flags returns the arguments with which redis-cli connects to the target at
// addr. They contain no password: any user of the machine can list the
// arguments of all processes.
func (t Target) flags(addr string) []string {
	host, port, _ := net.SplitHostPort(addr)
	flags := []string{"-h", host, "-p", port}
	if t.Cluster {
		flags = append(flags, "-c")
	}
	if t.TLSConfig != nil {
		flags = append(flags, "--tls")
		if net.ParseIP(t.TLSConfig.ServerName) == nil {
			flags = append(flags, "--sni", t.TLSConfig.ServerName)
		}
		if t.TLSConfig.InsecureSkipVerify {
			flags = append(flags, "--insecure")
		}
	}
	if t.Username != "" {
		flags = append(flags, "--user", t.Username)
	}
	if t.DB != 0 {
		flags = append(flags, "-n", strconv.Itoa(t.DB))
	}
	return flags
}

// passwordVariable is the environment variable from which redis-cli reads the
// password.
const passwordVariable = "REDISCLI_AUTH"

var programs = []string{"redis-cli", "valkey-cli"}

// Command returns the redis-cli of this machine with the arguments for the
// target. If there is none, it returns the one in the container of that Redis,
// or nil.
func (t Target) Command(ctx context.Context) []string {
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil && (t.TLSConfig == nil || speaksTLS(ctx, path)) {
			return append([]string{path}, t.flags(t.Addr)...)
		}
	}
	return t.inContainer(ctx)
}

// speaksTLS reports whether a redis-cli was built with TLS, which is optional.
func speaksTLS(ctx context.Context, path string) bool {
	help, _ := exec.CommandContext(ctx, path, "--help").CombinedOutput()
	return strings.Contains(string(help), "--tls")
}

// dockerWithin limits the time for each search with Docker, which may hang.
const dockerWithin = 3 * time.Second

// inContainer finds the container that runs the target, and a redis-cli in it.
func (t Target) inContainer(ctx context.Context) []string {
	host, port, _ := net.SplitHostPort(t.Addr)
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, dockerWithin)
	defer cancel()
	list, err := exec.CommandContext(ctx, "docker", "ps", "--format", "{{.ID}} {{.Ports}}").Output()
	if err != nil {
		return nil
	}
	id, inside := publishes(string(list), port)
	if id == "" {
		return nil
	}
	for _, name := range programs {
		if exec.CommandContext(ctx, "docker", "exec", id, name, "--version").Run() == nil {
			command := []string{"docker", "exec", "--interactive"}
			if OnTerminal() {
				command = append(command, "--tty")
			}
			// Docker passes on the value of this environment if none is given.
			command = append(command, "--env", passwordVariable, id, name)
			return append(command, t.flags(net.JoinHostPort("127.0.0.1", inside))...)
		}
	}
	return nil
}

// publishes finds the container that publishes a port in a list of containers,
// and the port inside the container. A line of the list is "4c01db0b339c
// 127.0.0.1:6379->6379/tcp, [::1]:6379->6379/tcp".
func publishes(list, port string) (id, inside string) {
	published := regexp.MustCompile(`(?m)^(\S+) (?:.*, )?\S+:` + port + `->(\d+)/tcp`)
	if match := published.FindStringSubmatch(list); match != nil {
		id, inside = match[1], match[2]
	}
	return id, inside
}

// OnTerminal reports whether standard input and output are both a terminal.
func OnTerminal() bool {
	return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
}

// Run runs a redis-cli until it ends, and returns its exit status. Only
// redis-cli handles Ctrl+C; this process ends when redis-cli does.
func (t Target) Run(command []string) (status int, err error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = os.Environ()
	if t.Password != "" {
		cmd.Env = append(cmd.Env, passwordVariable+"="+t.Password)
	}
	// A program that is killed leaves the terminal in the mode that it had set.
	if before, err := term.GetState(int(os.Stdin.Fd())); err == nil {
		defer term.Restore(int(os.Stdin.Fd()), before)
	}
	if err := cmd.Start(); err != nil {
		return 0, lang.Errorf("%s cannot be started: %w", "%s を起動できません: %w", command[0], err)
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	defer signal.Stop(told)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-told:
		_ = cmd.Process.Kill()
		err = <-ended
	case err = <-ended:
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}
