package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"example.com/session-workshop/sessionstore/bench/contestant"
)

// publish writes results.md and results.svg.
func (r *report) publish(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "results.svg"), []byte(r.plot()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "results.md"), []byte(r.markdown()), 0o644)
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# What a visit costs\n\n")
	fmt.Fprintf(&b, "Measured on %s in %.0f minutes by `make bench`, on one machine with %d CPUs (%s, %s) that runs the generator, the app and Redis at once. "+
		"So these are comparisons, not capacities: only ratios travel to other machines. The load in the minute before was %s.\n\n", r.Date, r.Minutes, r.Machine.CPUs, r.Machine.CPU, r.Machine.System, cmp.Or(r.Machine.Load, "unknown"))
	fmt.Fprintf(&b, "![The tables below as bars](results.svg)\n\n")
	fmt.Fprintf(&b, "Each contestant is the same small app (log in, `GET /` says \"Logged in as X. Visits: N\", log out; 1 h idle, 8 h at most) in a process of its own. "+
		"They take turns in %d rounds of %v each; a number is the median of the rounds, a ratio the median of the ratios in the same round. Raw numbers: [results.json](results.json).\n\n", r.Settings.Rounds, r.Settings.Run)
	for _, c := range contestant.All {
		fmt.Fprintf(&b, "- **%s**: %s\n", c.Name, c.About)
	}
	fmt.Fprintf(&b, "- **%s**: sessionstore/example, with its page, middleware and 10 s of TTL, without the panel\n", exampleApp)
	for _, t := range r.tables() {
		b.WriteString(t.markdown())
	}
	b.WriteString("\n## Versions\n\n")
	for _, v := range r.Versions {
		fmt.Fprintf(&b, "- %s %s\n", v.Module, v.Version)
	}
	b.WriteString(again)
	return b.String()
}

const again = `
## Measure it yourself

<!-- run: not here, because it takes minutes and a machine that does nothing else -->
` + "```sh\nmake bench\n```" + `

It needs a redis-server or valkey-server on the PATH, and a machine that does nothing else; it starts its own Redis. ` +
	"`make bench ARGS=-quick`" + ` looks in a minute whether all of it works, ` + "`ARGS=\"-profile /tmp\"`" + ` writes a CPU profile of each contestant.
`
