package faults

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/loopback"
	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/redistest"
	"example.com/session-workshop/check/testall"
	"example.com/session-workshop/sessionstore"
	"example.com/session-workshop/sessionstore/sessiontest"
)

// leastPrivileges is what an ACL must allow the user of the store, in addition to its
// keys, ~PREFIX*. Every user may send HELLO and AUTH. Only WaitForReplicas needs
// +wait.
const leastPrivileges = "-@all +eval +evalsha +exists +hdel +hget +hgetall +hincrby +hmget +hset +pexpire +pexpireat +pexpiretime +pttl +time +unlink +wait +zadd +zrange +zrem"

// clusterPrivileges is what the client library also needs on a cluster: to read the
// map of the slots and the list of commands.
const clusterPrivileges = "+cluster|slots +command"

const (
	user     = "store"
	password = "not a secret"
)

// suiteTimeout is long because the suite tests behaviour, and the machine may be
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
	// The subtest ends only after all parallel subtests of the suite, so wantNothingDenied
	// runs last.
	t.Run("Suite", func(t *testing.T) {
		suite(t, func() redis.UniversalClient {
			return redis.NewClient(asUser(server.Addr))
		}, sessiontest.Admin(server.Client))
	})
	wantNothingDenied(t, server.Client)
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
		wantNothingDenied(t, c.Node(i).Client)
	}
}

// If any one of the commands is not allowed, some call fails.
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

// allow gives the user these commands, on keys with this prefix only.
func allow(t *testing.T, admin redis.UniversalClient, prefix, commands string) {
	t.Helper()
	rules := append([]string{"reset", "on", ">" + password, "~" + prefix + "*"}, strings.Fields(commands)...)
	must(t, admin.ACLSetUser(t.Context(), user, rules...).Err())
	must(t, admin.ACLLogReset(t.Context()).Err())
}

// wantNothingDenied fails the test if Redis denied the user a command or a key, even if
// no call returned an error.
func wantNothingDenied(t *testing.T, admin redis.UniversalClient) {
	t.Helper()
	denied, err := admin.ACLLog(t.Context(), 10).Result()
	must(t, err)
	for _, entry := range denied {
		t.Errorf("Redis denied %s the %s %q", entry.Username, entry.Reason, entry.Object)
	}
}

func asUser(addr string) *redis.Options {
	options := recommended(addr)
	options.Username, options.Password = user, password
	return withPatience(options)
}

// useEverything calls each method of the store and returns the first error.
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
			waiting := b.at(newStoreOn(t, connect(t, options), sessionstore.WaitForReplicas(1, time.Millisecond)))
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

// startTLS starts a server with a TLS port and returns the client options for it.
func startTLS(t *testing.T) (*redistest.Server, *redis.Options) {
	t.Helper()
	certificate, err := redisserver.NewCertificate(t.TempDir())
	must(t, err)
	addr := loopback.Free(t)
	_, port, _ := net.SplitHostPort(addr)
	server := redistest.StartServer(t, append([]string{"--tls-port", port}, certificate.Args()...)...)
	options := recommended(addr)
	options.TLSConfig = certificate.Trust()
	return server, options
}
