// Package elasticache runs a local stand-in for Amazon ElastiCache, made of
// redis-server processes. It has TLS with its own CA and a user with few
// rights, or neither; it refuses the commands that ElastiCache refuses; its one
// endpoint leads to the primary; and its replica can take over.
//
// AWS needs time to notice a failed node, and to point the name of the endpoint
// to another node. Here both happen at once.
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

// User is the user name of an app.
const User = "workshop"

// anyApp are the rights that every app of the workshop needs: its own keys, the
// PING at its start, and the questions of the client library to a cluster.
// Every user may send HELLO and AUTH. The format is that of
// https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/.
const anyApp = "on ~workshop:* -@all +ping +cluster|slots +command"

// Step4AccessString are the rights for step 4 alone, without its panel.
// redisconn sends HDEL to leave a replica.
const Step4AccessString = anyApp + " +del +eval +evalsha +exec +exists +hdel +hget +hincrby +hset +multi +pexpire"

// StoreAccessString are the rights for sessionstore alone.
const StoreAccessString = anyApp +
	" +eval +evalsha +exists +hdel +hget +hgetall +hincrby +hmget +hset +pexpire +pexpireat" +
	" +pexpiretime +pttl +time +unlink +zadd +zrange +zrem"

// AccessString are the rights for all four steps, the example of sessionstore
// and their panel.
const AccessString = StoreAccessString + " +del +exec +expire +multi +type"

// Refused are commands that ElastiCache refuses
// (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ClientConfig.RestrictedCommands.html).
var Refused = []string{
	"BGREWRITEAOF", "BGSAVE", "CONFIG", "DEBUG", "MIGRATE", "REPLICAOF", "SAVE", "SLAVEOF", "SHUTDOWN", "SYNC",
}

// Options are the settings of a stand-in.
type Options struct {
	// Addr is the address of the endpoint, host:port. Port 0 takes any free
	// port.
	Addr string
	// Dir is an existing folder for the files of the CA and of the nodes.
	Dir string
	// Cluster starts three masters in cluster mode, instead of a primary and a
	// replica.
	Cluster bool
	// Plain starts it without TLS and password, like a cache without encryption
	// in transit. There is no user, and a client may do everything that
	// ElastiCache allows.
	Plain bool
	// AccessString are the rights of the user. The default is the constant
	// AccessString.
	AccessString string
}

// StandIn is a running stand-in.
type StandIn struct {
	// CAFile is the path of the certificate of its CA, in PEM.
	CAFile string

	options     Options
	password    string
	admin       string // the password of the administrator, which AWS does not give out
	certificate redisserver.Certificate
	nodes       []*node
	primary     *node
	// endpoint forwards to the present primary.
	endpoint *wire.Wire
}

// The library's log repeats what the errors say.
func init() { logging.Disable() }

// Start starts a stand-in. It takes about a second, in cluster mode about
// three. All its processes end with this one.
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
		// ElastiCache accepts 16 to 128 characters. These need no escape in a
		// URL.
		password: rand.Text(), admin: rand.Text(),
	}
	// Listen first, so that a taken port is reported at once.
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

// Addr returns the address of the endpoint, host:port.
func (s *StandIn) Addr() string { return s.endpoint.Addr }

// ReaderAddr returns the address of the reader endpoint, host:port. It leads to
// the replica. Cluster mode has none.
func (s *StandIn) ReaderAddr() string { return s.replica().addr }

// URL returns the value of REDIS_URL for an app. It contains the password.
func (s *StandIn) URL() string {
	if s.options.Plain {
		return "redis://" + s.Addr()
	}
	return (&url.URL{Scheme: "rediss", User: url.UserPassword(User, s.password), Host: s.Addr()}).String()
}

// Password returns the user's password. With Plain it is not used.
func (s *StandIn) Password() string { return s.password }

// Environment returns the variables with which an app connects, as NAME=value.
func (s *StandIn) Environment() []string {
	env := []string{"REDIS_URL=" + s.URL()}
	if !s.options.Plain {
		env = append(env, "REDIS_CA_FILE="+s.CAFile)
	}
	return append(env, fmt.Sprintf("REDIS_CLUSTER=%v", s.options.Cluster))
}

// Admin returns a client with all rights, with which a test looks behind the
// scenes. The caller closes it.
func (s *StandIn) Admin() redis.UniversalClient {
	if s.options.Cluster {
		return redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: []string{s.primary.addr}, Username: adminUser, Password: s.admin, TLSConfig: s.trust(),
		})
	}
	return redis.NewClient(s.adminOptions(s.Addr()))
}

// trust returns the TLS settings of a client, or nil without TLS.
func (s *StandIn) trust() *tls.Config {
	if s.options.Plain {
		return nil
	}
	return s.certificate.Trust()
}

// Close stops the nodes and the endpoint.
func (s *StandIn) Close() {
	s.endpoint.Close()
	for _, n := range s.nodes {
		n.close()
	}
}
