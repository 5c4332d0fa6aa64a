package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"example.com/session-workshop/check/redisserver"
)

// service is the Redis to test, one server or the masters of a cluster. No other
// program uses it.
type service struct {
	addrs   []string
	cluster bool
	// batching gives the store the option Batching.
	batching bool
}

// masters is how many masters a cluster needs.
const masters = 3

// start starts a Redis that keeps its files in dir.
func start(ctx context.Context, dir string, cluster bool) (s service, stop func(), err error) {
	n, args := 1, []string(nil)
	if cluster {
		n, args = masters, []string{"--cluster-enabled", "yes"}
	}
	s.cluster = cluster
	var processes []*redisserver.Process
	stop = func() {
		for _, p := range processes {
			p.Kill()
		}
	}
	var nodes []redisserver.Node
	for range n {
		p, addr, err := startNode(dir, args)
		if err != nil {
			stop()
			return s, nil, err
		}
		client := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
		defer client.Close()
		processes, s.addrs = append(processes, p), append(s.addrs, addr)
		nodes = append(nodes, redisserver.Node{Addr: addr, Client: client})
	}
	if cluster {
		if err := redisserver.Join(ctx, nodes, masters, 0); err != nil {
			stop()
			return s, nil, err
		}
	}
	return s, stop, nil
}

func startNode(dir string, args []string) (*redisserver.Process, string, error) {
	port, err := redisserver.FreePort()
	if err != nil {
		return nil, "", err
	}
	own, err := os.MkdirTemp(dir, "redis-")
	if err != nil {
		return nil, "", err
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	p, err := redisserver.Start(own, &redis.Options{Addr: addr, DisableIdentity: true}, append(args, "--port", strconv.Itoa(port))...)
	return p, addr, err
}

// connect returns a client without faults.
func (s service) connect() redis.UniversalClient { return redis.NewUniversalClient(s.options()) }

func (s service) options() *redis.UniversalOptions {
	return &redis.UniversalOptions{
		Addrs: s.addrs, IsClusterMode: s.cluster, ContextTimeoutEnabled: true, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// eachNode calls do for each server.
func (s service) eachNode(ctx context.Context, admin redis.UniversalClient, do func(context.Context, redis.Cmdable) error) error {
	if cluster, ok := admin.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return do(ctx, node) })
	}
	return do(ctx, admin)
}

// idle returns an error while a client with this name is connected.
func (s service) idle(ctx context.Context, admin redis.UniversalClient, name string) error {
	return s.eachNode(ctx, admin, func(ctx context.Context, node redis.Cmdable) error {
		list, err := node.ClientList(ctx).Result()
		if err == nil && strings.Contains(list, "name="+name+" ") {
			err = fmt.Errorf("%s is still connected", name)
		}
		return err
	})
}

// clear removes the keys with a prefix, and returns the handles of the live sessions
// among them.
func (s service) clear(ctx context.Context, admin redis.UniversalClient, prefix string) (left []string, err error) {
	var mu sync.Mutex
	err = s.eachNode(ctx, admin, func(ctx context.Context, node redis.Cmdable) error {
		for keys := node.Scan(ctx, 0, prefix+"*", 1000).Iterator(); keys.Next(ctx); {
			key := keys.Val()
			// HEXISTS fails for an index, which is not a hash.
			if node.HExists(ctx, key, "username").Val() {
				mu.Lock()
				left = append(left, strings.TrimPrefix(key, prefix))
				mu.Unlock()
			}
			if err := node.Unlink(ctx, key).Err(); err != nil {
				return err
			}
		}
		return nil
	})
	return left, err
}

// impatient sets short timeouts, so that a delayed command costs little time.
func impatient(o *redis.UniversalOptions) *redis.UniversalOptions {
	const wait = 150 * time.Millisecond
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = wait, wait, patience
	o.DialTimeout, o.DialerRetries = time.Second, 1
	o.MinRetryBackoff, o.MaxRetryBackoff = time.Millisecond, 4*time.Millisecond
	o.PoolSize = 2 * users * clients
	return o
}
