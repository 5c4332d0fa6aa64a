// Package config reads the settings of an app from its flags and from the
// environment. A flag wins over its variable.
package config

import (
	"cmp"
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

// Config holds the checked settings of one app.
type Config struct {
	// Name is the name of the app, for example "Step 3".
	Name string
	// RedisURL begins with redis:// or rediss://. If it is empty, the app finds a
	// Redis or starts one.
	RedisURL     string
	RedisCluster bool
	// RedisCAFile is a PEM file with the certificates of the authorities to trust;
	// empty means those of the system.
	RedisCAFile string
	// RedisIAM asks for short-lived tokens instead of a password.
	RedisIAM bool
	// SecretKey signs cookies. It is never printed.
	SecretKey string
	Host      string
	// Port 0 means any free port.
	Port int
	// PortSet reports whether the user chose the port. If so, no other is used.
	PortSet bool
	// PublicURL is the address that people use; nil means http://HOST:PORT.
	PublicURL *url.URL
	// SessionTTL is the time without a visit after which Redis forgets.
	SessionTTL time.Duration
	// SessionMaxAge is the age at which a session ends, even if it is in use.
	SessionMaxAge time.Duration
	// UnderTheHood shows the panel below every page.
	UnderTheHood bool
	// hostIgnored reports whether another program has set HOST.
	hostIgnored bool
}

// Group names settings that not every step has.
type Group int

const (
	// SecretKey is the key that signs cookies (steps 1 to 3).
	SecretKey Group = iota
	// Redis is where Redis answers (steps 2 to 4).
	Redis
	// TTL is how long Redis keeps data without a visit (steps 3 and 4).
	TTL
	// MaxAge is the age at which a session ends (sessionstore's example).
	MaxAge
)

// ofStep are the settings of each step.
var ofStep = map[int][]Group{1: {SecretKey}, 2: {SecretKey, Redis}, 3: {SecretKey, Redis, TTL}, 4: {Redis, TTL}}

// MustLoad is LoadStep with os.Args. On an error it prints every problem to
// standard error and ends the process with status 1; for -h it prints the
// settings and ends the process with status 0.
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
// and the environment. It returns the errors of Load.
func LoadStep(step int, args []string, further ...Group) (Config, error) {
	cfg, err := Load(args, os.Getenv, append(ofStep[step], further...)...)
	cfg.Name = fmt.Sprintf("Step %d", step)
	return cfg, err
}

// Load reads the settings that every app has (HOST, PORT, PUBLIC_URL,
// UNDER_THE_HOOD) and those of the given groups from args and getenv. A flag wins
// over its variable, and an empty variable counts as unset. The error has one line
// for each problem and repeats no value, which may be a secret. If args ask for
// help, Load prints it and returns flag.ErrHelp.
func Load(args []string, getenv func(string) string, groups ...Group) (Config, error) {
	r := &reader{flags: flag.NewFlagSet("", flag.ContinueOnError), getenv: getenv}
	var cfg Config
	r.text("host", "HOST", "127.0.0.1", "`address` to listen on", cfg.setHost)
	r.text("port", "PORT", "", "`port` to listen on; 0 takes any free one (default 5000, or the next free one)", cfg.setPort)
	r.text("public-url", "PUBLIC_URL", "", "the `URL` that people use (default http://HOST:PORT)", cfg.setPublicURL)
	r.text("under-the-hood", "UNDER_THE_HOOD", "", "`on or off`: the panel below every page (default on if only this machine can reach the app)", cfg.setUnderTheHood)
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
		const usage = "`key` that signs the cookie; other users of this machine can read a flag in the process list"
		r.text("secret-key", "SECRET_KEY", "", usage, func(text string) error { c.SecretKey = text; return nil })
	case Redis:
		r.text("redis-auth", "REDIS_AUTH", "password", "`password or iam`: iam logs in to ElastiCache with tokens from the program redis-iam-token", c.setRedisAuth)
		r.text("redis-url", "REDIS_URL", "", "where Redis answers, `redis://host:port` (default: the Redis on 127.0.0.1:6379, else an embedded one)", c.setRedisURL)
		r.boolean("redis-cluster", "REDIS_CLUSTER", "REDIS_URL is the configuration endpoint of a cluster", &c.RedisCluster)
		r.text("redis-ca-file", "REDIS_CA_FILE", "", "PEM `file` with the authorities to trust for TLS to Redis (default: those of the system)", c.setRedisCAFile)
	case TTL:
		r.text("ttl", "SESSION_TTL", "10s", "`time` without a visit after which Redis forgets", setDuration(&c.SessionTTL))
	case MaxAge:
		r.text("max-age", "SESSION_MAX_AGE", "8h", "`time` after which a session ends, even if it is in use", setDuration(&c.SessionMaxAge))
	}
}

