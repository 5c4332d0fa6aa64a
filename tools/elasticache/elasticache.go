// Package elasticache runs a local stand-in for Amazon ElastiCache, made of
// redis-server children: TLS by a CA of its own and a user with few rights, or
// neither, the commands refused that ElastiCache refuses, one endpoint that
// leads to the primary, and a replica that takes over.
//
// What it cannot show is how long AWS needs to notice that a node has failed,
// and how long until the endpoint's name leads to another one: here both happen
// at once.
package elasticache

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/wire"
)

// User is the name that an app logs in with.
const User = "workshop"

// anyApp is what every app of the workshop needs: its own keys, the PING that
// it begins with, and what the client library asks a cluster. HELLO and AUTH
// are allowed to everybody. The form is that of
// https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/.
const anyApp = "on ~workshop:* -@all +ping +cluster|slots +command"

// Step4AccessString is what the user may do who runs step 4 alone, without its
// panel. HDEL is what redisconn sends to leave a replica.
const Step4AccessString = anyApp + " +del +eval +evalsha +exec +exists +hdel +hget +hincrby +hset +multi +pexpire"

// StoreAccessString is what the user may do who runs sessionstore alone.
const StoreAccessString = anyApp +
	" +eval +evalsha +exists +hdel +hget +hgetall +hincrby +hmget +hset +pexpire +pexpireat" +
	" +pexpiretime +pttl +time +unlink +zadd +zrange +zrem"

// AccessString is what all four steps, the example of sessionstore and their
// panel need, and no more.
const AccessString = StoreAccessString + " +del +exec +expire +multi +type"

// Refused are the commands that ElastiCache does not know
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ClientConfig.RestrictedCommands.html).
var Refused = []string{
	"BGREWRITEAOF", "BGSAVE", "CONFIG", "DEBUG", "MIGRATE", "REPLICAOF", "SAVE", "SLAVEOF", "SHUTDOWN", "SYNC",
}

// Options say what to start.
type Options struct {
	// Addr is where the endpoint listens, host:port; port 0 takes a free one.
	Addr string
	// Dir is an existing folder for the CA and the nodes' files.
	Dir string
	// Cluster asks for three masters in cluster mode, in place of a primary
	// and its replica.
	Cluster bool
	// Plain asks for neither TLS nor a password, as a cache has it whose
	// encryption in transit is off. There is no user, and every client may do
	// all that ElastiCache knows.
	Plain bool
	// AccessString is what the user may do; empty means AccessString.
	AccessString string
}

// StandIn is a running stand-in.
type StandIn struct {
	// CAFile holds the certificate to trust it by, PEM.
	CAFile string

	options     Options
	password    string
	admin       string // the password of the administrator, whom AWS keeps to itself
	certificate redisserver.Certificate
	nodes       []*node
	primary     *node
	// endpoint leads to whichever node is the primary.
	endpoint *wire.Wire
}

// The library's own log repeats what the errors say already.
func init() { logging.Disable() }

// Start starts a stand-in, after about a second, in cluster mode after about
// three. Everything ends with this process.
func Start(ctx context.Context, o Options) (*StandIn, error) {
	if o.AccessString == "" {
		o.AccessString = AccessString
	}
	certificate, err := redisserver.NewCertificate(o.Dir)
	if err != nil {
		return nil, err
	}
	s := &StandIn{
		CAFile: certificate.CAFile, options: o, certificate: certificate,
		// ElastiCache takes 16 to 128 characters; these need no escape in a URL.
		password: rand.Text(), admin: rand.Text(),
	}
	// First, so that a port that is taken is known at once.
	if s.endpoint, err = wire.Listen(o.Addr); err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, err
	}
	s.lead(s.primary)
	return s, nil
}

func (s *StandIn) start(ctx context.Context) error {
	nodes := 2
	if s.options.Cluster {
		nodes = 3
	}
	for range nodes {
		if err := s.addNode(); err != nil {
			return err
		}
	}
	s.primary = s.nodes[0]
	join := s.replicate
	if s.options.Cluster {
		join = s.joinCluster
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := join(ctx); err != nil {
		return fmt.Errorf("join the nodes: %w", err)
	}
	return nil
}

// Addr is where the endpoint listens, host:port.
func (s *StandIn) Addr() string { return s.endpoint.Addr }

// ReaderAddr is where the reader endpoint leads, host:port: to the replica.
// Cluster mode has none.
func (s *StandIn) ReaderAddr() string { return s.replica().addr }

// URL is what an app takes as REDIS_URL. It holds the password.
func (s *StandIn) URL() string {
	if s.options.Plain {
		return "redis://" + s.Addr()
	}
	return (&url.URL{Scheme: "rediss", User: url.UserPassword(User, s.password), Host: s.Addr()}).String()
}

// Password is the user's. With Plain it opens nothing.
func (s *StandIn) Password() string { return s.password }

// Environment is all that an app needs to connect, lines NAME=value.
func (s *StandIn) Environment() []string {
	env := []string{"REDIS_URL=" + s.URL()}
	if !s.options.Plain {
		env = append(env, "REDIS_CA_FILE="+s.CAFile)
	}
	return append(env, fmt.Sprintf("REDIS_CLUSTER=%v", s.options.Cluster))
}

// Admin is a client that may do everything, for tests to look behind the
// scenes. The caller closes it.
func (s *StandIn) Admin() redis.UniversalClient {
	if s.options.Cluster {
		return redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: []string{s.primary.addr}, Username: adminUser, Password: s.admin, TLSConfig: s.trust(),
		})
	}
	return redis.NewClient(s.adminOptions(s.Addr()))
}

// trust is how a client speaks TLS to it, nil if it does not.
func (s *StandIn) trust() *tls.Config {
	if s.options.Plain {
		return nil
	}
	return s.certificate.Trust()
}

// Close ends the nodes and the endpoint.
func (s *StandIn) Close() {
	s.endpoint.Close()
	for _, n := range s.nodes {
		n.close()
	}
}
