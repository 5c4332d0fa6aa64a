package board

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"example.com/session-workshop/shared/lang"
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

// StuckAt is a sentence about the places at which most learners are stuck, and of two
// with as many, first the one of the longer wait. It is empty before the first report.
func (s snapshot) StuckAt() lang.Text {
	if len(s.Learners) == 0 {
		return lang.Text{}
	}
	minutes, learners := int(stuckAfter.Minutes()), map[lang.Text]int{}
	var places []lang.Text
	for _, l := range s.ByNeed() {
		if !l.Stuck() {
			continue
		}
		place := l.stepAndPlace()
		if learners[place]++; learners[place] == 1 {
			places = append(places, place)
		}
	}
	if len(places) == 0 {
		return lang.T("No learner is stuck: all who are at work have moved in the last %d minutes.",
			"行き詰まっている人はいません。作業中の人は全員、この %d 分の間に進みました。", minutes)
	}
	slices.SortStableFunc(places, func(a, b lang.Text) int { return cmp.Compare(learners[b], learners[a]) })
	var en, ja []string
	for _, place := range places[:min(mostPlaces, len(places))] {
		counted := lang.T("%s (%d)", "%s（%d 人）", place, learners[place])
		en, ja = append(en, counted.EN), append(ja, counted.JA)
	}
	most := lang.Text{EN: strings.Join(en, "; "), JA: strings.Join(ja, "、")}
	return lang.T("Stuck for %d minutes or more: %s", "%d 分以上進んでいない: %s", minutes, most)
}

func (l learner) stepAndPlace() lang.Text {
	if l.Place() == (lang.Text{}) {
		return lang.T("step %d", "ステップ %d", l.Last)
	}
	return lang.T("step %d, %s", "ステップ %d · %s", l.Last, l.Place())
}
