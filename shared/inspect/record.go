// Package inspect is the panel "Under the hood" beside every page: what this
// request asked Redis, what Redis holds for the visitor, what the browser
// holds, and which server answered.
package inspect

import (
	"context"
	"slices"
	"sync"
	"time"
)

// RoundTrip is one exchange with Redis: a command, or several that were sent
// together.
type RoundTrip struct {
	// By is who sent it, if that is not the request of the page itself.
	By       string
	Commands []Command
	Took     time.Duration
}

// Command is a command by its words, the name first, and the answer: a string,
// a Status, a number, a list of these, nil, or an error.
type Command struct {
	Words []string
	Reply any
}

// Status is an answer that redis-cli prints without quotes, like OK.
type Status string

// Record is what one request asked Redis. Nothing else writes into it, since
// it travels in the context of that request.
type Record struct {
	mutex sync.Mutex
	trips []RoundTrip
	// by becomes By of each round trip.
	by string
	// hold keeps back all round trips but the first; nil keeps none back.
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

// Begin is called before a round trip. Nothing holds that of a nil record.
func (r *Record) Begin() {
	if r != nil && r.hold != nil && len(r.roundTrips()) > 0 {
		r.hold()
	}
}

// Add writes down a round trip.
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
