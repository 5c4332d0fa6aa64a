package contract

import (
	"context"
	"strings"

	"example.com/session-workshop/shared/lang"
)

// Methods returns the checks of the small session store in a learner's copy of
// step 4, one for each method, in the order in which a learner writes them. They
// run before the checks of the lesson, so that one method can pass at a time.
// They run the copy's own Go tests through Target.TestMethod, and return
// ErrNotChecked if it is nil.
func Methods() []Check {
	return []Check{
		method("Key", inKey, lang.T("the key is made from the SHA-256 of the token", ""),
			lang.T("The key is keyPrefix, followed by the SHA-256 of the token in hexadecimal digits. With the token itself in the key, anyone who can list the keys of Redis could log in.", ""),
			lang.T("sha256.Sum256 makes 32 bytes from the bytes of the token. hex.EncodeToString writes them in hexadecimal digits; it takes a slice, sum[:].", ""),
			lang.T("sum := sha256.Sum256([]byte(t)) / return keyPrefix + hex.EncodeToString(sum[:])", ""),
		),
		method("Create", inCreate, lang.T("a login makes a new session with its TTL in one round trip", ""),
			lang.T("Each login gets a new token, and a hash under its key: the field username, and visits with 0. Without a TTL in the same round trip, a login that is never used stays for ever.", ""),
			lang.T("newToken makes the token. s.rdb.TxPipelined sends HSet and PExpire together, and the second needs the key of the first: s.Key(t).", ""),
			lang.T(`t := newToken() / _, err := s.rdb.TxPipelined(ctx, func(multi redis.Pipeliner) error { multi.HSet(ctx, s.Key(t), "username", username, "visits", 0); multi.PExpire(ctx, s.Key(t), s.ttl); return nil }) / return t, err`, ""),
		),
		method("Visit", inVisit, lang.T("a visit counts in a session that is alive, and in no other", ""),
			lang.T("A visit checks that the session is there, adds one, gives it its full TTL and reads it, all in one round trip. If there is no session it returns ErrNone and writes nothing.", ""),
			lang.T("A script does all of that as one command. The guide has its seven lines: put them into session/script.go with redis.NewScript, and run it with the key and the TTL in milliseconds. If the script returns false, Go gets the error redis.Nil.", ""),
			lang.T("reply, err := visit.Run(ctx, s.rdb, []string{s.Key(t)}, s.ttl.Milliseconds()).Slice() / if errors.Is(err, redis.Nil) { return Session{}, ErrNone } / username, _ := reply[0].(string) / visits, _ := reply[1].(int64)", ""),
		),
		method("Delete", inDelete, lang.T("a logout deletes the session in Redis", ""),
			lang.T("Every copy of the cookie stays good until the key is gone. A session that has already ended is not an error, and an empty token sends nothing to Redis.", ""),
			lang.T("s.rdb.Del deletes a key. A key that is not there is not an error for it, so only the empty token is left to handle.", ""),
			lang.T(`if t == "" { return nil } / return s.rdb.Del(ctx, s.Key(t)).Err()`, ""),
		),
	}
}

func method(method, where string, name lang.Text, hints ...lang.Text) Check {
	return Check{
		ID: "store-" + strings.ToLower(method), Name: name, Hints: hints, Where: where, Group: Lesson,
		Run: func(ctx context.Context, t Target) error {
			if t.TestMethod == nil {
				return ErrNotChecked
			}
			return t.TestMethod(ctx, method)
		},
	}
}
