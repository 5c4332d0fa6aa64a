package sessionstore

import (
	"context"
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"
)

// oneServer keeps sessions and indexes on the same server, so each operation is one
// script, and nothing runs between a session and its entry. A script makes the keys
// of sessions from the handles in the index. They are not among its KEYS, which a
// cluster would need.
type oneServer struct{ *Store }

func (s oneServer) begin(ctx context.Context, l login, handle string, old []string, newConn bool) (begun, error) {
	keys := append(s.keys(append([]string{handle}, old...)), s.indexKey(l.username))
	c := beginScript.call(keys, l.creation(handle)...)
	c.once, c.newConn = true, newConn
	reply, err := s.run(ctx, c)
	if err != nil {
		return begun{}, err
	}
	parts := reply.([]any)
	times := toStrings(parts[0])
	return begun{true, times[0], times[1], toStrings(parts[1]), without(toStrings(parts[2]), handle)}, nil
}

func (s oneServer) settle(ctx context.Context, username string, todo settlement) error {
	_, err := s.run(ctx, s.settleCall(username, todo))
	return err
}

func (s oneServer) settleCall(username string, todo settlement) call {
	indexes := []string{s.indexKey(username)}
	for _, name := range todo.names {
		if index := s.indexKey(name); name != "" && !slices.Contains(indexes, index) {
			indexes = append(indexes, index)
		}
	}
	args := []any{s.prefix, todo.limit, todo.fresh, tombstoneLife.Milliseconds(), len(todo.tries)}
	for _, handle := range slices.Concat(todo.tries, todo.old) {
		args = append(args, handle)
	}
	return settleScript.call(indexes, args...)
}

// logout ends sessions and removes their entries, in one round trip. If the username
// is not known, the first round trip ends the sessions and returns the name, and a
// second one removes the entries. Its error is ignored: the sessions have ended.
func (s oneServer) logout(ctx context.Context, handles []string, username string) error {
	todo := settlement{limit: noLimit, old: handles}
	if username != "" {
		c := s.settleCall(username, todo)
		c.wait = true
		_, err := s.run(ctx, c)
		return err
	}
	c := endScript.call(s.keys(handles))
	c.wait = true
	reply, err := s.run(ctx, c)
	if err != nil && !errors.Is(err, ErrNotConfirmed) {
		return err
	}
	todo.names = without(toStrings(reply), "")
	if len(todo.names) > 0 {
		_ = s.settle(ctx, todo.names[0], todo)
	}
	return err
}

func (s oneServer) list(ctx context.Context, username string, fields []string) ([]Info, error) {
	reply, err := s.run(ctx, listScript.call([]string{s.indexKey(username)}, scriptArgs(s.prefix, fields)...))
	if err != nil {
		return nil, err
	}
	rows, _ := reply.([]any)
	live := make([]Info, len(rows))
	for i, row := range rows {
		session := row.([]any)
		live[i] = s.info(session[0].(string), session[1:], fields)
	}
	return live, nil
}

// revokeOne is sent once: a second run would report no session, although the first
// run ended it.
func (s oneServer) revokeOne(ctx context.Context, username, handle string) (bool, error) {
	c := revokeScript.call([]string{s.indexKey(username)}, s.prefix, handle, "only")
	c.once, c.newConn = true, s.overTLS()
	ended, err := s.run(ctx, c)
	return ended == int64(1), err
}

// revokeOthers is sent once too: a second copy that arrives late would end sessions
// of later logins.
func (s oneServer) revokeOthers(ctx context.Context, username, keep string) error {
	c := revokeScript.call([]string{s.indexKey(username)}, s.prefix, keep, "others")
	c.once, c.newConn = true, s.overTLS()
	_, err := s.run(ctx, c)
	return err
}

// overTLS reports whether the client uses TLS. A connection in its pool may then be
// broken unnoticed, so a call that is sent only once needs a new connection.
func (s oneServer) overTLS() bool {
	client, ok := s.rdb.(*redis.Client)
	return ok && client.Options().TLSConfig != nil
}
