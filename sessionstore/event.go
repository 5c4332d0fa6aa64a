package sessionstore

import (
	"context"
	"errors"
)

// Event is something to keep in a log. It never has a token.
type Event struct {
	Kind EventKind
	// User is the digest of the user's name, as the keys in Redis have it; empty if
	// the user is not known.
	User string
	// Handle names the session; empty if there is none, or if it is about several.
	Handle string
	// Err is what went wrong, nil if nothing did.
	Err error
}

// EventKind is a word for a log.
type EventKind string

const (
	LoggedIn  EventKind = "login"
	LoggedOut EventKind = "logout"
	// Revoked is the end of one session or of several, from elsewhere.
	Revoked EventKind = "revoked"
	// Refused is a request with a token whose session has ended, or never was.
	Refused EventKind = "refused"
	// Unavailable is an answer of ErrUnavailable.
	Unavailable EventKind = "unavailable"
)

// OnEvent calls f after each event, in the goroutine of the call that caused it. A
// session that ends by itself is none: no process of ours is there at that moment,
// and Redis' own notices of it come late, and to nobody if the connection is down
// (https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/).
func OnEvent(f func(context.Context, Event)) Option { return func(s *Store) { s.onEvent = f } }

// tell reports what came of a call. A visit that was answered is no event: its kind
// is empty.
func (s *Store) report(ctx context.Context, kind EventKind, username, handle string, err error) {
	switch {
	case errors.Is(err, ErrUnavailable):
		kind = Unavailable
	case errors.Is(err, ErrNoSession):
		kind = Refused
	case err != nil && !errors.Is(err, ErrNotConfirmed):
		return
	}
	if kind == "" {
		return
	}
	e := Event{Kind: kind, Handle: handle, Err: err}
	if username != "" {
		e.User = digest(username)
	}
	s.onEvent(ctx, e)
}
