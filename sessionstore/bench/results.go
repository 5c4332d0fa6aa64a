package main

import (
	"bytes"
	"embed"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"text/template"

	"example.com/session-workshop/sessionstore/bench/contestant"
)

//go:embed results.md.tmpl results.svg.tmpl
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"number": number}).ParseFS(files, "*.tmpl"))

// number prints a whole number as it is, and any other with two decimals. A ratio to a CPU
// time of 0, in a run shorter than a tick of that clock, is unknown.
func number(n float64) string {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return "unknown"
	}
	if n == math.Trunc(n) {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%.2f", n)
}

// render executes a template with the report as its data.
func (r *report) render(name string) ([]byte, error) {
	var b bytes.Buffer
	err := templates.ExecuteTemplate(&b, name, r)
	return b.Bytes(), err
}

// publish writes results.md and results.svg.
func (r *report) publish(dir string) error {
	for _, name := range []string{"results.md", "results.svg"} {
		text, err := r.render(name + ".tmpl")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Contestants returns the contestants of the tables, without the example.
func (*report) Contestants() []contestant.Contestant { return contestant.All }

// goal is a number that this store should reach or, unless AtLeast, not exceed.
type goal struct {
	What            string
	AtLeast         bool
	Asked, Measured float64
}

// Met reports whether the store reaches the goal.
func (g goal) Met() bool {
	if g.AtLeast {
		return g.Measured >= g.Asked
	}
	return g.Measured <= g.Asked
}

// Goals compares the measurements with what is asked for.
func (r *report) Goals() []goal {
	throughput := func(than string) float64 { return r.Speed.ratio(contestant.Ours, than) }
	floor, ours, batched := r.Speed.cost(contestant.Floor), r.Speed.cost(contestant.Ours), r.Speed.cost(contestant.OursBatched)
	behaviour, bytes := r.behaviourOf(contestant.Ours), r.memoryOf(contestant.Ours)
	fewest, most := r.Settings.ScaleSizes[0], slices.Max(r.Settings.ScaleSizes)
	return []goal{
		{"throughput, x floor", true, 0.92, throughput(contestant.Floor)},
		{"throughput, x scs", true, 2, throughput("scs")},
		{"throughput, x gorilla", true, 2.5, throughput("gorilla")},
		{"throughput, x fiber", true, 1.6, throughput("fiber")},
		{"CPU of the app, x floor", false, 1.05, ours.AppCPU / floor.AppCPU},
		{"CPU of Redis, x floor", false, 1.4, ours.RedisCPU / floor.RedisCPU},
		{"throughput with Batching, x floor", true, 1.1, r.Speed.ratio(contestant.OursBatched, contestant.Floor)},
		{"CPU of Redis with Batching, x floor", false, 0.8, batched.RedisCPU / floor.RedisCPU},
		{"round trips of a visit", false, 1, behaviour.Visit},
		{"updates lost", false, 0, float64(behaviour.Lost)},
		{fmt.Sprintf("p99 among %d sessions, x that among %d", most, fewest), false, 1.15,
			r.Growth(r.Scale.of(contestant.Ours, most).median())},
		{"bytes of a session without index, x smallest peer", false, 1.3, r.OverSmallestPeer(bytes.WithoutIndex)},
		{"bytes of a session with index", false, 470, bytes.Bytes},
	}
}

func (r *report) behaviourOf(name string) behaviour {
	i := slices.IndexFunc(r.Behaviour, func(b behaviour) bool { return b.Contestant == name })
	return r.Behaviour[i]
}

func (r *report) memoryOf(name string) memory {
	i := slices.IndexFunc(r.Memory, func(m memory) bool { return m.Contestant == name })
	return r.Memory[i]
}

// OverSmallestPeer is bytes divided by the bytes of the smallest peer.
func (r *report) OverSmallestPeer(bytes float64) float64 {
	var peers []float64
	for _, c := range contestant.All {
		if c.Peer {
			peers = append(peers, r.memoryOf(c.Name).Bytes)
		}
	}
	return bytes / slices.Min(peers)
}

// Growth is the p99 of a median divided by that among the fewest sessions.
func (r *report) Growth(of run) float64 {
	return of.P99 / r.Scale.of(of.Contestant, r.Settings.ScaleSizes[0]).median().P99
}

// bar is the bar of a contestant in the picture, in pixels.
type bar struct {
	run
	Y     int
	Width float64
}

// Bars shows the throughput of each contestant.
func (r *report) Bars() []bar {
	const line, longest = 22, 520
	var bars []bar
	var fastest float64
	for i, m := range r.Speed.Medians() {
		bars = append(bars, bar{m, line * i, m.PerSecond})
		fastest = max(fastest, m.PerSecond)
	}
	for i := range bars {
		bars[i].Width *= longest / fastest
	}
	return bars
}
