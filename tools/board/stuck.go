package board

import (
	"cmp"
	"maps"
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

// StuckAt is a sentence about the places at which most learners are stuck. It is
// empty before the first report.
func (s snapshot) StuckAt() lang.Text {
	if len(s.Learners) == 0 {
		return lang.Text{}
	}
	minutes, learners := int(stuckAfter.Minutes()), map[lang.Text]int{}
	for _, l := range s.Learners {
		if l.Stuck() {
			learners[l.stepAndPlace()]++
		}
	}
	if len(learners) == 0 {
		return lang.T("No learner is stuck: all who are at work have moved in the last %d minutes.",
			"行き詰まっている人はいません。作業中の人は全員、この %d 分の間に進みました。", minutes)
	}
	places := slices.SortedFunc(maps.Keys(learners), func(a, b lang.Text) int {
		return cmp.Or(cmp.Compare(learners[b], learners[a]), strings.Compare(a.EN, b.EN))
	})
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
	return lang.T("step %d, %s", "ステップ %d の %s", l.Last, l.Place())
}
