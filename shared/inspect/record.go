// Package inspect is the panel "Under the hood" on every page: what this request
// asked Redis, what Redis and the browser hold for the user, and which server
// answered.
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
	// By names the request that sent it, if it is not the request of the page.
	By       string
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
	by string
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
