package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"example.com/session-workshop/sessionstore/bench/contestant"
)

// table is one table of the result, for the terminal and for results.md.
type table struct {
	title string
	note  string
	head  []string
	rows  [][]string
}

func (t table) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", t.title)
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, row := range append([][]string{t.head}, t.rows...) {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush()
	if t.note != "" {
		fmt.Fprintln(&b, t.note)
	}
	return b.String()
}

func (t table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n| %s |\n|---%s\n", t.title, strings.Join(t.head, " | "), strings.Repeat("|---:", len(t.head)-1)+"|")
	for _, row := range t.rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	if t.note != "" {
		fmt.Fprintf(&b, "\n%s\n", t.note)
	}
	return b.String()
}

// series are the values of one contestant, in the order of the rounds.
func series(runs []run, name string, value func(run) float64) []float64 {
	var values []float64
	for _, r := range runs {
		if r.Contestant == name {
			values = append(values, value(r))
		}
	}
	return values
}

func perSecond(r run) float64 { return r.PerSecond }

// ratio is the median of a contestant's throughput over another's, round by
// round.
func ratio(runs []run, name, base string) float64 {
	return median(ratios(series(runs, name, perSecond), series(runs, base, perSecond)))
}

func noise(runs []run) spread {
	return spreadOf(series(runs, contestant.Twin, perSecond), series(runs, contestant.Floor, perSecond))
}

// times shows a ratio, and says where it can be chance.
func (s spread) times(ratio float64) string {
	if s.equal(ratio) {
		return fmt.Sprintf("%.2f, equal", ratio)
	}
	return fmt.Sprintf("%.2f", ratio)
}

func (s spread) note() string {
	return fmt.Sprintf("Two runs of the floor lie between %.2f and %.2f of each other (the middle half of the rounds): a ratio in there is called equal.", s.Low, s.High)
}

func (r *report) tables() []table {
	return []table{
		r.standing(),
		r.speedTable(fmt.Sprintf("Throughput, %d connections", r.Settings.Connections), r.Speed),
		r.speedTable(fmt.Sprintf("Throughput with %v to Redis and back, %d connections", r.Settings.Delay, r.Settings.DelayedConnections), r.Delayed),
		r.behaviourTable(),
		r.memoryTable(),
		r.scaleTable(),
	}
}

func (r *report) text() string {
	var b strings.Builder
	for _, t := range r.tables() {
		b.WriteString(t.text())
	}
	return b.String()
}

func (r *report) speedTable(title string, runs []run) table {
	generator := median(series(runs, contestant.Floor, func(r run) float64 { return r.GeneratorCPU }))
	t := table{title: title, note: noise(runs).note() + fmt.Sprintf(" The generator takes %.0f µs of CPU a request, on the same CPUs.", generator),
		head: []string{"", "requests/s", "x floor", "this store is x", "p50 ms", "p99 ms", "CPU app µs", "CPU Redis µs"}}
	for _, name := range everyone() {
		value := func(get func(run) float64) float64 { return median(series(runs, name, get)) }
		t.rows = append(t.rows, []string{
			name,
			fmt.Sprintf("%.0f", value(perSecond)),
			noise(runs).times(ratio(runs, name, contestant.Floor)),
			noise(runs).times(ratio(runs, contestant.Ours, name)),
			fmt.Sprintf("%.2f", value(func(r run) float64 { return r.P50 })),
			fmt.Sprintf("%.2f", value(func(r run) float64 { return r.P99 })),
			fmt.Sprintf("%.0f", value(func(r run) float64 { return r.AppCPU })),
			fmt.Sprintf("%.1f", value(func(r run) float64 { return r.RedisCPU })),
		})
	}
	return t
}

func (r *report) behaviourTable() table {
	t := table{
		title: "Round trips to Redis, and updates lost",
		note:  fmt.Sprintf("Counted on the wire, connections open and scripts known. Lost: visits to one session, %d at a time, that did not count.", parallel),
		head:  []string{"", "a visit", "a first login", "a logout", "a login after it", "lost"},
	}
	for _, b := range r.Behaviour {
		t.rows = append(t.rows, []string{
			b.Contestant, fmt.Sprintf("%.2g", b.Visit), fmt.Sprintf("%.2g", b.Login), fmt.Sprintf("%.2g", b.Logout), fmt.Sprintf("%.2g", b.LoginAgain),
			fmt.Sprintf("%d of %d", b.Lost, b.Parallel),
		})
	}
	return t
}

