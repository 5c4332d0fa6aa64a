package sessionstore

import (
	"context"
	"errors"
)

// Event is an event for an audit log. It never contains a token.
type Event struct {
	Kind EventKind
	// User is the digest of the username, as in the keys. It is empty if the user is
	// not known.
	User string
	// Handle names the session. It is empty without one, or for several sessions.
	Handle string
	// Err is the error of the call, or nil.
	Err error
}

// EventKind is the kind of an Event, as a word for the log.
type EventKind string

const (
	LoggedIn  EventKind = "login"
	LoggedOut EventKind = "logout"
	// Revoked means that Revoke, RevokeAll or RevokeOthers ended sessions.
	Revoked EventKind = "revoked"
	// Refused means that the session of a token or handle has ended, or never existed.
	Refused EventKind = "refused"
	// Unavailable means that a call returned ErrUnavailable.
	Unavailable EventKind = "unavailable"
)

// OnEvent calls f after each event, in the goroutine of the call that caused it. The
// expiry of a session is not an event: only Redis sees it, and its notifications
// come late, or get lost if the connection is down
// (https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/).
func OnEvent(f func(context.Context, Event)) Option { return func(s *Store) { s.onEvent = f } }

// report reports the result of a call as an event. A successful visit has no kind, and
// is not an event.
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
