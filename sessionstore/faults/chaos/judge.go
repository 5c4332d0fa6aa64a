package main

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

// judgement is how long porcupine may take for one history. If it takes longer, that
// counts as a violation.
const judgement = time.Minute

// judge asks porcupine whether some order of the effects explains every answer.
func (r rules) judge(ops []*op) (porcupine.CheckResult, porcupine.LinearizationInfo) {
	history := make([]porcupine.Operation, len(ops))
	// An unanswered effect lasts while its client makes other calls, so the page shows
	// it in a separate row.
	row := clients
	for i, o := range ops {
		history[i] = porcupine.Operation{ClientId: o.client, Input: o, Call: o.from, Return: o.to}
		if !o.sure {
			history[i].ClientId = row
			row++
		}
	}
	return porcupine.CheckOperationsVerbose(r.model(), history, judgement)
}

func (r rules) illegal(ops []*op) bool {
	result, _ := r.judge(ops)
	return result == porcupine.Illegal
}

// shorten returns the shortest beginning of an illegal history that is also illegal,
// without the reads that it does not need to be illegal.
func (r rules) shorten(ops []*op) []*op {
	var ends []int64
	for _, o := range ops {
		ends = append(ends, o.to)
	}
	slices.Sort(ends)
	first := sort.Search(len(ends), func(i int) bool { return r.illegal(until(ops, ends[i])) })
	if first < len(ends) {
		ops = until(ops, ends[first])
	}
	for _, o := range slices.Clone(ops) {
		rest := slices.DeleteFunc(slices.Clone(ops), func(other *op) bool { return other == o })
		if o.reads() && r.illegal(rest) {
			ops = rest
		}
	}
	slices.SortFunc(ops, func(a, b *op) int { return cmp.Compare(a.from, b.from) })
	return ops
}

// until returns the history as known at a tick: an effect under way is unanswered.
func until(ops []*op, at int64) (known []*op) {
	for _, o := range ops {
		open := *o
		switch {
		case o.verb == settled:
			open.from, open.to = min(o.from, at), min(o.to, at)
		case o.from > at, o.to > at && o.reads():
			continue
		case o.to > at:
			open.sure, open.maybe, open.to = false, false, math.MaxInt64
		}
		known = append(known, &open)
	}
	return known
}

// reads reports whether an effect changes nothing.
func (o *op) reads() bool { return o.verb == read || o.verb == list || o.none }
