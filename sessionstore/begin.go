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

// LoginOption is an option of Login: Carry, Remember, or an Op such as Set.
type LoginOption interface{ option(*login) }

// login describes the session that a login makes.
type login struct {
	username     string
	idle, maxAge time.Duration
	// remembered reports whether the session has its own idle timeout, and the
	// browser keeps the cookie when it is closed.
	remembered bool
	// carried are the fields to copy from the old session.
	carried []string
	// fields are names and values in turn.
	fields []string
	// invalid is the first invalid option.
	invalid error
}

// Carry copies fields, if they exist, from the session that the browser had before
// the login, for example a cart. It takes one more round trip.
func Carry(fields ...string) LoginOption { return carry(fields) }

type carry []string

func (c carry) option(l *login) { l.carried = append(l.carried, c...) }

// Remember gives this session its own idle timeout and maximum age, each at least
// 1 ms. The browser keeps the cookie for maxAge, also after it was closed. Use it
// only if the user asks to stay logged in
// (https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#cookies).
func Remember(idle, maxAge time.Duration) LoginOption { return remember{idle, maxAge} }

type remember struct{ idle, maxAge time.Duration }

func (r remember) option(l *login) {
	l.remembered, l.idle, l.maxAge = true, r.idle, r.maxAge
	if min(r.idle, r.maxAge) < time.Millisecond {
		l.invalid = fmt.Errorf("%w: Remember(%v, %v): both must be at least 1ms", ErrField, r.idle, r.maxAge)
	}
}

// option sets the first value of a field. A new session has nothing to delete.
func (op Op) option(l *login) {
	err := op.check()
	if err == nil && (op.verb == set || op.verb == incr) {
		if slices.Contains(l.fields, op.field) && op.verb == incr {
			err = fmt.Errorf("%w: the field %q already has a first value, so Incr cannot add to it", ErrField, op.field)
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

// creation returns the arguments of the scripts that make a session and its entry.
func (l login) creation(handle string) []any {
	args := []any{l.idle.Milliseconds(), l.maxAge.Milliseconds(), handle, l.idleSuffix()}
	if l.username != "" {
		args = append(args, "username", l.username)
	}
	return append(args, scriptArgs(l.fields)...)
}

// idleSuffix follows the end in the field @end: a space and the session's own idle
// timeout in milliseconds, if it has one.
func (l login) idleSuffix() string {
	if !l.remembered {
		return ""
	}
	return " " + strconv.FormatInt(l.idle.Milliseconds(), 10)
}

// anonymousAge is the maximum age of a session without a user.
const anonymousAge = time.Hour

// Begin is Batch, but it starts a session without a user if there is no live
// session: for a cart, or for the state of an OAuth login. Such a session is in no
// list, and its maximum age is one hour. It starts with the first write, so a
// browser that only reads costs Redis nothing. Login replaces it, with a new token;
// see Carry. Begin takes one round trip, or two if the session of the browser's
// token has ended. The error is ErrField, ErrUnavailable or that of ctx. Call Begin
// before you write the body.
func (s *Session) Begin(ctx context.Context, ops ...Op) error {
	if len(ops) == 0 {
		return fmt.Errorf("%w: Begin needs at least one change", ErrField)
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

// anonymous makes a session without an entry in an index. If the reply is lost, no
// browser gets the token, and the session expires.
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

// scriptArgs joins texts and lists of texts to the arguments of a script.
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
