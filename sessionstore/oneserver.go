package sessionstore

import (
	"context"
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"
)

// oneServer has sessions and indexes side by side, so each operation is one
// script: nothing comes between a session and its entry. The keys of sessions are
// not among the KEYS of a script, but made from the handles in the index, which
// only one server allows.
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

// logout ends sessions and removes their entries, in one round trip. If the name
// of the user is not known, the end of the session tells it, and a second round
// trip removes the entry; all is done by then, so that this one fails is no error.
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

// revokeOne is sent once: run twice, it would say of a session that it has ended
// that there was none.
func (s oneServer) revokeOne(ctx context.Context, username, handle string) (bool, error) {
	c := revokeScript.call([]string{s.indexKey(username)}, s.prefix, handle, "only")
	c.once, c.newConn = true, s.overTLS()
	ended, err := s.run(ctx, c)
	return ended == int64(1), err
}

// revokeOthers is sent once too: a second copy that comes late would end what has
// logged in since.
func (s oneServer) revokeOthers(ctx context.Context, username, keep string) error {
	c := revokeScript.call([]string{s.indexKey(username)}, s.prefix, keep, "others")
	c.once, c.newConn = true, s.overTLS()
	_, err := s.run(ctx, c)
	return err
}

// overTLS reports whether a connection that waits in the pool may be broken
// unnoticed. What is sent once goes on a new connection then.
func (s oneServer) overTLS() bool {
	client, ok := s.rdb.(*redis.Client)
	return ok && client.Options().TLSConfig != nil
}
