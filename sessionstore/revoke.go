package sessionstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Info describes a live session to its user.
type Info struct {
	// Handle names the session for Revoke.
	Handle string
	// Created is the time of the login, End the time at which the session
	// ends however busy it is. Both are Redis' time.
	Created, End time.Time
	// LastSeen is the time of the last visit, exact to TouchEvery, in Redis' time.
	// It is zero in a session so close to its End that visits do not change its TTL.
	LastSeen time.Time
	// Fields are those that List was asked for, as far as the session has them.
	Fields map[string]string
	// Current says that it is the session that asks, in what Session.List returns.
	Current bool
}

// info makes an Info of what the script look has found.
func (s *Store) info(handle string, found []any, fields []string) Info {
	ends, own, remembered := strings.Cut(toString(found[1]), " ")
	info := Info{Handle: handle, Created: atMilliseconds(toString(found[0])), End: atMilliseconds(ends), Fields: map[string]string{}}
	idle := s.idleTimeout
	if remembered {
		ms, _ := strconv.ParseInt(own, 10, 64)
		idle = time.Duration(ms) * time.Millisecond
	}
	// An embedded Redis can be some milliseconds early.
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

// List returns a user's live sessions, the oldest first, for a page on which
// users see and end their own (OWASP ASVS 5.0, 7.4 and 7.5), with the fields by
// which they recognise them, such as the device that a login has set. It takes one
// round trip; on a cluster two, and one more if it finds entries of dead sessions
// to remove. The error is ErrUnavailable, ErrField for an empty name, or the
// context's.
func (s *Store) List(ctx context.Context, username string, fields ...string) ([]Info, error) {
	if err := checkUser(username); err != nil {
		return nil, err
	}
	infos, err := s.backend.list(ctx, username, fields)
	s.report(ctx, "", username, "", err)
	return infos, err
}

// Revoke ends one session of a user, by its handle. It returns ErrNoSession if
// the user has no such live session, for instance for the handle of another user,
// and then ends nothing. It takes one round trip; on a cluster three. Other
// errors are ErrUnavailable, ErrField for an empty name, and the context's; the
// session may then be alive.
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

// RevokeAll logs a user out everywhere. Every session whose login was confirmed
// before the call is ended when it returns nil. A login under way may survive:
// so first change what the user logs in with, then revoke.
//
// It takes one round trip. On a cluster it takes four, and three more each time
// that it finds new sessions, until it gives up with ErrStillLive. Other errors
// are ErrUnavailable, ErrField for an empty name, and the context's; some
// sessions may then be alive.
func (s *Store) RevokeAll(ctx context.Context, username string) error {
	return s.RevokeOthers(ctx, username, "")
}

// RevokeOthers is RevokeAll, but for the session with the handle keep.
func (s *Store) RevokeOthers(ctx context.Context, username, keep string) error {
	if err := checkUser(username); err != nil {
		return err
	}
	err := s.backend.revokeOthers(ctx, username, keep)
	s.report(ctx, Revoked, username, "", err)
	return err
}

// without is a list without a text.
func without(list []string, text string) []string {
	return slices.DeleteFunc(list, func(t string) bool { return t == text })
}

func atMilliseconds(text string) time.Time {
	ms, _ := strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(ms)
}
