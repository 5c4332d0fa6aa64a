// Package config reads the settings of an app from its flags and from the
// environment. A flag wins over its variable.
package config

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DevelopmentKey signs the cookies of steps 1 to 3 while SECRET_KEY is unset.
// It is public, so it protects nothing: Load accepts it on loopback only.
const DevelopmentKey = "public-development-key-of-the-session-workshop"

// Config holds the settings of one app, checked.
type Config struct {
	// Name is what the app calls itself, for example "Step 3".
	Name string
	// RedisURL is redis:// or rediss://; empty means "find one or start one".
	RedisURL     string
	RedisCluster bool
	// RedisCAFile holds the certificates of the authorities to trust, PEM;
	// empty means those of the system.
	RedisCAFile string
	// RedisIAM asks for short-lived tokens in place of a password.
	RedisIAM bool
	// SecretKey signs cookies. It is never printed.
	SecretKey string
	Host      string
	// Port 0 means any free port.
	Port int
	// PortSet tells that somebody chose the port, so that no other will do.
	PortSet bool
	// PublicURL is the address people use; nil means http://HOST:PORT.
	PublicURL  *url.URL
	SessionTTL time.Duration
	// SessionMaxAge is the age at which a session ends however busy it is.
	SessionMaxAge time.Duration
	// UnderTheHood shows the panel below every page.
	UnderTheHood bool
	// hostIgnored tells that another program has set HOST.
	hostIgnored bool
}

// Group names settings that not every step has.
type Group int

const (
	// SecretKey is the key that signs cookies (steps 1 to 3).
	SecretKey Group = iota
	// Redis is where Redis answers (steps 2 to 4).
	Redis
	// TTL is how long Redis keeps what nobody visits (steps 3 and 4).
	TTL
	// MaxAge is the absolute end of a session (sessionstore's example).
	MaxAge
)

// ofStep are the settings of each step.
var ofStep = map[int][]Group{1: {SecretKey}, 2: {SecretKey, Redis}, 3: {SecretKey, Redis, TTL}, 4: {Redis, TTL}}

// MustLoad reads the settings of a step, 1 to 4, and of further groups, from
// os.Args and the environment. On an error it prints every problem to standard
// error and ends the process with status 1; for -h it prints the settings and
// ends it with status 0.
func MustLoad(step int, further ...Group) Config {
	cfg, err := LoadStep(step, os.Args[1:], further...)
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return cfg
}

// LoadStep reads the settings of a step, 1 to 4, and of further groups, from args
// and the environment. The error is that of Load.
func LoadStep(step int, args []string, further ...Group) (Config, error) {
	cfg, err := Load(args, os.Getenv, append(ofStep[step], further...)...)
	cfg.Name = fmt.Sprintf("Step %d", step)
	return cfg, err
}

// Load reads the settings that every app has (HOST, PORT, PUBLIC_URL) and
// those of the named groups, each as Getenv reads it. An empty variable counts
// as unset. The error names every problem, a line each, and repeats no value,
// which may be a secret; it is flag.ErrHelp when the arguments ask for help,
// which has then been printed.
func Load(args []string, getenv func(string) string, groups ...Group) (Config, error) {
	r := newReader(getenv)
	var cfg Config
	r.text("host", "HOST", "127.0.0.1", "`address` to listen on", cfg.setHost)
	r.text("port", "PORT", "", "`port` to listen on; 0 takes any free one (default 5000, or the next free one)", cfg.setPort)
	r.text("public-url", "PUBLIC_URL", "", "the `URL` people use (default http://HOST:PORT)", cfg.setPublicURL)
	r.text("under-the-hood", "UNDER_THE_HOOD", "", "`on or off`: the panel below every page (default on where only this machine can reach the app)", cfg.setUnderTheHood)
	for _, group := range groups {
		cfg.declare(group, r)
	}
	if err := r.parse(args); err != nil {
		return Config{}, err
	}
	if slices.Contains(groups, SecretKey) {
		r.check("SECRET_KEY", cfg.finishSecretKey())
	}
	cfg.hostIgnored = r.hostIgnored && cfg.Host == "127.0.0.1"
	return cfg, errors.Join(r.errs...)
}

func (c *Config) declare(group Group, r *reader) {
	switch group {
	case SecretKey:
		const usage = "`key` that signs the cookie; other users of this machine can read it in the process list when given as a flag"
		r.text("secret-key", "SECRET_KEY", "", usage, func(text string) error { c.SecretKey = text; return nil })
	case Redis:
		r.text("redis-auth", "REDIS_AUTH", "password", "`password or iam`: iam asks the program redis-iam-token for what to log in to ElastiCache with", c.setRedisAuth)
		r.text("redis-url", "REDIS_URL", "", "where Redis answers, `redis://host:port` (default: what answers on 127.0.0.1:6379, else an embedded one)", c.setRedisURL)
		r.boolean("redis-cluster", "REDIS_CLUSTER", "REDIS_URL is the configuration endpoint of a cluster", &c.RedisCluster)
		r.text("redis-ca-file", "REDIS_CA_FILE", "", "`file` with the certificates that Redis' TLS is trusted by, PEM (default: those of the system)", c.setRedisCAFile)
	case TTL:
		r.text("ttl", "SESSION_TTL", "10s", "`time` without a visit after which Redis forgets", setDuration(&c.SessionTTL))
	case MaxAge:
		r.text("max-age", "SESSION_MAX_AGE", "8h", "`time` after which a session ends however busy it is", setDuration(&c.SessionMaxAge))
	}
}

