package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"example.com/session-workshop/check/redisimage"
	"example.com/session-workshop/tools/internal/image"
)

// runRedisImage makes a Docker image from this machine's own Redis server, for
// machines that cannot pull one.
func runRedisImage(ctx context.Context, args []string) error {
	flags := newFlags("redis-image")
	name := flags.String("name", redisimage.Local, "`name` of the image; the tests look for the default")
	if err := parseOnly(flags, args); err != nil {
		return err
	}
	if runtime.GOOS != "linux" {
		return errors.New("redis-image: only programs of Linux run in a container. On this system, pull an image: docker pull " + redisimage.Official)
	}
	server, size, err := image.Make(ctx, *name)
	if err != nil {
		return fmt.Errorf("redis-image: %w", err)
	}
	fmt.Fprintf(stdout, "The image %s is ready (%.0f MB, from %s).\n", *name, float64(size)/1e6, server)
	return nil
}
