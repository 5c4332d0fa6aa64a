package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// suite plays rounds until enough logins were made.
type suite struct {
	service
	logins int64 // number of logins to make
	seed   uint64
	out    string // the folder for pages of violations
	// report gets the violations, and progress how far the run is.
	report, progress func(string)
}

// result is the sum of all rounds.
type result struct {
	rounds, logins, calls, unanswered, attempts, violations atomic.Int64
}

func (r *result) String() string {
	return fmt.Sprintf("%d logins in %d rounds, %d calls (%d unanswered), %d login attempts not confirmed: %d violations",
		r.logins.Load(), r.rounds.Load(), r.calls.Load(), r.unanswered.Load(), r.attempts.Load(), r.violations.Load())
}

// parallel is how many rounds run at the same time. They mostly wait.
const parallel = 4

func (s *suite) run(ctx context.Context) (*result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	admin := s.connect()
	defer admin.Close()
	total := new(result)
	told := make(chan struct{})
	go func() {
		defer close(told)
		s.sayOften(ctx, total)
	}()
	var group sync.WaitGroup
	for range parallel {
		group.Go(func() {
			for total.logins.Load() < s.logins && ctx.Err() == nil {
				number := total.rounds.Add(1)
				r := &round{
					service: s.service, admin: admin, retries: number%2 == 0,
					prefix: fmt.Sprintf("chaos-%d-%d:", s.seed, number),
					random: rand.New(rand.NewPCG(s.seed, uint64(number))),
				}
				histories, err := r.play(ctx)
				if err != nil {
					cancel(fmt.Errorf("round %d: %w", number, err))
					return
				}
				for i, h := range histories {
					total.count(h)
					s.judge(h, fmt.Sprintf("seed-%d-round-%d-user-%d", s.seed, number, i), total)
				}
			}
		})
	}
	group.Wait()
	err := context.Cause(ctx)
	cancel(nil)
	<-told
	return total, err
}

// sayOften says twice a minute how far the run is, until ctx ends.
func (s *suite) sayOften(ctx context.Context, total *result) {
	ticker := time.NewTicker(30 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.progress(fmt.Sprintf("... so far, of %d logins: %v", s.logins, total))
		}
	}
}

func (r *result) count(h *history) {
	for _, c := range h.calls {
		r.calls.Add(1)
		if c.verb == begin {
			r.logins.Add(1)
		}
		if !c.answered() {
			r.unanswered.Add(1)
		}
		for _, a := range c.attempts {
			if !a.confirmed {
				r.attempts.Add(1)
			}
		}
	}
}

// judge reports and draws what is wrong with a history.
func (s *suite) judge(h *history, name string, total *result) {
	for _, text := range h.wrong {
		total.violations.Add(1)
		s.report(name + ": " + text)
	}
	for part, ops := range h.parts(s.cluster) {
		result, _ := h.judge(ops)
		if result == porcupine.Ok {
			continue
		}
		total.violations.Add(1)
		if result == porcupine.Illegal {
			ops = h.shorten(ops)
		}
		text := fmt.Sprintf("%s: porcupine says %s\n", name, result)
		for _, o := range ops {
			text += fmt.Sprintf("  %5d to %5d  client %d  %v\n", o.from, o.to, o.client, o)
		}
		s.report(text + s.draw(h, ops, fmt.Sprintf("%s-part-%d", name, part)))
	}
}

// draw writes porcupine's page of a history and returns a line that names the file.
func (s *suite) draw(h *history, ops []*op, name string) string {
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err.Error()
	}
	path := filepath.Join(s.out, strings.ReplaceAll(name, ":", "-")+".html")
	_, info := h.rules.judge(ops)
	if err := porcupine.VisualizePath(h.model(), info, path); err != nil {
		return err.Error()
	}
	return "  drawn in " + path
}
