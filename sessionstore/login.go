package sessionstore

import (
	"context"
	"fmt"
	"math"
	"time"
)

// place is where the sessions and the indexes are: on one server, or on the nodes
// of a cluster.
type backend interface {
	// begin makes a session and its entry. When it returns nil the login is
	// confirmed. After an error the session may be there, or come late: it sends the
	// creation once, if asked to anew on a connection of its own.
	begin(ctx context.Context, l login, handle string, old []string, newConn bool) (begun, error)
	// settle ends sessions, and those of a user that are too many.
	settle(ctx context.Context, username string, s settlement) error
	// logout ends sessions of one browser. The name of the user is empty if no
	// visit has read it.
	logout(ctx context.Context, handles []string, username string) error
	// list has the live sessions of a user, the oldest first, with some fields.
	list(ctx context.Context, username string, fields []string) ([]Info, error)
	// revokeOne reports whether the user had such a live session.
	revokeOne(ctx context.Context, username, handle string) (bool, error)
	revokeOthers(ctx context.Context, username, keep string) error
}

// begun is what is known of a session that begins.
type begun struct {
	// made says that the session is there, be it that its entry failed.
	made         bool
	created, end string // milliseconds since 1970
	// names are those of the users of the old sessions.
	names []string
	// others are the other handles in the index of the user, some of them dead.
	others []string
}

// settlement says what a login has left to do.
type settlement struct {
	// fresh is the handle of the new session, which stays.
	fresh string
	// limit is how many live sessions the user can have.
	limit int
	// tries are sessions whose login failed: each gets a tombstone.
	tries []string
	// old sessions end, and leave the indexes of their users, names.
	old, names []string
	// others are handles in the index of the user.
	others []string
}

// tombstoneLife is how long a creation can be on its way after its login failed:
// TCP gives up after 13 to 30 minutes (tcp(7), tcp_retries2).
const tombstoneLife = 30 * time.Minute

// noLimit ends no session because there are too many.
const noLimit = math.MaxInt32

// login makes a session. Only when Redis has confirmed it does it end the old
// ones, so a login that fails has taken nothing away.
//
// A creation is never repeated. If its reply does not come, it may arrive late,
// after a logout or a revocation, and a second copy of it would bring the
// session back. So there is one more try, with a new token and on a new
// connection; the token of the first goes to no browser, and what it may have
// left is ended.
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

// abandon ends what a failed login may have left, as well as it can in the time
// that remains. It never ends another session.
func (s *Store) abandon(ctx context.Context, username string, tries []string) {
	if ctx.Err() == nil && len(tries) > 0 {
		_ = s.backend.settle(ctx, username, settlement{limit: noLimit, tries: tries})
	}
}

func checkUser(username string) error {
	if username == "" || len(username) > maxValue {
		return fmt.Errorf("%w: the name of a user has 1 to %d bytes, not %d", ErrField, maxValue, len(username))
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
