// Command chaos has many clients use the sessions of a few users at once, over a
// network that loses replies, cuts connections and delivers commands late, and
// asks porcupine (https://github.com/anishathalye/porcupine) whether the answers
// can be explained: each call that was answered took effect once, at one moment
// between the call and its answer, and each that was not, once or never.
//
//	make chaos ARGS="-logins 100000"
//	make chaos ARGS="-cluster -logins 20000"
//
// A history that has no explanation is printed, drawn as a page, and makes the
// command fail. The seed that is printed brings back the same faults and the same
// choices of each client; how they fall together differs from run to run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9/logging"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	logins := flag.Int64("logins", 5000, "how many logins to make")
	cluster := flag.Bool("cluster", false, "use a cluster of three masters in place of one server")
	batching := flag.Bool("batching", false, "give the store the option Batching")
	seed := flag.Uint64("seed", rand.Uint64N(1e6), "choose the faults and what the clients do")
	out := flag.String("out", "chaos-violations", "`folder` for the pages of violations")
	flag.Parse()
	// What the library logs is what this suite brings about.
	logging.Disable()
	dir, err := os.MkdirTemp("", "chaos-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	redis, kill, err := start(ctx, dir, *cluster)
	if err != nil {
		return err
	}
	defer kill()
	redis.batching = *batching
	begun := time.Now()
	fmt.Printf("seed %d\n", *seed)
	s := &suite{service: redis, logins: *logins, seed: *seed, out: *out, report: func(text string) { fmt.Println(text) }}
	total, err := s.run(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%v, in %v\n", total, time.Since(begun).Round(time.Second))
	if total.violations.Load() > 0 {
		return errors.New("there were violations")
	}
	return nil
}
