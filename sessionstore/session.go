package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Session is the session of one request, for the goroutine that serves it.
//
// Get, Set, Incr, Delete, Refresh and Batch are visits: each gives the session
// its full idle timeout again and reads all of it, in one round trip; in none
// if the browser brought no token. They return ErrNoSession if there is no live
// session, ErrField for an invalid field or value, and ErrUnavailable if Redis
// did not answer; context.Canceled, if the browser went away, is none of these.
type Session struct {
	store *Store
	w     http.ResponseWriter
	token token
	// rivals are the tokens of a browser that brought several: none of them counts
	// as a visitor's.
	rivals []token
	// long says that a visit has found the session under its long handle.
	long bool
	// fields and values, one after the other, as the last visit read them.
	fields []string
}

// Brought reports whether the browser brought a token. Its session may have
// ended.
func (s *Session) Brought() bool { return s.token != "" }

// Username is the user who is logged in, as the login or the last visit knows it;
// empty before one, and if there is no session.
func (s *Session) Username() string { return s.Value("username") }

// Value is a field as the last visit read it, without a round trip.
func (s *Session) Value(field string) string {
	for i := 0; i+1 < len(s.fields); i += 2 {
		if s.fields[i] == field {
			return s.fields[i+1]
		}
	}
	return ""
}

// Get returns the value of a field, empty if there is none.
func (s *Session) Get(ctx context.Context, field string) (string, error) {
	if err := s.Batch(ctx); err != nil {
		return "", err
	}
	return s.Value(field), nil
}

// Set gives a field a value of at most 4 KiB. It is done at most once.
func (s *Session) Set(ctx context.Context, field, value string) error {
	return s.Batch(ctx, Set(field, value))
}

// Incr adds n to a field, which begins at 0, and returns the sum. It is done at
// most once.
func (s *Session) Incr(ctx context.Context, field string, n int64) (int64, error) {
	if err := s.Batch(ctx, Incr(field, n)); err != nil {
		return 0, err
	}
	return strconv.ParseInt(s.Value(field), 10, 64)
}

// Delete removes a field. It is done at most once.
func (s *Session) Delete(ctx context.Context, field string) error {
	return s.Batch(ctx, Delete(field))
}

// Refresh is a visit that changes nothing.
func (s *Session) Refresh(ctx context.Context) error { return s.Batch(ctx) }

// Batch does all ops, in their order, or none of them, in one round trip. They
// are done at most once.
func (s *Session) Batch(ctx context.Context, ops ...Op) error {
	if s.token == "" {
		return ErrNoSession
	}
	fields, err := s.store.visit(ctx, s.Handle(), ops)
	if errors.Is(err, ErrNoSession) && !s.long {
		// See upgrade.go. Nothing was done, so this is no repetition.
		fields, err = s.store.visit(ctx, s.token.longHandle(), ops)
		s.long = err == nil || errors.Is(err, ErrField)
	}
	if err == nil || errors.Is(err, ErrNoSession) {
		s.fields = fields
	}
	return err
}

func (s *Store) visit(ctx context.Context, handle string, ops []Op) ([]string, error) {
	c := visitScript.call([]string{s.key(handle)}, s.idleTimeout.Milliseconds())
	c.list = true
	// What changes the session is sent once: a one-time code that was set, read and
	// deleted would be there again if the Set came a second time.
	c.once = len(ops) > 0
	for _, op := range ops {
		if err := op.check(); err != nil {
			return nil, err
		}
		c.args = append(c.args, op.verb, op.field, op.value)
	}
	reply, err := s.run(ctx, c)
	if err != nil {
		return nil, err
	}
	fields := reply.([]string)
	switch len(fields) {
	case 0:
		return nil, ErrNoSession
	case 1:
		return nil, fmt.Errorf("%w: %s", ErrField, fields[0])
	}
	return fields, nil
}

// Login begins a new session for username and sends its token to the browser.
// A token that the browser brought is never used again, so one that an attacker
// slipped to it is worth nothing
// (https://owasp.org/www-community/attacks/Session_fixation); its session is
// ended once the new one is safe. Call Login before the body is written.
//
// It takes one round trip for the user's only session, else two; on a cluster two
// to five. If the reply to a creation does not come, there is one more try with a
// new token. Login goes on when the browser goes away, up to the deadline of ctx,
// or for a second if it has none.
//
// On an error (ErrUnavailable, or ErrField for a name that is empty or over 4
// KiB) the browser keeps its cookie and the old session lives on. There is one
// exception: when Redis has ended the old session and only its answer is lost,
// that is ErrUnavailable too. To log in again is right in every case.
func (s *Session) Login(ctx context.Context, username string) error {
	ctx, cancel := toTheEnd(ctx)
	defer cancel()
	fresh, fields, err := s.store.login(ctx, s.tokens(), username)
	if err != nil {
		return err
	}
	s.token, s.rivals, s.long, s.fields = fresh, nil, false, fields
	http.SetCookie(s.w, s.store.cookie(fresh))
	return nil
}

// Logout ends the session in Redis, in one round trip, two if the request has not
// visited it before, and then takes the cookie from the browser: a copy of the
// cookie is worth nothing. If the browser brought several tokens, all their
// sessions end. Logout goes on when the browser goes away, as Login does. On
// ErrUnavailable the browser keeps its cookie. On ErrNotConfirmed all is done,
// but a failover could undo it.
func (s *Session) Logout(ctx context.Context) error {
	if len(s.tokens()) == 0 {
		return nil
	}
	ctx, cancel := toTheEnd(ctx)
	defer cancel()
	err := s.store.place.logout(ctx, handles(s.tokens()), s.Username())
	if err != nil && !errors.Is(err, ErrNotConfirmed) {
		return err
	}
	s.token, s.rivals, s.long, s.fields = "", nil, false, nil
	http.SetCookie(s.w, s.store.expiredCookie())
	return err
}

// RevokeAll logs the user of this session out everywhere, here too; see
// Store.RevokeAll. If no visit has read who that is, it visits the session first.
// ErrNoSession says that there is no live session, so that the user is not known.
func (s *Session) RevokeAll(ctx context.Context) error {
	if err := s.identify(ctx); err != nil {
		return err
	}
	return s.store.RevokeAll(ctx, s.Username())
}

// RevokeOthers is RevokeAll, but for this session.
func (s *Session) RevokeOthers(ctx context.Context) error {
	if err := s.identify(ctx); err != nil {
		return err
	}
	// A visit may have found the session under its long handle.
	return s.store.RevokeOthers(ctx, s.Username(), s.Handle())
}

// identify learns the name of the user.
func (s *Session) identify(ctx context.Context) error {
	if s.Username() != "" {
		return nil
	}
	return s.Refresh(ctx)
}

// Handle names this session in what List returns; empty if the browser brought
// no token. It is no secret: it logs nobody in.
func (s *Session) Handle() string {
	switch {
	case s.token == "":
		return ""
	case s.long:
		return s.token.longHandle()
	}
	return s.token.handle()
}

// tokens are all that the browser brought.
func (s *Session) tokens() []token {
	if s.token == "" {
		return s.rivals
	}
	return []token{s.token}
}

// toTheEnd keeps the deadline of ctx, but not its cancellation: a closed tab
// must not stop a login or a logout half-way.
func toTheEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(time.Second)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}
