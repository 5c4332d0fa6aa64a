package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// compared are the modules whose versions matter.
var compared = []string{
	"github.com/alexedwards/scs/v2", "github.com/alexedwards/scs/goredisstore",
	"github.com/gorilla/sessions", "github.com/boj/redistore", "github.com/labstack/echo-contrib",
	"github.com/gofiber/fiber/v3", "github.com/gofiber/storage/redis/v3",
	"github.com/labstack/echo/v4", "github.com/redis/go-redis/v9",
}

// describe says what was measured, and where.
func describe(ctx context.Context) (machine, []version, error) {
	redis, err := startRedis()
	if err != nil {
		return machine{}, nil, err
	}
	defer redis.stop()
	info, err := redis.client.InfoMap(ctx, "server").Result()
	if err != nil {
		return machine{}, nil, err
	}
	versions := []version{{"Go", strings.TrimPrefix(runtime.Version(), "go")}, {"Redis", info["Server"]["redis_version"]}}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if slices.Contains(compared, module.Path) {
				versions = append(versions, version{module.Path, module.Version})
			}
		}
	}
	return machine{cpuName(), runtime.NumCPU(), runtime.GOOS + "/" + runtime.GOARCH, busy()}, versions, nil
}

// cpuName is the name that Linux has for the processor, if there is one.
func cpuName() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// busy is the load of the last minute, where Linux tells it.
func busy() string {
	text, _ := os.ReadFile("/proc/loadavg")
	minute, _, _ := strings.Cut(string(text), " ")
	return minute
}
