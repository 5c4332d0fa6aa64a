package sessionstore

import (
	"context"
	"fmt"
	"math"
	"time"
)

// backend keeps the sessions and the indexes: on one server or on a cluster.
type backend interface {
	// begin makes a session and its entry. If it returns nil, the login is
	// confirmed. After an error the session may exist, or be created late. begin
	// sends the creation once, with newConn on a new connection.
	begin(ctx context.Context, l login, handle string, old []string, newConn bool) (begun, error)
	// settle ends the sessions in a settlement, and the user's oldest beyond its limit.
	settle(ctx context.Context, username string, s settlement) error
	// logout ends the sessions of one browser. username is empty if no visit has
	// read it.
	logout(ctx context.Context, handles []string, username string) error
	// list returns the live sessions of a user, the oldest first.
	list(ctx context.Context, username string, fields []string) ([]Info, error)
	// revokeOne reports whether the user had such a live session.
	revokeOne(ctx context.Context, username, handle string) (bool, error)
	revokeOthers(ctx context.Context, username, keep string) error
}

// begun is the result of begin.
type begun struct {
	// made reports whether the session was made, even if making its entry failed.
	made         bool
	created, end string // milliseconds since 1970
	// names are the users of the old sessions.
	names []string
	// others are the other handles in the index of the user. Some may be dead.
	others []string
}

// settlement lists what remains to be done after a session was made.
type settlement struct {
	// fresh is the handle of the new session, which stays.
	fresh string
	// limit is the number of live sessions that the user can have.
	limit int
	// tries are the handles of failed logins. Each gets a tombstone.
	tries []string
	// old sessions end, and are removed from the indexes of the users in names.
	old, names []string
	// others are handles in the index of the user.
	others []string
}

// tombstoneLife is how long a creation can arrive after its login has failed: TCP
// gives up after 13 to 30 minutes (tcp(7), tcp_retries2).
const tombstoneLife = 30 * time.Minute

// noLimit is a limit that no user reaches.
const noLimit = math.MaxInt32

// login makes a session. It ends the old ones after Redis has confirmed the new one,
// so a failed login ends no session.
//
// A creation is never sent twice: a second copy that arrived after a logout or a
// revocation would bring the session back. If the reply is lost, login tries once
// more, with a new token on a new connection. No browser gets the first token, and
// its session, if there is one, is ended.
func (s *Store) login(ctx context.Context, old []token, l login) (token, []string, error) {
	todo := settlement{limit: noLimit, old: handles(old)}
	var fresh token
	var b begun
	for {
		fresh = newToken()
		var err error
		if b, err = s.backend.begin(ctx, l, fresh.handle(), todo.old, len(todo.tries) > 0); err == nil {
			break
		}
		if b.made || mayHaveRun(err) {
			todo.tries = append(todo.tries, fresh.handle())
		}
		if len(todo.tries) == 2 || !mayHaveRun(err) || ctx.Err() != nil {
			s.abandon(ctx, l.username, todo.tries)
			return "", nil, err
		}
	}
	todo.fresh, todo.limit, todo.names, todo.others = fresh.handle(), s.maxSessions, b.names, b.others
	if len(todo.tries)+len(todo.old)+len(todo.others) > 0 {
		// The new token goes to a browser only after the old sessions are ended
		// (OWASP ASVS 5.0, 7.2.4).
		if err := s.backend.settle(ctx, l.username, todo); err != nil {
			s.abandon(ctx, l.username, append(todo.tries, fresh.handle()))
			return "", nil, err
		}
	}
	return fresh, append(l.fields, "username", l.username, "@created", b.created, "@end", b.end+l.idleSuffix()), nil
}

// abandon tries to end the sessions that a failed login may have made, until the
// deadline of ctx. It ends no other session.
func (s *Store) abandon(ctx context.Context, username string, tries []string) {
	if ctx.Err() == nil && len(tries) > 0 {
		_ = s.backend.settle(ctx, username, settlement{limit: noLimit, tries: tries})
	}
}

func checkUser(username string) error {
	if username == "" || len(username) > maxValue {
		return fmt.Errorf("%w: a username must have 1 to %d bytes, not %d", ErrField, maxValue, len(username))
	}
	return nil
}

func toStrings(reply any) []string {
	values, _ := reply.([]any)
	all := make([]string, len(values))
	for i, value := range values {
		all[i] = toString(value)
	}
	return all
}
