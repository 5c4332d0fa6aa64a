package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/process"
)

// compared has the modules whose versions are in the report.
var compared = []string{
	"github.com/alexedwards/scs/v2", "github.com/alexedwards/scs/goredisstore",
	"github.com/gorilla/sessions", "github.com/boj/redistore", "github.com/labstack/echo-contrib",
	"github.com/gofiber/fiber/v3", "github.com/gofiber/storage/redis/v3",
	"github.com/labstack/echo/v4", "github.com/redis/go-redis/v9",
}

// describe returns the versions of what is measured.
func (b *bench) describe(ctx context.Context) ([]version, error) {
	s, err := b.open(ctx, noWire)
	if err != nil {
		return nil, err
	}
	defer s.close()
	info, err := s.client.InfoMap(ctx, "server").Result()
	if err != nil {
		return nil, err
	}
	versions := []version{{"Go", strings.TrimPrefix(runtime.Version(), "go")}, {"Redis", info["Server"]["redis_version"]}}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if slices.Contains(compared, module.Path) {
				versions = append(versions, version{module.Path, module.Version})
			}
		}
	}
	return versions, nil
}

// thisMachine describes the machine, as far as the system tells.
func thisMachine() machine {
	m := machine{CPU: "unknown processor", CPUs: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH}
	if processors, err := cpu.Info(); err == nil && len(processors) > 0 {
		m.CPU = processors[0].ModelName
	}
	if average, err := load.Avg(); err == nil {
		m.Load = fmt.Sprintf("%.2f", average.Load1)
	}
	return m
}

// cpuTime is the CPU time of a process so far, of all its threads; 0 if the system
// does not tell.
func cpuTime(pid int) time.Duration {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return 0
	}
	times, err := p.Times()
	if err != nil {
		return 0
	}
	return time.Duration((times.User + times.System) * float64(time.Second))
}