func (r *report) memoryTable() table {
	t := table{
		title: "Bytes of a session",
		note: fmt.Sprintf("Growth of Redis' used_memory for each of %d users who logged in and visited once; with all that Redis spends on a key. "+
			"The index is this store's list of a user's sessions, by which they can be revoked.", r.Settings.MemorySessions),
		head: []string{"", "bytes", "x smallest peer", "without index", "x smallest peer"},
	}
	smallest := r.smallestPeer()
	for _, m := range r.Memory {
		row := []string{m.Contestant, fmt.Sprintf("%.0f", m.Bytes), fmt.Sprintf("%.2f", m.Bytes/smallest), "", ""}
		if m.WithoutIndex > 0 {
			row[3], row[4] = fmt.Sprintf("%.0f", m.WithoutIndex), fmt.Sprintf("%.2f", m.WithoutIndex/smallest)
		}
		t.rows = append(t.rows, row)
	}
	return t
}

func (r *report) memoryOf(name string) memory {
	for _, m := range r.Memory {
		if m.Contestant == name {
			return m
		}
	}
	return memory{}
}

func (r *report) smallestPeer() float64 {
	var smallest float64
	for _, c := range contestant.All {
		if m := r.memoryOf(c.Name); c.Peer && (smallest == 0 || m.Bytes < smallest) {
			smallest = m.Bytes
		}
	}
	return smallest
}

func (r *report) scaleTable() table {
	t := table{
		title: "Among many live sessions",
		note: fmt.Sprintf("Each visit goes to any of them. Medians of %d runs. The floor visits the very same sessions, so its growth is Redis' own.",
			r.Settings.ScaleRuns),
		head: []string{"", "sessions", "requests/s", "p50 ms", "p99 ms", "p99 x the fewest"},
	}
	for _, name := range scaled {
		for _, n := range r.Settings.ScaleSizes {
			value := func(get func(run) float64) float64 { return median(r.scaleSeries(name, n, get)) }
			t.rows = append(t.rows, []string{
				name, fmt.Sprint(n),
				fmt.Sprintf("%.0f", value(func(s run) float64 { return s.PerSecond })),
				fmt.Sprintf("%.2f", value(func(s run) float64 { return s.P50 })),
				fmt.Sprintf("%.2f", value(p99)),
				fmt.Sprintf("%.2f", r.scaleRatio(name, n)),
			})
		}
	}
	return t
}

func p99(s run) float64 { return s.P99 }

func (r *report) scaleSeries(name string, sessions int, value func(run) float64) []float64 {
	var values []float64
	for _, s := range r.Scale {
		if s.Contestant == name && s.Sessions == sessions {
			values = append(values, value(s))
		}
	}
	return values
}

// scaleRatio is the p99 among so many sessions over that among the fewest.
func (r *report) scaleRatio(name string, sessions int) float64 {
	return median(r.scaleSeries(name, sessions, p99)) / median(r.scaleSeries(name, r.Settings.ScaleSizes[0], p99))
}

// standing sets what was measured against what is asked for.
func (r *report) standing() table {
	t := table{title: "Where this store stands", head: []string{"", "asked for", "measured", ""}}
	row := func(what, asked, measured string, ok bool) {
		t.rows = append(t.rows, []string{what, asked, measured, map[bool]string{true: "yes", false: "no"}[ok]})
	}
	atLeast := func(what string, asked, measured float64) {
		row(what, fmt.Sprintf("at least %.2f", asked), fmt.Sprintf("%.2f", measured), measured >= asked)
	}
	atMost := func(what string, asked, measured float64) {
		row(what, fmt.Sprintf("at most %.2f", asked), fmt.Sprintf("%.2f", measured), measured <= asked)
	}
	for _, goal := range []struct {
		name string
		asks float64
	}{{contestant.Floor, 0.95}, {"scs", 2}, {"gorilla", 2}, {"fiber", 1.5}} {
		atLeast("throughput, x "+goal.name, goal.asks, ratio(r.Speed, contestant.Ours, goal.name))
	}
	atLeast("throughput with AutoPipeline, x floor", 1, ratio(r.Speed, contestant.OursPiped, contestant.Floor))
	for _, b := range r.Behaviour {
		if b.Contestant == contestant.Ours {
			atMost("round trips of a visit", 1, b.Visit)
			row("updates lost", "0", fmt.Sprint(b.Lost), b.Lost == 0)
		}
	}
	sizes := r.Settings.ScaleSizes
	most := sizes[len(sizes)-1]
	atMost(fmt.Sprintf("p99 among %d sessions, x that among %d", most, sizes[0]), 1.15, r.scaleRatio(contestant.Ours, most))
	ours := r.memoryOf(contestant.Ours)
	atMost("bytes of a session without index, x smallest peer", 1.3, ours.WithoutIndex/r.smallestPeer())
	atMost("bytes of a session with index, x smallest peer", 1.3, ours.Bytes/r.smallestPeer())
	return t
}
