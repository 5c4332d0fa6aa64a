package main

import (
	"context"
	"errors"
	"fmt"
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
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/tools/internal/prompt"
)

// runCLI opens a redis-cli on the Redis of the steps: the one of this machine,
// else the one in the container of that Redis, else a small one of our own.
func runCLI(ctx context.Context, args []string) error {
	flags := newFlags("cli [COMMAND WORD...]\n  Without words it asks for commands, or reads them from its input, one a line.\n" +
		"  REDIS_URL names the Redis; else it is the one on " + redisconn.LocalAddr + ".")
	if err := flags.Parse(args); err != nil {
		return err
	}
	target, err := findTarget(ctx)
	if err != nil {
		return fmt.Errorf("cli: %w", err)
	}
	if program := findCLI(ctx, target); program != nil {
		return runProgram(append(program, flags.Args()...), target)
	}
	return runPrompt(ctx, target, flags.Args())
}

// runPrompt sends the command that the words are, else those that a user types
// or a script holds.
func runPrompt(ctx context.Context, t target, words []string) error {
	p, err := prompt.Open(ctx, t.Options, os.Stdout, onTerminal())
	if err != nil {
		return fmt.Errorf("cli: %w", err)
	}
	defer p.Close()
	if len(words) > 0 {
		return p.Do(words)
	}
	if onTerminal() {
		fmt.Println("This machine has no redis-cli: this is a small one of the workshop. HELP says what it does.")
	}
	if err := p.Follow(os.Stdin); err != nil && ctx.Err() == nil {
		return fmt.Errorf("cli: %w", err)
	}
	return nil
}

// target is the Redis that the steps use.
type target struct {
	*redis.Options
	cluster bool
}

// findTarget reads REDIS_URL and REDIS_CLUSTER, and asks the Redis whether it
// is there. The error says what to do, and never holds a password.
func findTarget(ctx context.Context) (target, error) {
	cfg, err := config.Load(nil, redisSettings, config.Redis)
	if err != nil {
		return target{}, err
	}
	if cfg.RedisURL == "" {
		return findLocal(ctx)
	}
	conn, err := redisconn.Open(ctx, cfg)
	if err != nil {
		return target{}, err
	}
	options, err := redis.ParseURL(cfg.RedisURL)
	return target{options, cfg.RedisCluster}, errors.Join(err, conn.Close())
}

// redisSettings keeps a mistake in PORT, say, from being told here.
func redisSettings(variable string) string {
	if strings.HasPrefix(variable, "REDIS_") {
		return os.Getenv(variable)
	}
	return ""
}

const elsewhere = "Where a step's Redis is on another port, the step's start says which: REDIS_URL=redis://127.0.0.1:PORT make cli (or make monitor)"

func findLocal(ctx context.Context) (target, error) {
	found, err := askRedis(ctx, redisconn.LocalAddr)
	if err != nil {
		return target{}, fmt.Errorf("what answers on %s is not a Redis for the workshop: %w.\n%s",
			redisconn.LocalAddr, errors.Unwrap(err), elsewhere)
	}
	if !found {
		return target{}, fmt.Errorf("no Redis answers on %s. Start a step, or one that stays: make redis.\n%s",
			redisconn.LocalAddr, elsewhere)
	}
	return target{Options: &redis.Options{Addr: redisconn.LocalAddr}}, nil
}

// flags are those of redis-cli that lead to the target, where it is at addr.
// The password is none of them: whoever asks for the list of processes sees
// the arguments of all.
func (t target) flags(addr string) []string {
	host, port, _ := net.SplitHostPort(addr)
	flags := []string{"-h", host, "-p", port}
	if t.cluster {
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

// passwordVariable is where redis-cli looks for the password.
const passwordVariable = "REDISCLI_AUTH"

var realCLIs = []string{"redis-cli", "valkey-cli"}

// findCLI returns a program and its arguments, nil where there is none.
func findCLI(ctx context.Context, t target) []string {
	for _, name := range realCLIs {
		if path, err := exec.LookPath(name); err == nil && (t.TLSConfig == nil || speaksTLS(ctx, path)) {
			return append([]string{path}, t.flags(t.Addr)...)
		}
	}
	return findInContainer(ctx, t)
}

// speaksTLS tells whether a redis-cli was built with TLS, which not all are.
func speaksTLS(ctx context.Context, path string) bool {
	help, _ := exec.CommandContext(ctx, path, "--help").CombinedOutput()
	return strings.Contains(string(help), "--tls")
}

// dockerWithin bounds the questions to Docker, which may hang.
const dockerWithin = 3 * time.Second

// findInContainer looks for the container whose Redis is the target, and for a
// redis-cli in it.
func findInContainer(ctx context.Context, t target) []string {
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
	// A line is "4c01db0b339c 127.0.0.1:6379->6379/tcp, [::1]:6379->6379/tcp".
	published := regexp.MustCompile(`(?m)^(\S+) (?:.*, )?\S+:` + port + `->(\d+)/tcp`)
	match := published.FindStringSubmatch(string(list))
	if match == nil {
		return nil
	}
	id, inside := match[1], net.JoinHostPort("127.0.0.1", match[2])
	for _, name := range realCLIs {
		if exec.CommandContext(ctx, "docker", "exec", id, name, "--version").Run() == nil {
			command := []string{"docker", "exec", "--interactive"}
			if onTerminal() {
				command = append(command, "--tty")
			}
			// A variable without a value is handed on with the one it has here.
			command = append(command, "--env", passwordVariable, id, name)
			return append(command, t.flags(inside)...)
		}
	}
	return nil
}

// onTerminal tells whether a person types here and reads the answers.
func onTerminal() bool {
	return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
}

// runProgram runs a redis-cli until it ends. Ctrl+C is for that program alone
// to understand, so it does not end with our context.
func runProgram(command []string, t target) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = os.Environ()
	if t.Password != "" {
		cmd.Env = append(cmd.Env, passwordVariable+"="+t.Password)
	}
	// A program that is killed leaves the terminal as it had it while somebody
	// typed.
	if before, err := term.GetState(int(os.Stdin.Fd())); err == nil {
		defer term.Restore(int(os.Stdin.Fd()), before)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cli: %s cannot be started: %w", command[0], err)
	}
	defer endWithUs(cmd.Process)()
	var ended *exec.ExitError
	if err := cmd.Wait(); errors.As(err, &ended) {
		return exitStatus(max(ended.ExitCode(), 1))
	} else if err != nil {
		return fmt.Errorf("cli: %w", err)
	}
	return nil
}

// endWithUs ends the program when this one is told to end.
func endWithUs(process *os.Process) (stop func()) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	go func() {
		for range told {
			_ = process.Kill()
		}
	}()
	return func() {
		signal.Stop(told)
		close(told)
	}
}
