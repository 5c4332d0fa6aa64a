// Package redisconn connects an app to Redis: the one that REDIS_URL names, else
// the one on the usual port of this machine, else an embedded one. Its client
// answers or fails within a second, never repeats a command that must not run
// twice, and explains its errors to users.
package redisconn

import (
	"context"
	"crypto/x509"
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
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn/iam"
)

// Otherwise the library also logs the errors that it returns.
func init() { logging.Disable() }

// Conn is a client for a Redis, and a description of that Redis.
type Conn struct {
	// Client can be used by many goroutines at once.
	Client redis.UniversalClient
	// About says in two lines for the terminal which Redis this is and how to look
	// inside it, without a password.
	About string
	// stop ends the embedded server, or the renewal of tokens.
	stop func()
}

// Close ends the connections, and the embedded server, if any.
func (c *Conn) Close() error {
	defer c.stop()
	return c.Client.Close()
}

// MustOpen is Open for a main function: it prints an error and ends the process
// with status 1.
func MustOpen(cfg config.Config) *Conn {
	conn, err := Open(context.Background(), cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return conn
}

// Open connects to the Redis of cfg and checks that the app can use it. It takes at
// most three seconds, and ten more if it needs a token. The error is one line that
// names the variable, what is wrong and what to do; it never holds a password.
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
	stop := func() {}
	if cfg.RedisIAM {
		if stop, err = iam.Use(ctx, options); err != nil {
			return nil, err
		}
	}
	conn := &Conn{
		Client: open(options, cfg, lang.T("Is that Redis running?", "その Redis は動いていますか？")),
		About:  "Redis: " + config.Shown(cfg.RedisURL) + "\nLook inside: " + lookInside(parsed, cfg),
		stop:   stop,
	}
	if err := check(ctx, conn.Client, options, cfg); err != nil {
		conn.Close()
		return nil, fmt.Errorf("REDIS_URL: %s: %w", config.Shown(cfg.RedisURL), err)
	}
	return conn, nil
}

// OpenLocal is Open for the Redis that Local finds or starts on addr.
func OpenLocal(ctx context.Context, addr string) (*Conn, error) {
	server, err := Local(ctx, addr)
	if err != nil {
		return nil, err
	}
	conn := &Conn{
		Client: open(tuned(&redis.UniversalOptions{Addrs: []string{server.Addr}}), config.Config{},
			lang.T("If it was part of another app that you stopped, start one that stays: %s.",
				"止めた別のアプリに組み込まれていたのなら、アプリを止めても残るものを起動してください: %s", "`"+toKeep(addr)+"`")),
		About: server.About(),
		stop:  func() {},
	}
	if server.Embedded != nil {
		conn.stop = server.Embedded.Close
	}
	return conn, nil
}

// open returns a client that explains its errors. advice is for the page of an outage.
func open(options *redis.UniversalOptions, cfg config.Config, advice lang.Text) redis.UniversalClient {
	client := redis.NewUniversalClient(options)
	client.AddHook(hook{
		client: client, addr: options.Addrs[0], advice: advice, cfg: cfg,
		tokens: options.CredentialsProviderContext != nil,
	})
	return client
}

// tuned replaces those defaults of the library that are wrong for a web page: with
// them a dead Redis costs 1.7 s and a hung one 20 s.
func tuned(o *redis.UniversalOptions) *redis.UniversalOptions {
	o.DialTimeout = time.Second
	o.DialerRetries = 1
	o.ReadTimeout = 500 * time.Millisecond
	o.WriteTimeout = 500 * time.Millisecond
	// How long a request waits for a free connection. By default the last of 300
	// requests waits 1.5 s for a hung Redis.
	o.PoolTimeout = 300 * time.Millisecond
	// The default is ten per processor: of 64 requests at once on two processors, most
	// would wait.
	o.PoolSize = 64
	// Without this the library ignores the deadline of the request.
	o.ContextTimeoutEnabled = true
	o.MaxRetries = 1
	// Pipelines, like step 3's MULTI, use the same pool: PoolTimeout has no effect on a
	// separate one.
	o.PipelinePoolSize = -1
	// Both shorten the handshake of a new connection, from four round trips to two.
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o
}

// trust makes the client trust the authorities in a PEM file, and no others. The
// system does not know the authority of a Redis with a private certificate.
func trust(options *redis.UniversalOptions, file string) error {
	if file == "" || options.TLSConfig == nil {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("REDIS_CA_FILE: this file cannot be read: %w", errors.Unwrap(err))
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(pem) {
		return errors.New("REDIS_CA_FILE: this file holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----")
	}
	options.TLSConfig.RootCAs = authorities
	return nil
}

func check(ctx context.Context, client redis.UniversalClient, options *redis.UniversalOptions, cfg config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := ping(ctx, client); err != nil {
		return explainStart(err, options)
	}
	return fit(ctx, client, cfg)
}

const startTimeout = 3 * time.Second

// ping repeats PING until there is an answer or ctx ends. The client gives up after
// half a second; the start of an app can wait longer for a busy machine.
func ping(ctx context.Context, client redis.UniversalClient) error {
	for {
		err := client.Ping(ctx).Err()
		if err == nil || !timedOut(err) || ctx.Err() != nil {
			return err
		}
	}
}

// explainStart puts the more certain causes first.
func explainStart(err error, options *redis.UniversalOptions) error {
	dns, unknownName := errors.AsType[*net.DNSError](err)
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
		return errors.New("this Redis does not speak TLS: begin with redis:// instead of rediss://")
	case strings.Contains(text, "signed by unknown authority"):
		return fmt.Errorf("this machine does not trust the authority that signed its certificate (%s). If you have the certificate of that authority in a file: REDIS_CA_FILE=ca.pem", text)
	case strings.Contains(text, "x509:"), strings.Contains(text, "tls:"):
		return fmt.Errorf("the TLS connection was refused: %s", text)
	case unknownName:
		return fmt.Errorf("no machine has the name %q. Is it spelled right?", dns.Name)
	case strings.Contains(text, "connection refused"):
		return errors.New("no server answers there (connection refused). Is Redis running? Start one: make redis, and REDIS_URL=redis://127.0.0.1:6379")
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
	netErr, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && netErr.Timeout()
}

func lookInside(o *redis.Options, cfg config.Config) string {
	host, port, _ := net.SplitHostPort(o.Addr)
	command := "redis-cli"
	for _, option := range []struct {
		needed bool
		text   string
	}{
		{o.Addr != LocalAddr, "-h " + host + " -p " + port},
		{cfg.RedisCluster, "-c"},
		{o.TLSConfig != nil, "--tls"},
		{cfg.RedisCAFile != "", "--cacert " + cfg.RedisCAFile},
		// In a mistyped address the name may be the password.
		{o.Username != "", "--user …"},
		{o.Password != "", "--askpass"},
		{o.DB != 0, fmt.Sprintf("-n %d", o.DB)},
	} {
		if option.needed {
			command += " " + option.text
		}
	}
	return command
}
