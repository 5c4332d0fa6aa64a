// Package inspect is the panel "Under the hood" on every page: what this request
// asked Redis, what Redis and the browser hold for the user, and which server
// answered.
package inspect

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.com/session-workshop/shared/lang"
)

// RoundTrip is one exchange with Redis: a command, or several that were sent
// together.
type RoundTrip struct {
	// By names the request that sent it, if it is not the request of the page.
	By       lang.Text
	Commands []Command
	Took     time.Duration
}

// Command is a command and its answer. The first word is its name. The answer is a
// string, a Status, an int64, a bool, a list of these, nil, or an error.
type Command struct {
	Words []string
	Reply any
}

// Status is an answer that redis-cli prints without quotes, like OK.
type Status string

// Record holds the round trips of one request. It is in the context of that request.
type Record struct {
	mutex sync.Mutex
	trips []RoundTrip
	// by becomes By of each round trip.
	by lang.Text
	// hold is called before each round trip except the first, if it is not nil.
	hold func()
}

type recordKey struct{}

func withRecord(ctx context.Context, r *Record) context.Context {
	return context.WithValue(ctx, recordKey{}, r)
}

// RecordOf returns the record of the request that ctx belongs to, nil if
// nothing is recorded.
func RecordOf(ctx context.Context) *Record {
	r, _ := ctx.Value(recordKey{}).(*Record)
	return r
}

// Begin is called before each round trip. r may be nil.
func (r *Record) Begin() {
	if r != nil && r.hold != nil && len(r.roundTrips()) > 0 {
		r.hold()
	}
}

// Add adds a round trip to the record.
func (r *Record) Add(trip RoundTrip) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	trip.By = r.by
	r.trips = append(r.trips, trip)
}

func (r *Record) roundTrips() []RoundTrip {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return slices.Clone(r.trips)
}

// Text is the command as a user types it in redis-cli.
func (c Command) Text() string {
	words := make([]string, len(c.Words))
	for i, word := range c.Words {
		words[i] = quoted(word)
	}
	words[0] = strings.ToUpper(words[0])
	return strings.Join(words, " ")
}

// quoted quotes a word that redis-cli would not read as one word.
func quoted(word string) string {
	special := func(r rune) bool { return r == ' ' || strings.ContainsRune(`"'\`, r) || !strconv.IsPrint(r) }
	if word == "" || strings.ContainsFunc(word, special) {
		return strconv.Quote(word)
	}
	return word
}

// Answer is the reply as redis-cli prints it.
func (c Command) Answer() string { return reply(c.Reply, "") }

func reply(value any, indent string) string {
	switch v := value.(type) {
	case nil:
		return "(nil)"
	case error:
		return "(error) " + v.Error()
	case int64:
		return fmt.Sprintf("(integer) %d", v)
	case bool:
		if v {
			return "(integer) 1"
		}
		return "(integer) 0"
	case Status:
		return string(v)
	case string:
		return strconv.Quote(v)
	case []string:
		all := make([]any, len(v))
		for i, s := range v {
			all[i] = s
		}
		return reply(all, indent)
	case []any:
		return list(v, indent)
	}
	return fmt.Sprint(value)
}

func list(values []any, indent string) string {
	if len(values) == 0 {
		return "(empty array)"
	}
	width := len(strconv.Itoa(len(values)))
	lines := make([]string, len(values))
	for i, value := range values {
		number := fmt.Sprintf("%*d) ", width, i+1)
		lines[i] = number + reply(value, indent+strings.Repeat(" ", len(number)))
	}
	return strings.Join(lines, "\n"+indent)
}

// Milliseconds is the time that t took, with three digits.
func (t RoundTrip) Milliseconds() string {
	return fmt.Sprintf("%.3g ms", float64(t.Took)/float64(time.Millisecond))
}
