package board

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// stuckAfter is the time without progress after which a learner counts as stuck. It
// is the time of docs/INSTRUCTOR.md.
const stuckAfter = 5 * time.Minute

// Still is how long the learner has not moved, in whole minutes.
func (l learner) Still() int { return int(time.Since(l.Moved) / time.Minute) }

// Stuck reports whether the learner should get help.
func (l learner) Stuck() bool { return l.AtWork() && time.Since(l.Moved) >= stuckAfter }

// ByNeed returns the learners in the order in which they may need help: those at work
// who have not moved for the longest time, then the others by the same time.
func (s snapshot) ByNeed() []learner {
	sorted := slices.Clone(s.Learners)
	slices.SortStableFunc(sorted, func(a, b learner) int {
		if a.AtWork() != b.AtWork() {
			return map[bool]int{true: -1, false: 1}[a.AtWork()]
		}
		return a.Moved.Compare(b.Moved)
	})
	return sorted
}

// mostPlaces is how many places StuckAt names.
const mostPlaces = 3

// StuckAt is a sentence about the places at which most learners are stuck. It is
// empty before the first report.
func (s snapshot) StuckAt() string {
	if len(s.Learners) == 0 {
		return ""
	}
	learners := map[string]int{}
	for _, l := range s.Learners {
		if l.Stuck() {
			learners[strings.TrimSuffix(fmt.Sprintf("step %d, %s", l.Last, l.Place()), ", ")]++
		}
	}
	if len(learners) == 0 {
		return fmt.Sprintf("No learner is stuck: all who are at work have moved in the last %d minutes.", int(stuckAfter.Minutes()))
	}
	var places []string
	for place := range learners {
		places = append(places, place)
	}
	slices.SortFunc(places, func(a, b string) int {
		return cmp.Or(cmp.Compare(learners[b], learners[a]), strings.Compare(a, b))
	})
	for i, place := range places {
		places[i] = fmt.Sprintf("%s (%d)", place, learners[place])
	}
	return fmt.Sprintf("Stuck for %d minutes or more: %s", int(stuckAfter.Minutes()), strings.Join(places[:min(mostPlaces, len(places))], "; "))
}