// Variables returns the names of all variables that Load reads.
func Variables() (names []string) {
	_, _ = Load(nil, func(name string) string {
		names = append(names, name)
		return ""
	}, SecretKey, Redis, TTL, MaxAge)
	return names
}

// Unset returns lines NAME=value for the environment of an app that a program
// starts. With them each setting has its default, and the app takes any free port.
func Unset() (lines []string) {
	for _, name := range Variables() {
		lines = append(lines, name+"=")
	}
	// Of two lines with the same name the last wins.
	return append(lines, "PORT=0")
}

// HTTPS reports whether people reach the app over https://, so that its cookies
// can be Secure.
func (c Config) HTTPS() bool {
	return c.PublicURL != nil && c.PublicURL.Scheme == "https"
}

// Loopback reports whether only this machine can reach the app: it listens on
// a loopback address and is not published under another address.
func (c Config) Loopback() bool {
	return IsLoopback(c.Host) && (c.PublicURL == nil || IsLoopback(c.PublicURL.Hostname()))
}

// AboutTTL is a line for the terminal: how long Redis remembers and, if this is
// too short to look around, how to get more time. It is empty without a TTL.
func (c Config) AboutTTL() string {
	if c.SessionTTL == 0 {
		return ""
	}
	about := fmt.Sprintf("TTL: %v after the last visit.", c.SessionTTL)
	if c.SessionTTL < 2*time.Minute {
		about += " Longer: SESSION_TTL=2m, or -ttl 2m"
	}
	return about
}

// InWords writes whole seconds as a page shows them: 10 s, 90 minutes, 30 days.
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

// Warnings returns a sentence for each setting that is allowed but risky.
func (c Config) Warnings() (warnings []string) {
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

// setUnderTheHood runs after setHost and setPublicURL, which decide the default.
func (c *Config) setUnderTheHood(text string) error {
	c.UnderTheHood = text == "on" || text == "" && c.Loopback()
	if text != "" && text != "on" && text != "off" {
		return errors.New("this is neither on nor off")
	}
	return nil
}

// setRedisCAFile runs after setRedisURL, which says whether the connection uses TLS.
func (c *Config) setRedisCAFile(text string) error {
	if text != "" && c.RedisURL != "" && !strings.HasPrefix(c.RedisURL, "rediss://") {
		return errors.New("it has no effect without TLS: begin REDIS_URL with rediss://, or unset this")
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

// finishSecretKey runs after all setters: which keys are accepted depends on who
// can reach the app.
func (c *Config) finishSecretKey() error {
	const makeOne = "Make one: SECRET_KEY=$(openssl rand -hex 32)"
	switch {
	case c.Loopback():
		c.SecretKey = cmp.Or(c.SecretKey, DevelopmentKey)
	case c.SecretKey == "", c.SecretKey == DevelopmentKey:
		return errors.New("it must be set, because this app can be reached from other machines. The public development key is no secret. " + makeOne)
	case len(c.SecretKey) < 32:
		return fmt.Errorf("it has %d bytes and needs at least 32, because this app can be reached from other machines. %s", len(c.SecretKey), makeOne)
	}
	return nil
}

// setDuration accepts whole seconds only, because the EXPIRE command counts in
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
