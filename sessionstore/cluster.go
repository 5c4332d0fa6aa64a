package sessionstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// cluster keeps a session on one node and the index on another, so no script can use
// both. The order of the steps makes up for it:
//
//   - An entry is made only after Redis has confirmed the session. A login is
//     confirmed after both. So a session whose login is confirmed is listed.
//   - An entry is removed only after Redis has confirmed the end of the session. So
//     a live session can be revoked.
//   - The entry of a dead session may be removed at any later time. A creation is
//     sent once, and was confirmed before the entry was made, so nothing can bring
//     the session back. Only the primary is asked, because a replica can be behind.
//
// A failed login can make an entry late. Its session is dead, and the next login,
// list or revocation removes the entry.
type cluster struct{ *Store }

func (s cluster) begin(ctx context.Context, l login, handle string, _ []string, newConn bool) (begun, error) {
	args := l.creation(handle)
	c := createScript.call([]string{s.key(handle)}, args...)
	c.once, c.newConn = true, newConn
	reply, err := s.run(ctx, c)
	if err != nil {
		return begun{}, err
	}
	times := toStrings(reply)
	b := begun{made: true, created: times[0], end: times[1]}
	// To make an entry twice does no harm, so this call may be repeated.
	entries, err := s.run(ctx, enterScript.call([]string{s.indexKey(l.username)}, args...))
	b.others = without(toStrings(entries), handle)
	return b, err
}

func (s cluster) settle(ctx context.Context, username string, todo settlement) error {
	others := slices.DeleteFunc(slices.Clone(todo.others), func(handle string) bool {
		return slices.Contains(todo.old, handle) || slices.Contains(todo.tries, handle)
	})
	replies, err := s.runEach(ctx, slices.Concat(
		s.calls(lookScript, others), s.calls(buryScript, todo.tries, tombstoneLife.Milliseconds())))
	if err != nil {
		return err
	}
	alive, gone := s.splitLive(others, replies, nil)
	// alive begins with the oldest, and does not contain the new session.
	for _, info := range alive[:max(0, len(alive)+1-todo.limit)] {
		gone = append(gone, info.Handle)
	}
	// Sessions end only after all nodes have answered, so a failed login ends none.
	gone = append(gone, todo.old...)
	ended, err := s.runEach(ctx, s.calls(endScript, gone))
	if err != nil {
		return err
	}
	return s.removeEntries(ctx, append(usernamesIn(ended), username), append(gone, todo.tries...))
}

// logout ends sessions, and then removes their entries. It ignores an error of the
// second step, because an entry of a dead session does no harm.
func (s cluster) logout(ctx context.Context, handles []string, username string) error {
	calls := s.calls(endScript, handles)
	for i, handle := range handles {
		// Only sessions of version 0.1 have a long handle: do not wait for its replicas.
		calls[i].wait = !isLong(handle)
	}
	replies, err := s.runEach(ctx, calls)
	if err != nil && !errors.Is(err, ErrNotConfirmed) {
		return err
	}
	_ = s.removeEntries(ctx, append(usernamesIn(replies), username), handles)
	return err
}

func (s cluster) list(ctx context.Context, username string, fields []string) ([]Info, error) {
	handles, err := s.entries(ctx, username)
	if err != nil {
		return nil, err
	}
	replies, err := s.runEach(ctx, s.calls(lookScript, handles, scriptArgs(fields)...))
	if err != nil {
		return nil, err
	}
	alive, dead := s.splitLive(handles, replies, fields)
	if len(dead) > 0 {
		err = s.removeEntries(ctx, []string{username}, dead)
	}
	return alive, err
}

func (s cluster) revokeOne(ctx context.Context, username, handle string) (bool, error) {
	handles, err := s.entries(ctx, username)
	if err != nil || !slices.Contains(handles, handle) {
		return false, err
	}
	c := endScript.call([]string{s.key(handle)})
	c.once = true
	reply, err := s.run(ctx, c)
	if err != nil {
		return false, err
	}
	return len(usernamesIn([]any{reply})) > 0, s.removeEntries(ctx, []string{username}, []string{handle})
}

// maxRounds is how often revokeOthers looks for new sessions before it gives up.
const maxRounds = 20

func (s cluster) revokeOthers(ctx context.Context, username, keep string) error {
	for range maxRounds {
		handles, err := s.entries(ctx, username)
		if err != nil {
			return err
		}
		handles = without(handles, keep)
		if len(handles) == 0 {
			return nil
		}
		if _, err := s.runEach(ctx, s.calls(endScript, handles)); err != nil {
			return err
		}
		if err := s.removeEntries(ctx, []string{username}, handles); err != nil {
			return err
		}
	}
	return ErrStillLive
}

// entries returns the handles in the index of a user. Some sessions may be dead.
func (s cluster) entries(ctx context.Context, username string) ([]string, error) {
	reply, err := s.run(ctx, leaveScript.call([]string{s.indexKey(username)}))
	return toStrings(reply), err
}

// removeEntries removes entries from the indexes of users.
func (s cluster) removeEntries(ctx context.Context, usernames, handles []string) error {
	args := make([]any, len(handles))
	for i, handle := range handles {
		args[i] = handle
	}
	slices.Sort(usernames)
	var calls []call
	for _, username := range without(slices.Compact(usernames), "") {
		calls = append(calls, leaveScript.call([]string{s.indexKey(username)}, args...))
	}
	_, err := s.runEach(ctx, calls)
	return err
}

// calls returns a call of the script for each session.
func (s cluster) calls(script script, handles []string, args ...any) []call {
	calls := make([]call, len(handles))
	for i, handle := range handles {
		calls[i] = script.call([]string{s.key(handle)}, args...)
	}
	return calls
}

// splitLive splits sessions, by the replies of lookScript, into live ones, the oldest
// first, and the handles of dead ones.
func (s *Store) splitLive(handles []string, replies []any, fields []string) (alive []Info, dead []string) {
	for i, handle := range handles {
		found, _ := replies[i].([]any)
		if found[1] == nil {
			dead = append(dead, handle)
			continue
		}
		alive = append(alive, s.info(handle, found, fields))
	}
	slices.SortFunc(alive, func(a, b Info) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Handle, b.Handle))
	})
	return alive, dead
}

// usernamesIn returns the users of the sessions that were live, by the replies of
// endScript.
func usernamesIn(replies []any) []string {
	var names []string
	for _, reply := range replies {
		names = append(names, without(toStrings(reply), "")...)
	}
	return names
}
