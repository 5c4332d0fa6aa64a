package sessionstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Info describes a live session for a list that its user sees.
type Info struct {
	// Handle names the session for Revoke.
	Handle string
	// Created is the time of the login, and End the time at which the session reaches
	// its maximum age, both by the clock of Redis.
	Created, End time.Time
	// LastSeen is the time of the last visit by the clock of Redis, exact to
	// TouchEvery. It is zero near the End, where visits no longer change the TTL.
	LastSeen time.Time
	// Fields are the requested fields that the session has.
	Fields map[string]string
	// Current reports whether this is the session on which List was called.
	Current bool
}

// info converts what look found to an Info.
func (s *Store) info(handle string, found []any, fields []string) Info {
	ends, own, remembered := strings.Cut(toString(found[1]), " ")
	info := Info{Handle: handle, Created: atMilliseconds(toString(found[0])), End: atMilliseconds(ends), Fields: map[string]string{}}
	idle := s.idleTimeout
	if remembered {
		ms, _ := strconv.ParseInt(own, 10, 64)
		idle = time.Duration(ms) * time.Millisecond
	}
	// An embedded Redis can expire a session some milliseconds early.
	if expires, _ := found[2].(int64); time.UnixMilli(expires).Before(info.End.Add(-time.Second)) {
		info.LastSeen = time.UnixMilli(expires).Add(-idle)
	}
	for i, field := range fields {
		if value, ok := found[3+i].(string); ok {
			info.Fields[field] = value
		}
	}
	return info
}

func toString(reply any) string {
	s, _ := reply.(string)
	return s
}

// List returns a user's live sessions, the oldest first, with the given fields, such
// as the device that a login has set. It is for a page on which users see and end
// their sessions (OWASP ASVS 5.0, 7.4 and 7.5). It takes one round trip. On a
// cluster it takes two, the second for 16 sessions at a time, and one more if it
// finds entries of dead sessions to remove. The error is ErrUnavailable, ErrField
// for an invalid username, or that of ctx.
func (s *Store) List(ctx context.Context, username string, fields ...string) ([]Info, error) {
	if err := checkUser(username); err != nil {
		return nil, err
	}
	infos, err := s.backend.list(ctx, username, fields)
	s.report(ctx, "", username, "", err)
	return infos, err
}

// Revoke ends the session of a user that has the handle. It returns ErrNoSession,
// and ends nothing, if the user has no such live session, for example if it is
// another user's. It takes one round trip; on a cluster three. On ErrUnavailable,
// ErrField for an invalid username, or the error of ctx, the session may be live.
func (s *Store) Revoke(ctx context.Context, username, handle string) error {
	if err := checkUser(username); err != nil {
		return err
	}
	ended, err := s.backend.revokeOne(ctx, username, handle)
	if err == nil && !ended {
		err = fmt.Errorf("%w with this handle", ErrNoSession)
	}
	s.report(ctx, Revoked, username, handle, err)
	return err
}

// RevokeAll ends all sessions of a user. If it returns nil, every session whose
// login was confirmed before the call has ended. A login in progress may survive, so
// change the password first.
//
// It takes one round trip. On a cluster it takes four, and three more each time it
// finds new sessions, until it gives up with ErrStillLive. On ErrUnavailable,
// ErrField for an invalid username, or the error of ctx, some sessions may be live.
func (s *Store) RevokeAll(ctx context.Context, username string) error {
	return s.RevokeOthers(ctx, username, "")
}

// RevokeOthers is RevokeAll, but keeps the session with the handle keep.
func (s *Store) RevokeOthers(ctx context.Context, username, keep string) error {
	if err := checkUser(username); err != nil {
		return err
	}
	err := s.backend.revokeOthers(ctx, username, keep)
	s.report(ctx, Revoked, username, "", err)
	return err
}

// without removes a text from a list, in place.
func without(list []string, text string) []string {
	return slices.DeleteFunc(list, func(t string) bool { return t == text })
}

func atMilliseconds(text string) time.Time {
	ms, _ := strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(ms)
}
