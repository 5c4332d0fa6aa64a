package sessionstore

import (
	"context"
	"fmt"
	"slices"
)

// login makes a session, and only when Redis has confirmed it and its entry in
// the index does it end the old one: a login that fails has taken nothing away.
func (s *Store) login(ctx context.Context, old token, username string) (token, error) {
	if username == "" || len(username) > maxValue {
		return "", fmt.Errorf("%w: the name of a user has 1 to %d bytes, not %d", ErrField, maxValue, len(username))
	}
	fresh := newToken()
	age := s.maxAge.Milliseconds()
	// The session first: an entry without a session would look like a dead one,
	// and another login would clear it away.
	replies, err := s.inTurn(ctx,
		[]call{create.call(s.key(fresh.handle()), username, s.idleTimeout.Milliseconds(), age)},
		[]call{enter.call(s.indexKey(username), fresh.handle(), age)})
	if err != nil {
		return "", err
	}
	others := slices.DeleteFunc(texts(replies[1]), func(handle string) bool {
		return handle == fresh.handle() || handle == old.handle()
	})
	var ended []string
	if old != "" {
		ended = []string{old.handle()}
	}
	// Nobody gets the new token before the old session is ended (OWASP ASVS 5.0,
	// 7.2.4). Where that fails, the new session is lost and ends by itself.
	if err := s.tidy(ctx, username, ended, others); err != nil {
		return "", err
	}
	return fresh, nil
}

// tidy ends the old session and looks which of the others, oldest first, are
// alive. Then it ends the oldest where they are too many, and clears away the
// entries of the dead.
func (s *Store) tidy(ctx context.Context, username string, ended, others []string) error {
	replies, err := s.inTurn(ctx, s.each("exists", others), s.each("unlink", ended), s.forget(username, ended...))
	if err != nil {
		return err
	}
	var dead, alive []string
	for i, handle := range others {
		if replies[i] == int64(0) {
			dead = append(dead, handle)
		} else {
			alive = append(alive, handle)
		}
	}
	tooMany := alive[:max(0, len(alive)+1-s.maxSessions)]
	_, err = s.inTurn(ctx, s.each("unlink", tooMany), s.forget(username, append(dead, tooMany...)...))
	return err
}

// each makes a call for each session.
func (s *Store) each(name string, handles []string) []call {
	calls := make([]call, len(handles))
	for i, handle := range handles {
		calls[i] = command(name, s.key(handle))
	}
	return calls
}

// forget removes the entries of sessions from the index. It comes after their
// end has been confirmed, never beside it: a session that outlives its entry,
// since one server of a cluster answered and the other did not, could not be
// revoked any more.
func (s *Store) forget(username string, handles ...string) []call {
	if len(handles) == 0 {
		return nil
	}
	entries := append(make([]any, 0, len(handles)+2), "zrem", s.indexKey(username))
	for _, handle := range handles {
		entries = append(entries, handle)
	}
	return []call{{args: entries}}
}

// logout removes a session, in one round trip. Its entry in the index goes
// along where the user is known and one server has both; else the next login,
// list or revocation of the user removes it.
func (s *Store) logout(ctx context.Context, t token, username string) error {
	calls := s.each("unlink", []string{t.handle()})
	if s.isOneServer() && username != "" {
		calls = append(calls, s.forget(username, t.handle())...)
	}
	if s.replicas > 0 {
		return s.confirm(ctx, s.key(t.handle()), calls)
	}
	_, err := s.run(ctx, calls...)
	return err
}

// confirm makes the calls, and waits for the replicas of the server that has
// key. WAIT speaks of what its own connection wrote, so it goes with the calls.
func (s *Store) confirm(ctx context.Context, key string, calls []call) error {
	replies, err := s.runAt(ctx, key, append(calls, command("wait", s.replicas, s.replicaWait.Milliseconds())))
	if err != nil {
		return err
	}
	if n, _ := replies[len(replies)-1].(int64); n < int64(s.replicas) {
		return fmt.Errorf("%w: %d of %d did", ErrNotConfirmed, n, s.replicas)
	}
	return nil
}

func texts(reply any) []string {
	values, _ := reply.([]any)
	all := make([]string, len(values))
	for i, value := range values {
		all[i], _ = value.(string)
	}
	return all
}
