package main

import (
	"fmt"
	"math"
	"slices"

	"example.com/session-workshop/sessionstore/bench/contestant"
)

// runs has measurements in the order in which they were made.
type runs []run

// of returns the runs of a contestant with a given number of live sessions.
func (all runs) of(contestant string, sessions int) runs {
	var some runs
	for _, r := range all {
		if r.Contestant == contestant && r.Sessions == sessions {
			some = append(some, r)
		}
	}
	return some
}

// numbers returns all measured numbers of a run.
func (r *run) numbers() []*float64 {
	return []*float64{&r.PerSecond, &r.P50, &r.P99, &r.AppCPU, &r.RedisCPU, &r.GeneratorCPU}
}

// median returns a run with the median of each number.
func (all runs) median() run {
	m := all[0]
	for i, number := range m.numbers() {
		var values []float64
		for _, r := range all {
			values = append(values, *r.numbers()[i])
		}
		*number = quantile(values, 0.5)
	}
	return m
}

// Medians returns the median of each contestant and number of live sessions, in the
// order of the tables.
func (all runs) Medians() []run {
	var medians []run
	for _, r := range all {
		if !slices.ContainsFunc(medians, r.isLike) {
			medians = append(medians, all.of(r.Contestant, r.Sessions).median())
		}
	}
	order := everyone()
	slices.SortStableFunc(medians, func(a, b run) int {
		return slices.Index(order, a.Contestant) - slices.Index(order, b.Contestant)
	})
	return medians
}

func (r run) isLike(other run) bool {
	return r.Contestant == other.Contestant && r.Sessions == other.Sessions
}

// ratios divides throughputs from the same round, so that a slow moment of the machine
// affects both.
func (all runs) ratios(name, base string) []float64 {
	a, b := all.of(name, 0), all.of(base, 0)
	var ratios []float64
	for i := range min(len(a), len(b)) {
		ratios = append(ratios, a[i].PerSecond/b[i].PerSecond)
	}
	return ratios
}

func (all runs) ratio(name, base string) float64 { return quantile(all.ratios(name, base), 0.5) }

// cost is the median of the runs of a contestant.
func (all runs) cost(name string) run { return all.of(name, 0).median() }

// Times prints a ratio, with "equal" if it may be chance.
func (all runs) Times(name, base string) string {
	return all.Noise().times(all.ratio(name, base))
}

// spread is the range of ratios between two runs of the same program.
type spread struct{ Low, High float64 }

// Noise is the middle half of the ratios between the floor and its twin and of their
// inverses, because the two are the same program.
func (all runs) Noise() spread {
	r := all.ratios(contestant.Twin, contestant.Floor)
	low, high := quantile(r, 0.25), quantile(r, 0.75)
	return spread{min(low, 1/high), max(high, 1/low)}
}

func (s spread) times(ratio float64) string {
	if s.Low <= ratio && ratio <= s.High {
		return fmt.Sprintf("%.2f, equal", ratio)
	}
	return fmt.Sprintf("%.2f", ratio)
}

func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	position := q * float64(len(sorted)-1)
	below := int(position)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (position-float64(below))*(sorted[above]-sorted[below])
}
