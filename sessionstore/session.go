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
// where the browser brought no token. They return ErrNoSession where there is
// no live session, ErrField for a field or value that cannot be, and
// ErrUnavailable where Redis is not there; context.Canceled where the browser
// went away is none of these.
type Session struct {
	store *Store
	w     http.ResponseWriter
	token token
	// fields and values, one after the other, as the last visit read them.
	fields []string
}

// Brought tells whether the browser brought a token. Its session may have
// ended.
func (s *Session) Brought() bool { return s.token != "" }

// Username is who is logged in, as the last visit read it; empty before one,
// and where there is no session.
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

// Get returns the value of a field, empty where there is none.
func (s *Session) Get(ctx context.Context, field string) (string, error) {
	if err := s.Batch(ctx); err != nil {
		return "", err
	}
	return s.Value(field), nil
}

// Set gives a field a value of at most 4 KiB.
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

// Delete removes a field.
func (s *Session) Delete(ctx context.Context, field string) error {
	return s.Batch(ctx, Delete(field))
}

// Refresh is a visit that changes nothing.
func (s *Session) Refresh(ctx context.Context) error { return s.Batch(ctx) }

// Batch does all ops, in their order, or none of them, in one round trip.
func (s *Session) Batch(ctx context.Context, ops ...Op) error {
	if s.token == "" {
		return ErrNoSession
	}
	fields, err := s.store.visit(ctx, s.token, ops)
	if err == nil || errors.Is(err, ErrNoSession) {
		s.fields = fields
	}
	return err
}

func (s *Store) visit(ctx context.Context, t token, ops []Op) ([]string, error) {
	c := visit.call(s.key(t.handle()), s.idleTimeout.Milliseconds())
	c.list = true
	for _, op := range ops {
		if err := op.check(); err != nil {
			return nil, err
		}
		c.args = append(c.args, op.verb, op.field, op.value)
		c.once = c.once || op.verb == incr
	}
	replies, err := s.run(ctx, c)
	if err != nil {
		return nil, err
	}
	fields := replies[0].([]string)
	switch len(fields) {
	case 0:
		return nil, ErrNoSession
	case 1:
		return nil, fmt.Errorf("%w: %s", ErrField, fields[0])
	}
	return fields, nil
}

// Login begins a new session for username and sends its token to the browser.
// A token that the browser brought is never used again, so one that somebody
// slipped to it is worth nothing
// (https://owasp.org/www-community/attacks/Session_fixation); its session is
// ended once the new one is safe. Call Login before the body is written.
//
// It takes two round trips, one for the user's only session, and one more where
// the index has dead entries or the user too many sessions; on a cluster each of
// these steps takes one to three. It goes on when the browser goes away.
//
// On an error (ErrUnavailable, or ErrField for a name that is empty or over 4
// KiB) the browser keeps its cookie and the old session lives on. There is one
// exception: when Redis has ended the old session and only its answer is lost,
// that is ErrUnavailable too. To log in again is right in every case.
func (s *Session) Login(ctx context.Context, username string) error {
	ctx, cancel := toTheEnd(ctx)
	defer cancel()
	fresh, err := s.store.login(ctx, s.token, username)
	if err != nil {
		return err
	}
	s.token, s.fields = fresh, nil
	http.SetCookie(s.w, s.store.cookie(fresh))
	return nil
}

// Logout ends the session in Redis, in one round trip, and then takes the
// cookie from the browser: a copy of the cookie is worth nothing. It goes on
// when the browser goes away. On ErrUnavailable the browser keeps its cookie.
// On ErrNotConfirmed all is done, but a failover could undo it.
func (s *Session) Logout(ctx context.Context) error {
	if s.token == "" {
		return nil
	}
	ctx, cancel := toTheEnd(ctx)
	defer cancel()
	err := s.store.logout(ctx, s.token, s.Username())
	if err != nil && !errors.Is(err, ErrNotConfirmed) {
		return err
	}
	s.token, s.fields = "", nil
	http.SetCookie(s.w, s.store.expiredCookie())
	return err
}

// Handle names this session in what List returns; empty where the browser
// brought no token. It is no secret: nobody can log in with it.
func (s *Session) Handle() string {
	if s.token == "" {
		return ""
	}
	return s.token.handle()
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
