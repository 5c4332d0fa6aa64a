package main

import (
	"fmt"
	"html"
	"strings"

	"example.com/session-workshop/sessionstore/bench/contestant"
)

// panel is one group of bars in the picture.
type panel struct {
	title string
	bars  []bar
	form  string // of a number
}

// bar is one contestant's; second is drawn after first, in a lighter colour.
type bar struct {
	name          string
	first, second float64
}

// The picture takes its colours from the reader's choice of light or dark.
const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 14px }
.other { fill: #8c959f } .ours { fill: #0969da } .more { opacity: .45 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .other { fill: #6e7681 } .ours { fill: #4493f8 }
}
</style>
`

// Sizes in the picture, in pixels.
const (
	width, margin  = 760, 10
	names, numbers = 110, 110
	line, thick    = 22, 14
)

func (r *report) panels() []panel {
	speed := func(runs []run) []bar {
		var bars []bar
		for _, name := range everyone() {
			bars = append(bars, bar{name: name, first: median(series(runs, name, perSecond))})
		}
		return bars
	}
	var cpu, late, bytes []bar
	for _, name := range everyone() {
		cpu = append(cpu, bar{name,
			median(series(r.Speed, name, func(r run) float64 { return r.AppCPU })),
			median(series(r.Speed, name, func(r run) float64 { return r.RedisCPU }))})
		late = append(late, bar{name: name, first: median(series(r.Speed, name, func(r run) float64 { return r.P99 }))})
	}
	for _, m := range r.Memory {
		b := bar{name: m.Contestant, first: m.Bytes}
		if m.WithoutIndex > 0 {
			b.first, b.second = m.WithoutIndex, m.Bytes-m.WithoutIndex
		}
		bytes = append(bytes, b)
	}
	return []panel{
		{"Requests a second (more is better)", speed(r.Speed), "%.0f"},
		{fmt.Sprintf("Requests a second with %v to Redis and back (more is better)", r.Settings.Delay), speed(r.Delayed), "%.0f"},
		{"p99 in ms (less is better)", late, "%.1f"},
		{"CPU a request in µs: app, and Redis lighter (less is better)", cpu, "%.0f"},
		{"Bytes of a session: itself, and its index lighter (less is better)", bytes, "%.0f"},
	}
}

// plot draws the tables. Its text twin is results.md, where it stands.
func (r *report) plot() string {
	var b strings.Builder
	y := margin
	for _, p := range r.panels() {
		y = p.draw(&b, y) + line
	}
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"t\">\n<title id=\"t\">What a visit costs: %s and its peers. The tables in results.md say the same in numbers.</title>\n%s%s</svg>\n",
		width, y-line+margin, contestant.Ours, style, b.String())
}

// draw returns where the panel ends.
func (p panel) draw(b *strings.Builder, y int) int {
	var longest float64
	for _, bar := range p.bars {
		longest = max(longest, bar.first+bar.second)
	}
	y += line
	fmt.Fprintf(b, "<text class=\"title\" x=\"%d\" y=\"%d\">%s</text>\n", margin, y-6, html.EscapeString(p.title))
	for _, bar := range p.bars {
		p.drawBar(b, bar, y, float64(width-2*margin-names-numbers)/longest)
		y += line
	}
	return y
}

func (p panel) drawBar(b *strings.Builder, bar bar, y int, scale float64) {
	class := "other"
	if bar.name == contestant.Ours {
		class = "ours"
	}
	x, middle := float64(margin+names), y+thick-2
	number := fmt.Sprintf(p.form, bar.first)
	fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\">%s</text>\n", margin, middle, html.EscapeString(bar.name))
	fmt.Fprintf(b, "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", class, x, y, bar.first*scale, thick)
	if bar.second > 0 {
		fmt.Fprintf(b, "<rect class=\"%s more\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", class, x+bar.first*scale, y, bar.second*scale, thick)
		number += fmt.Sprintf(" + "+p.form, bar.second)
	}
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", x+(bar.first+bar.second)*scale+6, middle, number)
}
