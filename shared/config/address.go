package config

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Shown returns the parts of an address that may be shown: scheme, host, port and
// number of the database. In a mistyped address any other part may be the password.
func Shown(address string) string {
	u, err := parse(clean(address))
	if err != nil {
		return "(not shown: it may hold a password)"
	}
	return u.Scheme + "://" + u.Host + database.FindString(u.Path)
}

var (
	hostAndPort = regexp.MustCompile(`^([\w.-]+|\[[[:xdigit:]:.]+(%.+)?\])(:\d+)?$`)
	database    = regexp.MustCompile(`^/*\d{0,9}/*$`)
	options     = regexp.MustCompile(`^([A-Za-z_-]+=[^@&]*(&|$))*$`)
	skipVerify  = regexp.MustCompile(`^(skip_verify=(true|false|1|0)?)?$`)
)

// parse reads an address. It rejects one that has an unescaped special character in
// its password: the character ends the host, and the password becomes another part.
func parse(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Fragment != "" || strings.Contains(u.Path, "@") || !options.MatchString(u.RawQuery) {
		return nil, errors.New("this is not a URL that can be read")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		return nil, errors.New("its port is not a number from 1 to 65535")
	}
	if !hostAndPort.MatchString(u.Host) {
		return nil, errors.New("its host is missing, or cannot be read, or there are two ports")
	}
	return u, nil
}

// setRedisURL rejects each part that the client library or this client would
// ignore. It runs after the setters of REDIS_AUTH and REDIS_CLUSTER.
// ElastiCache accepts tokens over TLS only
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html).
func (c *Config) setRedisURL(text string) error {
	const example = "; for example REDIS_URL=redis://127.0.0.1:6379, with a password redis://:password@host:6379 or redis://user:password@host:6379, with TLS rediss://…"
	if text == "" && !c.RedisIAM {
		return nil
	}
	if scheme, _, _ := strings.Cut(strings.ToLower(text), "://"); scheme != "redis" && scheme != "rediss" {
		return errors.New("it must begin with redis:// or rediss://" + example)
	}
	u, err := parse(text)
	if err != nil {
		return fmt.Errorf("%w (in a password, a special character must be percent-encoded: %%23 for #, %%2F for /, %%3F for ?, %%40 for @)%s", err, example)
	}
	password, _ := u.User.Password()
	switch {
	case c.RedisIAM && (u.Scheme != "rediss" || u.User.Username() == "" || password != ""):
		return errors.New("with REDIS_AUTH=iam it has a user, TLS and no password: rediss://user@host:6379")
	case !c.RedisIAM && u.User != nil && password == "":
		return errors.New("it has a user and no password. A password without a user has a colon before it: redis://:password@host:6379")
	case !database.MatchString(u.Path):
		return errors.New("its last part is not the number of a database, for example redis://127.0.0.1:6379/0")
	case c.RedisCluster && strings.Trim(u.Path, "/0") != "":
		return fmt.Errorf("a cluster has only database 0, not %s", strings.Trim(u.Path, "/"))
	case !skipVerify.MatchString(u.RawQuery), u.RawQuery != "" && u.Scheme != "rediss":
		return fmt.Errorf("what follows the ? (%s) cannot be set there: leave it out. Only skip_verify=true is possible, with rediss://. A database is written /1; the workshop sets timeouts and connections itself", strings.Join(slices.Sorted(maps.Keys(u.Query())), ", "))
	}
	c.RedisURL = u.String()
	return nil
}

func (c *Config) setPublicURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("%w; for example PUBLIC_URL=https://workshop.example.com", err)
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("this is not an http:// or https:// address, for example PUBLIC_URL=https://workshop.example.com")
	case u.User != nil, strings.Trim(u.Path, "/") != "", u.RawQuery != "":
		return fmt.Errorf("this has more than a host: the app lives at the root of its address, for example %s", Shown(text))
	}
	c.PublicURL = &url.URL{Scheme: u.Scheme, Host: HostOf(u.Scheme, u.Host)}
	return nil
}

// HostOf returns a host as browsers send it to a site with that scheme: in lower
// case, and without the default port of the scheme.
func HostOf(scheme, host string) string {
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return strings.TrimSuffix(strings.ToLower(host), port)
}

// IsLoopback reports whether a host (without a port) is reached from this machine
// only: localhost, or a loopback address.
func IsLoopback(host string) bool {
	ip, _ := netip.ParseAddr(host)
	return host == "localhost" || ip.IsLoopback()
}

// isAddress reports whether an app can listen on host without looking up a name.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil
}