// Variables are the names of all settings in the environment: those that Load
// asks for.
func Variables() (names []string) {
	_, _ = Load(nil, func(name string) string {
		names = append(names, name)
		return ""
	}, SecretKey, Redis, TTL, MaxAge)
	return names
}

// Unset holds lines NAME=value that take all settings from an environment, for
// an app that is started by a program: each has its default then, and the port
// is any free one. To an app an empty variable is an unset one.
func Unset() (lines []string) {
	for _, name := range Variables() {
		lines = append(lines, name+"=")
	}
	// Of two lines with the same name the last wins.
	return append(lines, "PORT=0")
}

// HTTPS tells whether people reach the app over https://, which is when its
// cookies can be Secure.
func (c Config) HTTPS() bool {
	return c.PublicURL != nil && c.PublicURL.Scheme == "https"
}

// Loopback tells whether only this machine can reach the app: it listens on
// a loopback address and is not published under another one.
func (c Config) Loopback() bool {
	return IsLoopback(c.Host) && (c.PublicURL == nil || IsLoopback(c.PublicURL.Hostname()))
}

// longTTL is enough time to look around, and what AboutTTL offers.
const longTTL = 2 * time.Minute

// AboutTTL tells a person at the terminal how long Redis remembers, and how to
// get more time if it is short. It is empty for an app without a TTL.
func (c Config) AboutTTL() string {
	if c.SessionTTL == 0 {
		return ""
	}
	about := fmt.Sprintf("TTL: %v after the last visit.", c.SessionTTL)
	if c.SessionTTL < longTTL {
		about += " Longer: SESSION_TTL=2m, or -ttl 2m"
	}
	return about
}

// InWords is a time of whole seconds as a page tells it: 10 s, 90 minutes, 30 days.
func InWords(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		switch n := d / unit.length; {
		case d%unit.length != 0:
		case n == 1:
			return "1 " + unit.name
		default:
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

// Warnings says what is allowed but should be known, a sentence each.
func (c Config) Warnings() []string {
	var warnings []string
	if c.hostIgnored {
		warnings = append(warnings, "HOST is set but not read: it is neither an IP address nor localhost. Conda and tcsh set it, for example.")
	}
	if c.SecretKey == DevelopmentKey {
		warnings = append(warnings, "no SECRET_KEY: a public development key signs, for this machine only.")
	}
	if !c.Loopback() && !c.HTTPS() {
		warnings = append(warnings, "people reach this app over plain HTTP: anyone on the way can copy a login. Set PUBLIC_URL=https://… behind a proxy that speaks TLS.")
	}
	return warnings
}

func (c *Config) setHost(text string) error {
	c.Host = text
	if !isAddress(text) {
		return errors.New("this is neither an IP address of this machine nor localhost, for example HOST=0.0.0.0")
	}
	return nil
}

func (c *Config) setPort(text string) error {
	c.Port = 5000
	if text == "" {
		return nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return errors.New("this is not a port. Use a number from 0 to 65535, for example PORT=5001")
	}
	c.Port, c.PortSet = int(port), true
	return nil
}

// setUnderTheHood comes after HOST and PUBLIC_URL, which decide the default.
func (c *Config) setUnderTheHood(text string) error {
	c.UnderTheHood = text == "on" || text == "" && c.Loopback()
	if text != "" && text != "on" && text != "off" {
		return errors.New("this is neither on nor off")
	}
	return nil
}

// setRedisCAFile comes after REDIS_URL, which says whether there is TLS.
func (c *Config) setRedisCAFile(text string) error {
	if text != "" && c.RedisURL != "" && !strings.HasPrefix(c.RedisURL, "rediss://") {
		return errors.New("it is of no use without TLS: begin REDIS_URL with rediss://, or unset this")
	}
	c.RedisCAFile = text
	return nil
}

func (c *Config) setRedisAuth(text string) error {
	c.RedisIAM = text == "iam"
	if !c.RedisIAM && text != "password" {
		return errors.New("this is neither password nor iam")
	}
	return nil
}

// finishSecretKey decides what an empty or short key means, which depends on
// who can reach the app.
func (c *Config) finishSecretKey() error {
	if c.Loopback() {
		if c.SecretKey == "" {
			c.SecretKey = DevelopmentKey
		}
		return nil
	}
	const makeOne = "Make one: SECRET_KEY=$(openssl rand -hex 32)"
	switch {
	case c.SecretKey == "", c.SecretKey == DevelopmentKey:
		return errors.New("it must be set, because this app can be reached from other machines. The public development key is no secret. " + makeOne)
	case len(c.SecretKey) < 32:
		return fmt.Errorf("it has %d bytes and needs at least 32, because this app can be reached from other machines. %s", len(c.SecretKey), makeOne)
	}
	return nil
}

// setDuration asks for whole seconds, because the EXPIRE command counts in
// seconds (https://redis.io/docs/latest/commands/expire/).
func setDuration(target *time.Duration) func(string) error {
	return func(text string) error {
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Second || d%time.Second != 0 || d > 365*24*time.Hour {
			return errors.New("this is not a time in whole seconds, at least 1s and at most 8760h, for example 10s or 2m")
		}
		*target = d
		return nil
	}
}
