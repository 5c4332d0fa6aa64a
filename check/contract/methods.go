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
		method("Key", inKey, lang.T("the key is made from the SHA-256 of the token", "キーはトークンの SHA-256 ハッシュ値から作る"),
			lang.T("The key is keyPrefix, followed by the SHA-256 of the token in hexadecimal digits. With the token itself in the key, anyone who can list the keys of Redis could log in.", "キーは、keyPrefix に、トークンの SHA-256 ハッシュ値を 16 進数で続けたものです。トークンをそのままキーにすると、Redis のキーの一覧を見られる人なら誰でもログインできてしまいます。"),
			lang.T("sha256.Sum256 makes 32 bytes from the bytes of the token. hex.EncodeToString writes them in hexadecimal digits; it takes a slice, sum[:].", "sha256.Sum256 は、トークンのバイト列から 32 バイトのハッシュ値を計算します。それを 16 進数の文字列にするのが hex.EncodeToString です。引数はスライスなので、sum[:] を渡します。"),
			lang.Same("sum := sha256.Sum256([]byte(t)) / return keyPrefix + hex.EncodeToString(sum[:])"),
		),
		method("Create", inCreate, lang.T("a login makes a new session with its TTL in one round trip", "ログインすると、TTL の付いた新しいセッションが 1 回のラウンドトリップで作られる"),
			lang.T("Each login gets a new token, and a hash under its key: the field username, and visits with 0. Without a TTL in the same round trip, a login that is never used stays for ever.", "ログインのたびに新しいトークンを作り、そのキーにハッシュを保存します。フィールドは、username と、値が 0 の visits です。同じラウンドトリップで TTL も付けないと、ログインしたきり使われないセッションがいつまでも残ります。"),
			lang.T("newToken makes the token. s.rdb.TxPipelined sends HSet and PExpire together, and the second needs the key of the first: s.Key(t).", "トークンは newToken で作ります。s.rdb.TxPipelined は、HSet と PExpire をまとめて送ります。PExpire にも、HSet と同じキー s.Key(t) を渡してください。"),
			lang.Same(`t := newToken() / _, err := s.rdb.TxPipelined(ctx, func(multi redis.Pipeliner) error { multi.HSet(ctx, s.Key(t), "username", username, "visits", 0); multi.PExpire(ctx, s.Key(t), s.ttl); return nil }) / return t, err`),
		),
		method("Visit", inVisit, lang.T("a visit counts in a session that is alive, and in no other", "生きているセッションのアクセスだけを数える"),
			lang.T("A visit checks that the session is there, adds one, gives it its full TTL and reads it, all in one round trip. If there is no session it returns ErrNone and writes nothing.", "アクセスのたびに、セッションがあるかを確かめ、訪問回数に 1 を足し、TTL を元の長さに戻し、セッションを読みます。そのすべてを 1 回のラウンドトリップで済ませます。セッションがなければ、何も書き込まずに ErrNone を返します。"),
			lang.T("A script does all of that as one command. The guide has its seven lines: put them into session/script.go with redis.NewScript, and run it with the key and the TTL in milliseconds. If the script returns false, Go gets the error redis.Nil.", "スクリプトなら、そのすべてを 1 つのコマンドで実行できます。ガイドにある 7 行を、session/script.go の中で redis.NewScript に渡します。実行するときは、キーとミリ秒単位の TTL を渡します。スクリプトが false を返すと、Go ではエラー redis.Nil になります。"),
			lang.Same("reply, err := visit.Run(ctx, s.rdb, []string{s.Key(t)}, s.ttl.Milliseconds()).Slice() / if errors.Is(err, redis.Nil) { return Session{}, ErrNone } / username, _ := reply[0].(string) / visits, _ := reply[1].(int64)"),
		),
		method("Delete", inDelete, lang.T("a logout deletes the session in Redis", "ログアウトすると Redis のセッションが削除される"),
			lang.T("Every copy of the cookie stays good until the key is gone. A session that has already ended is not an error, and an empty token sends nothing to Redis.", "キーが消えるまでは、コピーされた Cookie がどれも使えてしまいます。セッションがすでに終わっていても、エラーにはしません。トークンが空なら、Redis には何も送りません。"),
			lang.T("s.rdb.Del deletes a key. A key that is not there is not an error for it, so only the empty token is left to handle.", "キーは s.rdb.Del で削除します。キーがなくてもエラーにはなりません。あとは、トークンが空の場合を処理するだけです。"),
			lang.Same(`if t == "" { return nil } / return s.rdb.Del(ctx, s.Key(t)).Err()`),
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
