package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Info describes a live session to its user.
type Info struct {
	// Handle names the session for Revoke.
	Handle string
	// Created is the time of the login, End the time at which the session
	// ends however busy it is. Both are Redis' time.
	Created, End time.Time
}

// List returns a user's live sessions, the oldest first, for a page where people
// see and end their own (OWASP ASVS 5.0, 7.4 and 7.5). It takes two round
// trips, and one more where it finds entries of dead sessions to remove. The
// error is ErrUnavailable, or the context's.
func (s *Store) List(ctx context.Context, username string) ([]Info, error) {
	handles, err := s.handles(ctx, username)
	if err != nil {
		return nil, err
	}
	calls := make([]call, len(handles))
	for i, handle := range handles {
		calls[i] = command("hmget", s.key(handle), "@created", "@end")
	}
	replies, err := s.run(ctx, calls...)
	if err != nil {
		return nil, err
	}
	var live []Info
	var dead []string
	for i, handle := range handles {
		times := texts(replies[i])
		if times[1] == "" {
			dead = append(dead, handle)
			continue
		}
		live = append(live, Info{handle, atMilliseconds(times[0]), atMilliseconds(times[1])})
	}
	_, err = s.run(ctx, s.forget(username, dead...)...)
	return live, err
}

// Revoke ends one session of a user, by its handle. It returns ErrNoSession
// where the user has no such session, be it another user's or dead, and then
// ends nothing. It takes two round trips, three on a cluster. Other errors are ErrUnavailable
// and the context's; the session may then be alive.
func (s *Store) Revoke(ctx context.Context, username, handle string) error {
	_, err := s.run(ctx, command("zscore", s.indexKey(username), handle))
	if errors.Is(err, redis.Nil) {
		return fmt.Errorf("%w with this handle", ErrNoSession)
	}
	if err != nil {
		return err
	}
	ended, err := s.revoke(ctx, username, []string{handle})
	if err == nil && ended == 0 {
		err = fmt.Errorf("%w with this handle", ErrNoSession)
	}
	return err
}

// RevokeAll logs a user out everywhere. Every session whose login was confirmed
// before the call is ended when it returns nil. A login under way may survive:
// so first change what people log in with, then revoke.
//
// It takes three round trips (four on a cluster), and two (three) more each time
// that it finds new sessions, until it gives up with ErrStillLive. Other errors
// are ErrUnavailable and the context's; some sessions may then be alive.
func (s *Store) RevokeAll(ctx context.Context, username string) error {
	return s.revokeAllBut(ctx, username, "")
}

// RevokeOthers is RevokeAll, but for the session with the handle keep.
func (s *Store) RevokeOthers(ctx context.Context, username, keep string) error {
	return s.revokeAllBut(ctx, username, keep)
}

// rounds is how often revokeAllBut looks for sessions that have come since.
const rounds = 20

func (s *Store) revokeAllBut(ctx context.Context, username, keep string) error {
	for range rounds {
		handles, err := s.handles(ctx, username)
		if err != nil {
			return err
		}
		handles = slices.DeleteFunc(handles, func(handle string) bool { return handle == keep })
		if len(handles) == 0 {
			return nil
		}
		if _, err := s.revoke(ctx, username, handles); err != nil {
			return err
		}
	}
	return ErrStillLive
}

// revoke ends sessions, and only then removes their entries: where ending one
// fails, its entry is there to try again. It tells how many were alive.
func (s *Store) revoke(ctx context.Context, username string, handles []string) (ended int64, err error) {
	replies, err := s.inTurn(ctx, s.each("unlink", handles), s.forget(username, handles...))
	if err != nil {
		return 0, err
	}
	for _, reply := range replies[:len(handles)] {
		n, _ := reply.(int64)
		ended += n
	}
	return ended, nil
}

// handles are those in a user's index, dead ones among them.
func (s *Store) handles(ctx context.Context, username string) ([]string, error) {
	replies, err := s.run(ctx, command("zrange", s.indexKey(username), 0, -1))
	if err != nil {
		return nil, err
	}
	return texts(replies[0]), nil
}

func atMilliseconds(text string) time.Time {
	ms, _ := strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(ms)
}
