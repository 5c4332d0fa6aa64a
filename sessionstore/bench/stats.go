package main

import (
	"math"
	"slices"
)

func median(values []float64) float64 { return quantile(values, 0.5) }

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

// ratios compares the runs of one round with each other, so that a machine
// that is slower for a while slows down both.
func ratios(values, base []float64) []float64 {
	all := make([]float64, 0, len(values))
	for i := range min(len(values), len(base)) {
		all = append(all, values[i]/base[i])
	}
	return all
}

// spread is how far apart two runs of the same program lie.
type spread struct{ Low, High float64 }

// spreadOf takes the middle half of the ratios between the floor and its twin,
// either way round: which of the two is which is chance.
func spreadOf(twin, floor []float64) spread {
	r := ratios(twin, floor)
	low, high := quantile(r, 0.25), quantile(r, 0.75)
	return spread{min(low, 1/high), max(high, 1/low)}
}

// equal tells whether a ratio can be chance.
func (s spread) equal(ratio float64) bool { return s.Low <= ratio && ratio <= s.High }
