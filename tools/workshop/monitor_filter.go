package main

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
)

// setUp are the commands by which clients make a connection and learn who is
// there.
var setUp = map[string]bool{
	"auth": true, "client": true, "cluster": true, "command": true, "hello": true, "ping": true, "readonly": true, "select": true,
	`info "cluster"`: true,
}

// look is what the panel sends when it reads a key: these three, by one
// client, with the same key, at once.
var look = []string{"type", "pttl", "hgetall"}

// lookWithin is how long the rest of a look may take. Somebody who types TYPE
// waits as long to see it.
const lookWithin = 250 * time.Millisecond

// filter decides what is shown, and keeps the order.
type filter struct {
	all   bool
	queue []*shown
	// begun is, by client, what may be the beginning of a look.
	begun map[string][]*shown
}

// shown is a line that will be, unless it turns out to be part of a look.
type shown struct {
	line, client, words string
	decideBy            time.Time
	decided, hidden     bool
}

func newFilter(all bool) *filter { return &filter{all: all, begun: map[string][]*shown{}} }

// monitored is a line such as
//
//	1339518083.107412 [0 127.0.0.1:60866] "keys" "*"
var monitored = regexp.MustCompile(`^[0-9.]+ \[[0-9]+ ([^\]]*)\] "([^"]*)" ?(.*)$`)

// add takes in the next line.
func (f *filter) add(line string, now time.Time) {
	s := &shown{line: line, decideBy: now.Add(lookWithin)}
	match := monitored.FindStringSubmatch(line)
	if f.all || match == nil {
		s.decided = true
		f.queue = append(f.queue, s)
		return
	}
	var name string
	s.client, name, s.words = match[1], strings.ToLower(match[2]), match[3]
	if setUp[name] || setUp[strings.ToLower(name+" "+s.words)] {
		return
	}
	f.queue = append(f.queue, s)
	f.compare(s, name)
}

// compare tells how far the client of a line is in a look.
func (f *filter) compare(s *shown, name string) {
	begun := f.begun[s.client]
	if len(begun) > 0 && (name != look[len(begun)] || s.words != begun[0].words) {
		f.decide(s.client, false)
		begun = nil
	}
	if name != look[len(begun)] {
		s.decided = true
		return
	}
	f.begun[s.client] = append(begun, s)
	if len(f.begun[s.client]) == len(look) {
		f.decide(s.client, true)
	}
}

func (f *filter) decide(client string, isLook bool) {
	for _, s := range f.begun[client] {
		s.decided, s.hidden = true, isLook
	}
	delete(f.begun, client)
}

// wait is the time until the next line must be decided.
func (f *filter) wait(now time.Time) time.Duration {
	if len(f.queue) == 0 {
		return math.MaxInt64
	}
	return f.queue[0].decideBy.Sub(now)
}

// print shows what is decided by now.
func (f *filter) print(now time.Time) {
	for len(f.queue) > 0 {
		first := f.queue[0]
		if !first.decided && now.Before(first.decideBy) {
			return
		}
		if !first.decided {
			f.decide(first.client, false)
		}
		if !first.hidden {
			fmt.Println(first.line)
		}
		f.queue = f.queue[1:]
	}
}
