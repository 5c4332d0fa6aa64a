// Package redisconn connects an app to Redis: the one that REDIS_URL names,
// else the one on this machine's usual port, else an embedded one. The client
// it returns answers or fails within a second, sends nothing twice that must
// not run twice, and fails with errors that a person can read.
package redisconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/embedded"
	"example.com/session-workshop/shared/redisconn/iam"
)

// The library's own log repeats what the errors say already.
func init() { logging.Disable() }

// Conn is a connection to Redis that knows how to talk about itself.
type Conn struct {
	// Client sends commands, from many goroutines at once.
	Client redis.UniversalClient
	// About says which Redis this is and how to look inside it, in two lines
	// for the terminal. It holds no password.
	About      string
	embedded   *embedded.Redis
	stopTokens func()
}

// Close ends the connections, and the embedded server where there is one.
func (c *Conn) Close() error {
	err := c.Client.Close()
	if c.stopTokens != nil {
		c.stopTokens()
	}
	if c.embedded != nil {
		c.embedded.Close()
	}
	return err
}

// MustOpen is Open for a main function: on an error it prints it in one line
// and ends the process with status 1.
func MustOpen(cfg config.Config) *Conn {
	conn, err := Open(context.Background(), cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return conn
}

// Open connects as cfg says and asks Redis once whether it is there, for at
// most three seconds, and for ten more where it needs a token first. The error
// is one line that names the variable, what is wrong and what to do; it never
// holds a password.
func Open(ctx context.Context, cfg config.Config) (*Conn, error) {
	if cfg.RedisURL == "" {
		return OpenLocal(ctx, LocalAddr)
	}
	parsed, err := redis.ParseURL(cfg.RedisURL)
	if err != nil {
		return nil, errors.New("REDIS_URL: this is not the address of a Redis")
	}
	options := tuned(&redis.UniversalOptions{
		Addrs: []string{parsed.Addr}, DB: parsed.DB,
		Username: parsed.Username, Password: parsed.Password,
		TLSConfig: parsed.TLSConfig, IsClusterMode: cfg.RedisCluster,
	})
	if err := trust(options, cfg.RedisCAFile); err != nil {
		return nil, err
	}
	var stopTokens func()
	if cfg.RedisIAM {
		if stopTokens, err = iam.Use(ctx, options); err != nil {
			return nil, err
		}
	}
	conn := &Conn{
		Client: open(options, cfg, "Is that Redis running?"),
		About:  "Redis: " + config.Shown(cfg.RedisURL) + "\nLook inside: " + lookInside(parsed, cfg),

		stopTokens: stopTokens,
	}
	if err := check(ctx, conn.Client, options, cfg); err != nil {
		conn.Close()
		return nil, fmt.Errorf("REDIS_URL: %s: %w", config.Shown(cfg.RedisURL), err)
	}
	return conn, nil
}

// OpenLocal is Open without REDIS_URL, for the Redis that Local finds on addr.
func OpenLocal(ctx context.Context, addr string) (*Conn, error) {
	server, err := Local(ctx, addr)
	if err != nil {
		return nil, err
	}
	return &Conn{
		Client: open(tuned(&redis.UniversalOptions{Addrs: []string{server.Addr}}), config.Config{},
			"If it was part of another app that you stopped, start one that stays: `"+toKeep(addr)+"`."),
		About:    server.About(),
		embedded: server.Embedded,
	}, nil
}

// About says which Redis this is and how to look inside it, in two lines.
func (s Server) About() string {
	look := "Look inside: redis-cli"
	if _, port, _ := net.SplitHostPort(s.Addr); s.Addr != LocalAddr {
		look += " -p " + port
	}
	switch {
	case s.Embedded == nil:
		return "Redis: found on " + s.Addr + "\n" + look
	case s.Note != "":
		return "Redis: embedded in this app on " + s.Addr + ", gone when you stop it (" + s.Note + ")\n" + look
	default:
		return "Redis: embedded in this app, gone when you stop it. To keep it: " + toKeep(s.Addr) + "\n" + look
	}
}

// toKeep is the command for a Redis on addr that stays when an app stops.
func toKeep(addr string) string {
	if _, port, _ := net.SplitHostPort(addr); addr != LocalAddr {
		return `make redis ARGS="-port ` + port + `"`
	}
	return "make redis"
}

// open makes the client. advice ends the page that people see when Redis is
// away.
func open(options *redis.UniversalOptions, cfg config.Config, advice string) redis.UniversalClient {
	client := redis.NewUniversalClient(options)
	client.AddHook(hook{
		client: client, addr: options.Addrs[0], advice: advice, cfg: cfg,
		tokens: options.CredentialsProviderContext != nil,
	})
	return client
}

// tuned fills in what the library's defaults get wrong for a page that a
// person waits for: with them a dead Redis costs 1.7 s and a hung one 20 s.
func tuned(o *redis.UniversalOptions) *redis.UniversalOptions {
	o.DialTimeout = time.Second
	o.DialerRetries = 1
	o.ReadTimeout = 500 * time.Millisecond
	o.WriteTimeout = 500 * time.Millisecond
	// How long a request waits for a free connection: without a bound of its
	// own, the three hundredth request would wait for all those before it.
	o.PoolTimeout = 300 * time.Millisecond
	// By default there are ten for each processor: of 64 requests at once on two of
	// them, most would wait for a connection.
	o.PoolSize = 64
	// Without this the deadline of the request is not kept.
	o.ContextTimeoutEnabled = true
	o.MaxRetries = 1
	// A pool of its own for pipelines would hide step 3's MULTI from PoolTimeout.
	o.PipelinePoolSize = -1
	// Both spare round trips whenever a connection is made: four become two.
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o
}

// check asks Redis whether it is there and is what the options say it is.
func check(ctx context.Context, client redis.UniversalClient, options *redis.UniversalOptions, cfg config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := ping(ctx, client); err != nil {
		return explainStart(err, options)
	}
	return fit(ctx, client, cfg)
}

// startTime is how long a start waits for the first answer of a Redis.
const startTime = 3 * time.Second

// ping asks until there is an answer or ctx ends. A page gives up after half a
// second; a start on a busy machine can wait longer.
func ping(ctx context.Context, client redis.UniversalClient) error {
	for {
		err := client.Ping(ctx).Err()
		if err == nil || !timedOut(err) || ctx.Err() != nil {
			return err
		}
	}
}

// explainStart says why a first connection failed, from the most certain
// cause to the least.
func explainStart(err error, options *redis.UniversalOptions) error {
	var dns *net.DNSError
	switch text := err.Error(); {
	case strings.Contains(text, "WRONGPASS") && options.CredentialsProviderContext != nil:
		return iam.ErrRefused
	case strings.Contains(text, "WRONGPASS"):
		return errors.New("the user name or the password is wrong. A password without a user has a colon before it: redis://:password@host:port")
	case redis.IsAuthError(err):
		return errors.New("this Redis asks for a password: redis://:password@host:port, or with a user redis://user:password@host:port")
	case redis.IsPermissionError(err):
		return fmt.Errorf("this Redis does not let the app work: %s (%s)", meaning(text), text)
	case strings.Contains(text, "cluster support disabled"):
		return errors.New("this Redis is not a cluster: leave REDIS_CLUSTER unset")
	case strings.Contains(text, "does not look like a TLS handshake"):
		return errors.New("this Redis does not speak TLS: begin with redis:// in place of rediss://")
	case strings.Contains(text, "signed by unknown authority"):
		return fmt.Errorf("its certificate is signed by nobody this machine trusts (%s). Is there a file with that authority? REDIS_CA_FILE=ca.pem", text)
	case strings.Contains(text, "x509:"), strings.Contains(text, "tls:"):
		return fmt.Errorf("the TLS connection was refused: %s", text)
	case errors.As(err, &dns):
		return fmt.Errorf("no machine has the name %q. Is it spelled right?", dns.Name)
	case strings.Contains(text, "connection refused"):
		return errors.New("nobody answers there (connection refused). Is Redis running? Start one: make redis, and REDIS_URL=redis://127.0.0.1:6379")
	case errors.Is(err, io.EOF), strings.Contains(text, "connection reset"):
		return errors.New("the connection was closed without an answer. If this Redis speaks TLS, begin with rediss://")
	case options.TLSConfig != nil && timedOut(err):
		return errors.New("no answer in time. A firewall or security group, a hung Redis, or one that does not speak TLS (then begin with redis://)")
	case timedOut(err):
		return errors.New("no answer in time. A firewall or security group, a hung Redis, or one that speaks TLS (then begin with rediss://)")
	case strings.Contains(text, "unreachable"), strings.Contains(text, "no route to host"):
		return fmt.Errorf("this machine has no way to it (%s). A cache of ElastiCache is reached from its own VPC", text)
	default:
		return fmt.Errorf("it cannot be used: %s", text)
	}
}

func timedOut(err error) bool {
	var netErr net.Error
	return errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &netErr) && netErr.Timeout())
}

func lookInside(o *redis.Options, cfg config.Config) string {
	host, port, _ := net.SplitHostPort(o.Addr)
	command := []string{"redis-cli"}
	// Without an address redis-cli goes there by itself.
	if o.Addr != LocalAddr {
		command = append(command, "-h", host, "-p", port)
	}
	if cfg.RedisCluster {
		command = append(command, "-c")
	}
	if o.TLSConfig != nil {
		command = append(command, "--tls")
	}
	if cfg.RedisCAFile != "" {
		command = append(command, "--cacert", cfg.RedisCAFile)
	}
	// A name may be a password, after a slip.
	if o.Username != "" {
		command = append(command, "--user", "…")
	}
	if o.Password != "" {
		command = append(command, "--askpass")
	}
	if o.DB != 0 {
		command = append(command, "-n", fmt.Sprint(o.DB))
	}
	return strings.Join(command, " ")
}
