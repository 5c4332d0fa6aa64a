package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/check/redisserver"
)

// redisServer is a Redis of this run alone, a child process that keeps nothing
// on disk.
type redisServer struct {
	addr    string
	client  *redis.Client
	process *redisserver.Process
	dir     string
}

func startRedis() (*redisServer, error) {
	port, err := redisserver.FreePort()
	if err != nil {
		return nil, err
	}
	// The folder is empty: a Redis reads a dump that it finds in its own.
	dir, err := os.MkdirTemp("", "bench-redis-")
	if err != nil {
		return nil, err
	}
	options := &redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", port), MaxRetries: -1, PipelinePoolSize: -1}
	process, err := redisserver.Start(dir, options, "--port", strconv.Itoa(port))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &redisServer{options.Addr, redis.NewClient(options), process, dir}, nil
}

func (r *redisServer) pid() int { return r.process.Process().Pid }

func (r *redisServer) stop() {
	r.client.Close()
	r.process.Kill()
	// What is left in a folder for temporary files does no harm.
	_ = os.RemoveAll(r.dir)
}

// usedMemory is what the server has allocated, in bytes, when no client but
// ours is connected: the buffers of clients count too.
func (r *redisServer) usedMemory(ctx context.Context) (bytes int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	err = redisserver.Until(ctx, func() error {
		info, err := r.client.InfoMap(ctx, "clients", "memory").Result()
		if err != nil {
			return err
		}
		if info["Clients"]["connected_clients"] != "1" {
			return errors.New("the clients of Redis do not disconnect")
		}
		bytes, err = strconv.ParseInt(info["Memory"]["used_memory"], 10, 64)
		return err
	})
	return bytes, err
}
