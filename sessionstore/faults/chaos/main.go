// Command chaos runs many clients on the sessions of a few users at the same time,
// over a network that loses replies, cuts connections and delays commands. Then it
// asks porcupine (https://github.com/anishathalye/porcupine) whether the answers can be
// explained: each answered call took effect once, at one moment between the call and
// its answer, and each unanswered call once or never.
//
//	make chaos ARGS="-logins 100000"
//	make chaos ARGS="-cluster -logins 20000"
//
// If a history has no explanation, the command prints it, draws it as a page and
// fails. The printed seed repeats the faults and the choices of each client; their
// timing differs from run to run.
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
	err := run(ctx)
	if err != nil && ctx.Err() != nil {
		err = errors.New("stopped before the end")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	logins := flag.Int64("logins", 5000, "`number` of logins to make")
	cluster := flag.Bool("cluster", false, "use a cluster of three masters instead of one server")
	batching := flag.Bool("batching", false, "use a store with the option Batching")
	seed := flag.Uint64("seed", rand.Uint64N(1e6), "seed of the faults and of the choices of the clients")
	out := flag.String("out", "chaos-violations", "`folder` for the pages of violations")
	flag.Parse()
	// The suite causes on purpose what the library would log.
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
	say := func(text string) { fmt.Println(text) }
	s := &suite{service: redis, logins: *logins, seed: *seed, out: *out, report: say, progress: say}
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
