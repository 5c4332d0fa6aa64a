package sessionstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// LoginOption changes what a login does. It is Set, Carry or Remember.
type LoginOption interface{ option(*login) }

// login is what a session begins with.
type login struct {
	username     string
	idle, maxAge time.Duration
	// remembered says that the idle timeout is the session's own, and that the
	// browser keeps the cookie.
	remembered bool
	// carried are the names of fields of the session before.
	carried []string
	// fields and values, one after the other.
	fields []string
	// invalid is what is wrong with an option.
	invalid error
}

// Carry takes the value of fields, those that there are, over from the session that
// the browser had before the login, for instance a cart. It costs the login one
// more round trip.
func Carry(fields ...string) LoginOption { return carry(fields) }

type carry []string

func (c carry) option(l *login) { l.carried = append(l.carried, c...) }

// Remember keeps a user logged in: this session has an idle timeout and an age of
// its own, at least a millisecond each, and the browser keeps the cookie for that
// age even if it is closed. Use it if the user asks for it
// (https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#cookies).
func Remember(idle, maxAge time.Duration) LoginOption { return remember{idle, maxAge} }

type remember struct{ idle, maxAge time.Duration }

func (r remember) option(l *login) {
	l.remembered, l.idle, l.maxAge = true, r.idle, r.maxAge
	if min(r.idle, r.maxAge) < time.Millisecond {
		l.invalid = fmt.Errorf("%w: Remember(%v, %v): the shortest is 1ms", ErrField, r.idle, r.maxAge)
	}
}

// option gives a field its first value. In a session that begins, there is nothing
// to delete.
func (op Op) option(l *login) {
	err := op.check()
	if err == nil && (op.verb == set || op.verb == incr) {
		if slices.Contains(l.fields, op.field) && op.verb == incr {
			err = fmt.Errorf("%w: a session begins with one value for the field %q", ErrField, op.field)
		}
		l.fields = append(l.fields, op.field, fmt.Sprint(op.value))
	}
	if len(l.fields) > 2*maxFields {
		err = fmt.Errorf("%w: a session has at most %d fields", ErrField, maxFields)
	}
	l.invalid = cmp.Or(l.invalid, err)
}

func (s *Store) newLogin(username string, options []LoginOption) (login, error) {
	l := login{username: username, idle: s.idleTimeout, maxAge: s.maxAge}
	for _, option := range options {
		option.option(&l)
	}
	return l, cmp.Or(checkUser(username), l.invalid)
}

// creation are the arguments of the scripts that make a session and its entry.
func (l login) creation(handle string) []any {
	args := []any{l.idle.Milliseconds(), l.maxAge.Milliseconds(), handle, l.idleSuffix()}
	if l.username != "" {
		args = append(args, "username", l.username)
	}
	return append(args, scriptArgs(l.fields)...)
}

// own is what @end has behind the end.
func (l login) idleSuffix() string {
	if !l.remembered {
		return ""
	}
	return " " + strconv.FormatInt(l.idle.Milliseconds(), 10)
}

// anonymousAge is the age at which a session ends in which no user logs in.
const anonymousAge = time.Hour

// Begin is Batch, but if there is no live session it begins one that has no user:
// for a cart, or for the state of an OAuth login. Such a session is in no list, and
// ends after the idle timeout without a visit, at the latest after an hour; it
// begins with its first write, so a browser that only looks around costs Redis
// nothing. Login takes its place, with a new token; see Carry. Begin takes one
// round trip, two if the browser brought a token of a session that has ended.
// The errors are ErrField and ErrUnavailable; call it before the body is written.
func (s *Session) Begin(ctx context.Context, ops ...Op) error {
	if len(ops) == 0 {
		return fmt.Errorf("%w: a session begins with a write", ErrField)
	}
	if err := s.Batch(ctx, ops...); !errors.Is(err, ErrNoSession) {
		return err
	}
	l := login{idle: s.store.idleTimeout, maxAge: min(s.store.maxAge, anonymousAge)}
	for _, op := range ops {
		op.option(&l)
	}
	if l.invalid != nil {
		return l.invalid
	}
	fresh, fields, err := s.store.anonymous(ctx, l)
	if err == nil {
		s.switchTo(fresh, fields, l)
	}
	s.store.report(ctx, "", "", s.Handle(), err)
	return err
}

// anonymous makes a session without an entry. If the reply is lost, no browser has
// the token, and what may be there ends after the idle timeout.
func (s *Store) anonymous(ctx context.Context, l login) (token, []string, error) {
	fresh := newToken()
	c := createScript.call([]string{s.key(fresh.handle())}, l.creation(fresh.handle())...)
	c.once = true
	reply, err := s.run(ctx, c)
	if err != nil {
		return "", nil, err
	}
	times := toStrings(reply)
	return fresh, append(l.fields, "@created", times[0], "@end", times[1]), nil
}

// anys is what a script takes as its arguments.
func scriptArgs(parts ...any) []any {
	var all []any
	for _, part := range parts {
		switch part := part.(type) {
		case []string:
			for _, text := range part {
				all = append(all, text)
			}
		default:
			all = append(all, part)
		}
	}
	return all
}
