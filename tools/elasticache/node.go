package elasticache

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redisserver"
	"example.com/session-workshop/check/wait"
)

// adminUser is the user by which the nodes talk to each other, and we control
// them.
const adminUser = "administrator"

// ownName returns our name for a refused command, by which we can still control
// the nodes.
func ownName(command string) string { return "standin-" + command }

type node struct {
	addr    string
	dir     string
	process *redisserver.Process
	client  *redis.Client
}

// addNode starts a node that is not connected to another yet.
func (s *StandIn) addNode() error {
	port, err := redisserver.FreePort()
	if err != nil {
		return err
	}
	n := &node{
		addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		dir:  filepath.Join(s.options.Dir, fmt.Sprintf("node%d", len(s.nodes)+1)),
	}
	if err := errors.Join(os.RemoveAll(n.dir), os.MkdirAll(n.dir, 0o700)); err != nil {
		return err
	}
	n.client = redis.NewClient(s.adminOptions(n.addr))
	s.nodes = append(s.nodes, n)
	return s.run(n)
}

// run starts the process of a node, or restarts it.
func (s *StandIn) run(n *node) error {
	users := filepath.Join(n.dir, "users.acl")
	if err := os.WriteFile(users, []byte(s.users()), 0o600); err != nil {
		return err
	}
	args := append(s.listenArgs(n),
		"--aclfile", users, "--masteruser", adminUser, "--masterauth", s.admin,
		"--maxmemory-policy", "noeviction",
		"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1",
	)
	for _, command := range Refused {
		args = append(args, "--rename-command", command, ownName(command))
	}
	if s.options.Cluster {
		args = append(args, "--cluster-enabled", "yes")
	}
	var err error
	n.process, err = redisserver.Start(n.dir, s.adminOptions(n.addr), args...)
	return err
}

// listenArgs returns the arguments by which a node listens, and talks to the
// others, with or without TLS.
func (s *StandIn) listenArgs(n *node) []string {
	if s.options.Plain {
		return []string{"--port", port(n.addr)}
	}
	return append(s.certificate.Args(),
		"--port", "0", "--tls-port", port(n.addr), "--tls-replication", "yes", "--tls-cluster", "yes")
}

// users returns the ACL file. It has the administrator, and either the user of
// the app and a disabled default user, or a default user with all rights.
func (s *StandIn) users() string {
	administrator := fmt.Sprintf("user %s on >%s ~* &* +@all\n", adminUser, s.admin)
	if s.options.Plain {
		return "user default on nopass ~* &* +@all\n" + administrator
	}
	state, rights, _ := strings.Cut(s.options.AccessString, " ")
	return fmt.Sprintf("user default off\nuser %s %s >%s %s\n", User, state, s.password, rights) + administrator
}

func (s *StandIn) adminOptions(addr string) *redis.Options {
	return &redis.Options{
		Addr: addr, Username: adminUser, Password: s.admin, TLSConfig: s.trust(),
		DisableIdentity: true,
		// Over TLS the library notices a restarted node only by a failed
		// command.
		MaxRetries: 2,
	}
}

func (n *node) close() {
	n.client.Close()
	if n.process != nil {
		n.process.Kill()
	}
}

// replicate makes the second node the replica of the first.
func (s *StandIn) replicate(ctx context.Context) error { return s.follow(ctx, s.nodes[1]) }

// follow makes a node the replica of the primary, and returns when it has
// copied the data.
func (s *StandIn) follow(ctx context.Context, n *node) error {
	if err := n.client.Do(ctx, ownName("REPLICAOF"), "127.0.0.1", port(s.primary.addr)).Err(); err != nil {
		return err
	}
	return wait.Until(ctx, func() error {
		info, err := s.primary.client.Info(ctx, "replication").Result()
		if err == nil && !strings.Contains(info, ",port="+port(n.addr)+",state=online,") {
			err = errors.New("no replica of the primary is online")
		}
		return err
	})
}

func (s *StandIn) joinCluster(ctx context.Context) error {
	var nodes []redisserver.Node
	for _, n := range s.nodes {
		nodes = append(nodes, redisserver.Node{Addr: n.addr, Client: n.client})
	}
	return redisserver.Join(ctx, nodes, len(nodes), 0)
}

func port(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}
