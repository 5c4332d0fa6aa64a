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
	conflicting []token
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

// Created is the time of the login, or of Begin, in Redis' time, as the last visit
// read it; zero before one, and if there is no session. A page that changes
// something sensitive asks for the password again if that was long ago (OWASP
// ASVS 5.0, 7.5.1), and logs in again, which gives the browser a new token.
func (s *Session) Created() time.Time {
	if created := s.Value("@created"); created != "" {
		return atMilliseconds(created)
	}
	return time.Time{}
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

// Pop removes a field and returns what it held, empty if there was none. Of several
// requests only one gets it. It is done at most once.
func (s *Session) Pop(ctx context.Context, field string) (string, error) {
	if err := s.Batch(ctx, Pop(field)); err != nil {
		return "", err
	}
	return s.Value(field), nil
}

// Refresh is a visit that changes nothing.
func (s *Session) Refresh(ctx context.Context) error { return s.Batch(ctx) }

// Batch does all ops, in their order, or none of them, in one round trip. They
// are done at most once.
func (s *Session) Batch(ctx context.Context, ops ...Op) error {
	if s.token == "" {
		return ErrNoSession
	}
	err := s.tryHandles(func(handle string) (err error) {
		fields, err := s.store.visit(ctx, handle, ops)
		if err == nil || errors.Is(err, ErrNoSession) {
			s.fields = fields
		}
		return err
	})
	s.store.report(ctx, "", s.Username(), s.Handle(), err)
	return err
}

// ask asks for the session by its handle.
func (s *Session) tryHandles(call func(handle string) error) error {
	err := call(s.Handle())
	if errors.Is(err, ErrNoSession) && !s.long {
		// See upgrade.go. Nothing was done, so this is no repetition.
		err = call(s.token.longHandle())
		s.long = err == nil || errors.Is(err, ErrField)
	}
	return err
}

func (s *Store) visit(ctx context.Context, handle string, ops []Op) ([]string, error) {
	script := visitScript
	if len(ops) > 1 {
		script = batchScript
	}
	c := script.call([]string{s.key(handle)}, s.idleTimeout.Milliseconds(), s.touchEvery.Milliseconds())
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
// Options give the session its first values (Set), fields of the session before it
// (Carry), and a longer life (Remember).
//
// It takes one round trip for the user's only session, else two; on a cluster two
// to five; one more with Carry. If the reply to a creation does not come, there is one more try with a
// new token. Login goes on when the browser goes away, up to the deadline of ctx,
// or for a second if it has none.
//
// On an error (ErrUnavailable, or ErrField for a name that is empty or over 4
// KiB) the browser keeps its cookie and the old session lives on. There is one
// exception: when Redis has ended the old session and only its answer is lost,
// that is ErrUnavailable too. To log in again is right in every case.
func (s *Session) Login(ctx context.Context, username string, options ...LoginOption) error {
	l, err := s.store.newLogin(username, options)
	if err != nil {
		return err
	}
	ctx, cancel := ignoreCancel(ctx)
	defer cancel()
	if err := s.carry(ctx, &l); err != nil {
		return err
	}
	fresh, fields, err := s.store.login(ctx, s.tokens(), l)
	if err == nil {
		s.switchTo(fresh, fields, l)
	}
	s.store.report(ctx, LoggedIn, username, s.Handle(), err)
	return err
}

// carry reads what a login takes over from the session before it, if that is alive.
func (s *Session) carry(ctx context.Context, l *login) error {
	if len(l.carried) == 0 {
		return nil
	}
	if err := s.Refresh(ctx); err != nil && !errors.Is(err, ErrNoSession) {
		return err
	}
	for _, field := range l.carried {
		if value := s.Value(field); value != "" {
			Set(field, value).option(l)
		}
	}
	return l.invalid
}

// become makes a session the one of this request, and of the browser.
func (s *Session) switchTo(fresh token, fields []string, l login) {
	s.token, s.conflicting, s.long, s.fields = fresh, nil, false, fields
	cookie := s.store.cookie(fresh)
	if l.remembered {
		cookie.MaxAge = int(l.maxAge.Seconds())
	}
	http.SetCookie(s.w, cookie)
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
	ctx, cancel := ignoreCancel(ctx)
	defer cancel()
	username, handle := s.Username(), s.Handle()
	err := s.store.backend.logout(ctx, handles(s.tokens()), username)
	s.store.report(ctx, LoggedOut, username, handle, err)
	if err != nil && !errors.Is(err, ErrNotConfirmed) {
		return err
	}
	s.token, s.conflicting, s.long, s.fields = "", nil, false, nil
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

// List is Store.List for the user of this session, which is marked as the current
// one.
func (s *Session) List(ctx context.Context, fields ...string) ([]Info, error) {
	if err := s.identify(ctx); err != nil {
		return nil, err
	}
	infos, err := s.store.List(ctx, s.Username(), fields...)
	for i := range infos {
		infos[i].Current = infos[i].Handle == s.Handle()
	}
	return infos, err
}

// identify learns the name of the user.
func (s *Session) identify(ctx context.Context) error {
	if s.Username() != "" {
		return nil
	}
	err := s.Refresh(ctx)
	if err == nil && s.Username() == "" {
		return fmt.Errorf("%w of a user", ErrNoSession)
	}
	return err
}

// Life is how long a session is to live: until its idle end, if there is no visit,
// and until the end that nothing extends.
type Life struct{ Idle, End time.Duration }

// Peek reads the session without a visit, in one round trip, so it does not extend
// its life: a page that polls does not keep a user logged in, and can warn before
// the end (WCAG 2.2.1). The error is ErrNoSession, ErrUnavailable or the context's.
func (s *Session) Peek(ctx context.Context) (Life, error) {
	if s.token == "" {
		return Life{}, ErrNoSession
	}
	var left Life
	err := s.tryHandles(func(handle string) error {
		reply, err := s.store.run(ctx, peekScript.call([]string{s.store.key(handle)}))
		if err != nil {
			return err
		}
		found := reply.([]any)
		if len(found) == 0 {
			s.fields = nil
			return ErrNoSession
		}
		s.fields = toStrings(found[0])
		left = Life{milliseconds(found[1]), milliseconds(found[2])}
		return nil
	})
	s.store.report(ctx, "", s.Username(), s.Handle(), err)
	return left, err
}

func milliseconds(reply any) time.Duration {
	n, _ := reply.(int64)
	return time.Duration(n) * time.Millisecond
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
		return s.conflicting
	}
	return []token{s.token}
}

// toTheEnd keeps the deadline of ctx, but not its cancellation: a closed tab
// must not stop a login or a logout half-way.
func ignoreCancel(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(time.Second)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}
