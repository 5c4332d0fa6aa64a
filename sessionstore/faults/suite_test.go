package faults

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/sessionstore"
	"example.com/session-workshop/sessionstore/sessiontest"
)

// leastPrivileges is what an ACL has to allow a user for the store, besides
// its keys: ~PREFIX*. HELLO and AUTH are allowed to everybody, and "wait" is
// for WaitForReplicas alone.
const leastPrivileges = "-@all +eval +evalsha +exists +hdel +hget +hgetall +hincrby +hmget +hset +pexpire +pexpireat +pexpiretime +pttl +time +unlink +wait +zadd +zrange +zrem"

// clusterPrivileges are what the client library asks a cluster besides: who has
// which keys, and what commands there are.
const clusterPrivileges = "+cluster|slots +command"

const (
	user     = "store"
	password = "not a secret"
)

// suiteTimeout is long: the suite is about behaviour, and the machine may be
// busy.
const suiteTimeout = time.Minute

func withPatience(o *redis.Options) *redis.Options {
	// A copy: each test of a suite has its own client.
	patient := *o
	patient.DialTimeout, patient.ReadTimeout, patient.WriteTimeout, patient.PoolTimeout = suiteTimeout, suiteTimeout, suiteTimeout, suiteTimeout
	return &patient
}

func withPatienceOnACluster(o *redis.ClusterOptions) *redis.ClusterOptions {
	patient := *o
	patient.DialTimeout, patient.ReadTimeout, patient.WriteTimeout, patient.PoolTimeout = suiteTimeout, suiteTimeout, suiteTimeout, suiteTimeout
	return &patient
}

func TestSuiteOnACluster(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	c := redistest.StartCluster(t, 3, 0)
	suite(t, func() redis.UniversalClient {
		return redis.NewClusterClient(withPatienceOnACluster(c.Options()))
	})
}

func TestSuiteWithLeastPrivileges(t *testing.T) {
	testall.Only(t)
	server := redistest.StartServer(t)
	allow(t, server.Client, "sessiontest:", leastPrivileges)
	// A group of its own: nothingDenied waits for the end of all its subtests.
	t.Run("Suite", func(t *testing.T) {
		suite(t, func() redis.UniversalClient {
			return redis.NewClient(asUser(server.Addr))
		}, sessiontest.Admin(server.Client))
	})
	nothingDenied(t, server.Client)
}

func TestSuiteWithLeastPrivilegesOnACluster(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	c := redistest.StartCluster(t, 3, 0)
	for i := range c.Addrs {
		allow(t, c.Node(i).Client, "sessiontest:", leastPrivileges+" "+clusterPrivileges)
	}
	t.Run("Suite", func(t *testing.T) {
		suite(t, func() redis.UniversalClient {
			options := c.Options()
			options.Username, options.Password = user, password
			return redis.NewClusterClient(withPatienceOnACluster(options))
		}, sessiontest.Admin(c.Client()))
	})
	for i := range c.Addrs {
		nothingDenied(t, c.Node(i).Client)
	}
}

// Without any one of the commands something fails: none is allowed in vain.
func TestEveryPrivilegeIsNeeded(t *testing.T) {
	testall.Only(t)
	server := redistest.StartServer(t)
	words := strings.Fields(leastPrivileges)
	for i, word := range words[1:] {
		t.Run(word, func(t *testing.T) {
			fewer := append(append([]string{}, words[:i+1]...), words[i+2:]...)
			allow(t, server.Client, prefix, strings.Join(fewer, " "))
			must(t, server.Client.ScriptFlush(t.Context()).Err())
			if err := useEverything(t, asUser(server.Addr)); err == nil {
				t.Errorf("the store works without %s", word)
			}
		})
	}
	allow(t, server.Client, prefix, leastPrivileges)
	must(t, useEverything(t, asUser(server.Addr)))
}

// allow gives the user rights on keys that begin with prefix, and no others.
func allow(t *testing.T, admin redis.UniversalClient, prefix, commands string) {
	t.Helper()
	rules := append([]string{"reset", "on", ">" + password, "~" + prefix + "*"}, strings.Fields(commands)...)
	must(t, admin.ACLSetUser(t.Context(), user, rules...).Err())
	must(t, admin.ACLLogReset(t.Context()).Err())
}

// nothingDenied finds what the user tried in vain, be it that nobody noticed.
func nothingDenied(t *testing.T, admin redis.UniversalClient) {
	t.Helper()
	denied, err := admin.ACLLog(t.Context(), 10).Result()
	must(t, err)
	for _, entry := range denied {
		t.Errorf("denied to %s: the %s %q", entry.Username, entry.Reason, entry.Object)
	}
}

func asUser(addr string) *redis.Options {
	options := recommended(addr)
	options.Username, options.Password = user, password
	return withPatience(options)
}

// useEverything calls each method of the store, and returns the first error.
func useEverything(t *testing.T, options *redis.Options) error {
	ctx := t.Context()
	store := newStoreOn(t, connect(t, options), sessionstore.MaxSessions(2))
	old, b := newBrowser(t, store), newBrowser(t, store)
	var infos []sessionstore.Info
	for _, use := range []func() error{
		func() error { return old.Login(ctx, "aaa") },
		func() error { return old.Login(ctx, "aaa") },
		func() error { return b.Login(ctx, "aaa") },
		func() error { return b.Session().Batch(ctx, sessionstore.Set("a", "b"), sessionstore.Incr("n", 1)) },
		func() error { _, err := b.Session().Incr(ctx, "n", 1); return err },
		func() error { return b.Session().Delete(ctx, "a") },
		func() (err error) { infos, err = store.List(ctx, "aaa"); return err },
		func() error { return store.Revoke(ctx, "aaa", infos[0].Handle) },
		func() error { return store.RevokeOthers(ctx, "aaa", b.Session().Handle()) },
		func() error {
			return b.Do(func(s *sessionstore.Session) error { s.Refresh(ctx); return s.Logout(ctx) })
		},
		func() error { return b.Login(ctx, "aaa") },
		func() error { return store.RevokeAll(ctx, "aaa") },
		func() error { return b.Login(ctx, "aaa") },
		func() error {
			waiting := b.on(newStoreOn(t, connect(t, options), sessionstore.WaitForReplicas(1, time.Millisecond)))
			if err := waiting.Logout(ctx); err != nil && strings.Contains(err.Error(), "NOPERM") {
				return err
			}
			return nil
		},
	} {
		if err := use(); err != nil {
			return err
		}
	}
	return nil
}

func TestSuiteOverTLS(t *testing.T) {
	testall.Only(t)
	t.Parallel()
	_, options := startTLS(t)
	suite(t, func() redis.UniversalClient { return redis.NewClient(withPatience(options)) })
}

// startTLS starts a server that also speaks TLS, and gives the options for
// that.
func startTLS(t *testing.T) (*redistest.Server, *redis.Options) {
	t.Helper()
	certificate, err := redisserver.NewCertificate(t.TempDir())
	must(t, err)
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	server := redistest.StartServer(t, append([]string{"--tls-port", port}, certificate.Args()...)...)
	options := recommended(addr)
	options.TLSConfig = certificate.Trust()
	return server, options
}

// freeAddr is a loopback address on which nobody listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	return listener.Addr().String()
}
