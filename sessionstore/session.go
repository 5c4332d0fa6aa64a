package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Session is the session of one request. Only one goroutine at a time may use it.
//
// Get, Set, Incr, Delete, Pop, Refresh and Batch are visits. A visit resets the
// idle timeout and reads the whole session, in one round trip, or in none if the
// browser sent no token. It returns ErrNoSession if there is no live session,
// ErrField for an invalid field or value, ErrUnavailable if Redis is not
// available, and context.Canceled if the browser went away.
type Session struct {
	store *Store
	w     http.ResponseWriter
	token token
	// conflicting are the tokens of a browser that sent several. A visit uses none
	// of them.
	conflicting []token
	// long reports whether a visit has found the session under its long handle.
	long bool
	// fields are names and values in turn, as the last visit read them.
	fields []string
}

// Brought reports whether the browser sent a token. Its session may have ended.
func (s *Session) Brought() bool { return s.token != "" }

// Username returns the name of the user, as the login or the last visit read it. It
// is empty before a visit, and without a session.
func (s *Session) Username() string { return s.Value("username") }

// Value returns a field as the last visit read it, without a round trip.
func (s *Session) Value(field string) string {
	for i := 0; i+1 < len(s.fields); i += 2 {
		if s.fields[i] == field {
			return s.fields[i+1]
		}
	}
	return ""
}

// Created returns the time of Login or Begin by the clock of Redis, as the last
// visit read it. It is zero before a visit, and without a session. If the login
// was long ago, ask for the password before a sensitive change (OWASP ASVS 5.0,
// 7.5.1), and call Login again, which gives the browser a new token.
func (s *Session) Created() time.Time {
	if created := s.Value("@created"); created != "" {
		return atMilliseconds(created)
	}
	return time.Time{}
}

// Get returns the value of a field, or an empty string if the field does not exist.
func (s *Session) Get(ctx context.Context, field string) (string, error) {
	if err := s.Batch(ctx); err != nil {
		return "", err
	}
	return s.Value(field), nil
}

// Set sets a field to a value of at most 4 KiB. The change is made at most once.
func (s *Session) Set(ctx context.Context, field, value string) error {
	return s.Batch(ctx, Set(field, value))
}

// Incr adds n to a field, which starts at 0, and returns the sum. The change is
// made at most once.
func (s *Session) Incr(ctx context.Context, field string, n int64) (int64, error) {
	if err := s.Batch(ctx, Incr(field, n)); err != nil {
		return 0, err
	}
	return strconv.ParseInt(s.Value(field), 10, 64)
}

// Delete removes a field. The change is made at most once.
func (s *Session) Delete(ctx context.Context, field string) error {
	return s.Batch(ctx, Delete(field))
}

// Pop removes a field and returns its value, or an empty string if the field does
// not exist. Of several requests only one gets the value. The change is made at
// most once.
func (s *Session) Pop(ctx context.Context, field string) (string, error) {
	if err := s.Batch(ctx, Pop(field)); err != nil {
		return "", err
	}
	return s.Value(field), nil
}

// Refresh is a visit that changes no field.
func (s *Session) Refresh(ctx context.Context) error { return s.Batch(ctx) }

// Batch makes all changes in their order, or none of them, in one round trip. They
// are made at most once.
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

// tryHandles calls with the handle of the session, and if no session has it, with the
// long handle (see upgrade.go). The first call has then changed nothing, so no change
// is made twice.
func (s *Session) tryHandles(call func(handle string) error) error {
	err := call(s.Handle())
	if errors.Is(err, ErrNoSession) && !s.long {
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
	// A change is sent only once. Otherwise a one-time code that was set, read and
	// deleted would be back if its Set arrived a second time.
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

// Login starts a new session for username and sends its token to the browser. Call
// it before you write the body. Login never reuses the browser's old token, so a
// token planted by an attacker is useless
// (https://owasp.org/www-community/attacks/Session_fixation). It ends the old
// session after Redis has confirmed the new one.
//
// Options set first values (Set), copy fields of the old session (Carry), and give
// the session a longer life (Remember).
//
// Login takes one round trip for the user's only session, else two; on a cluster
// two to five. Carry takes one more. If the reply to the creation is lost, Login
// tries once more with a new token. It continues if the browser goes away, until
// the deadline of ctx, or for one second if ctx has none.
//
// On an error the browser keeps its cookie, and the old session stays live. The
// error is ErrUnavailable, or ErrField for a name that is empty or over 4 KiB. In
// one case the old session has ended all the same: Redis ended it, but the reply
// was lost (ErrUnavailable). In every case the user can log in again.
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

// carry reads the fields that a login copies from the old session, if that is live.
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

// switchTo makes the new session that of this request and of the browser.
func (s *Session) switchTo(fresh token, fields []string, l login) {
	s.token, s.conflicting, s.long, s.fields = fresh, nil, false, fields
	cookie := s.store.cookie(fresh)
	if l.remembered {
		cookie.MaxAge = int(l.maxAge.Seconds())
	}
	http.SetCookie(s.w, cookie)
}

// Logout ends the session in Redis and then deletes the browser's cookie, so a copy
// of the cookie is useless. It takes one round trip; two on a cluster, or if this
// request has not visited the session before. If the browser sent several tokens,
// Logout ends all their sessions. It continues if the browser goes away, as Login
// does. On ErrUnavailable the browser keeps its cookie. On ErrNotConfirmed the
// session has ended, but a failover could undo that.
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

// RevokeAll ends all sessions of this session's user, this one too; see
// Store.RevokeAll. If the user is not known yet, it visits the session first. It
// returns ErrNoSession if there is no live session of a user.
func (s *Session) RevokeAll(ctx context.Context) error {
	if err := s.identify(ctx); err != nil {
		return err
	}
	return s.store.RevokeAll(ctx, s.Username())
}

// RevokeOthers is RevokeAll, but keeps this session.
func (s *Session) RevokeOthers(ctx context.Context) error {
	if err := s.identify(ctx); err != nil {
		return err
	}
	// A visit may have found the session under its long handle.
	return s.store.RevokeOthers(ctx, s.Username(), s.Handle())
}

// List is Store.List for the user of this session. It marks this session as Current.
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

// identify visits the session if the name of its user is not known yet.
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

// Life is the time that a session has left: Idle until it ends if there is no visit,
// and End until its maximum age.
type Life struct{ Idle, End time.Duration }

// Peek reads the session in one round trip without a visit, so it does not extend
// the session. A page that polls can warn the user before the end (WCAG 2.2.1). The
// error is ErrNoSession, ErrUnavailable or that of ctx.
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

// Handle returns the name of this session in a List, or an empty string if the
// browser sent no token. It is not secret: a client cannot log in with it.
func (s *Session) Handle() string {
	switch {
	case s.token == "":
		return ""
	case s.long:
		return s.token.longHandle()
	}
	return s.token.handle()
}

// tokens are all tokens that the browser sent.
func (s *Session) tokens() []token {
	if s.token == "" {
		return s.conflicting
	}
	return []token{s.token}
}

// ignoreCancel keeps the deadline of ctx, but not its cancellation: a closed tab must
// not stop a login or a logout halfway.
func ignoreCancel(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(time.Second)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}
