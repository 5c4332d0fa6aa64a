package redisconn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/redisconn/iam"
)

// hook runs around every command of the app.
type hook struct {
	client redis.UniversalClient
	addr   string
	// advice is a sentence: what to do if Redis does not answer.
	advice lang.Text
	cfg    config.Config
	// tokens reports whether the client logs in with tokens.
	tokens bool
}

func (h hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		return h.explain(ctx, next(ctx, atMostOnce(cmd)), cmd)
	}
}

func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		guarded := make([]redis.Cmder, len(cmds))
		for i, cmd := range cmds {
			guarded[i] = atMostOnce(cmd)
		}
		err := next(ctx, guarded)
		// The answer to EXEC says only that Redis refused an earlier command. The
		// answer to that command says why.
		refused := func(cmd redis.Cmder) bool { return cmd.Err() != nil && !redis.IsExecAbortError(cmd.Err()) }
		if i := slices.IndexFunc(cmds, refused); i >= 0 && redis.IsExecAbortError(err) {
			err = cmds[i].Err()
			if redis.IsReadOnlyError(err) {
				h.leaveReplica(cmds[i])
			}
		}
		return h.explain(ctx, err, cmds...)
	}
}

// leaveReplica makes the library close a connection to a primary that has become a
// replica. The library does so if a command fails with READONLY, but not if this
// happens inside a MULTI. So leaveReplica sends another command that fails with
// READONLY: it deletes a field that does not exist, which changes nothing on any
// server.
func (h hook) leaveReplica(refused redis.Cmder) {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_ = h.client.HDel(ctx, keyOf(refused), "@no such field").Err()
}

// additive commands change the data each time they run. Scripts are among them,
// because any script may do so.
var additive = map[string]bool{
	"append": true, "decr": true, "decrby": true, "eval": true, "evalsha": true, "fcall": true, "getdel": true, "hincrby": true, "hincrbyfloat": true,
	"incr": true, "incrby": true, "incrbyfloat": true, "linsert": true, "lpop": true, "lpush": true, "lpushx": true,
	"publish": true, "rpop": true, "rpush": true, "rpushx": true, "spop": true, "xadd": true, "zincrby": true,
}

// once is a command that the library must not repeat.
type once struct{ redis.Cmder }

func (once) NoRetry() bool { return true }

// Unwrap is for hooks that need the type of the command.
func (o once) Unwrap() redis.Cmder { return o.Cmder }

// atMostOnce keeps an increment from being counted twice. If a reply is lost, the
// library repeats any command, which may have run; a cluster client does so for any
// value of MaxRetries.
func atMostOnce(cmd redis.Cmder) redis.Cmder {
	if additive[cmd.Name()] {
		return once{cmd}
	}
	return cmd
}

// explain turns an outage or wrong data into an error with a page. It does not change
// the errors that programs handle: no such key, an unknown script, a watched key that
// has changed.
func (h hook) explain(ctx context.Context, err error, cmds ...redis.Cmder) error {
	if _, explained := errors.AsType[*DownError](err); explained {
		// A failed login comes twice: as its own error, and as that of the command
		// that needed the connection.
		return err
	}
	switch {
	case err == nil, errors.Is(err, redis.Nil), errors.Is(err, context.Canceled),
		errors.Is(err, redis.TxFailedErr), redis.HasErrorPrefix(err, "NOSCRIPT"):
		return err
	case wrongData(err):
		return h.wrongDataError(ctx, err, cmds)
	}
	if cluster, ok := h.client.(*redis.ClusterClient); ok {
		// Otherwise the library looks for a new primary only once a minute.
		cluster.ReloadState(ctx)
	}
	if h.tokens && strings.Contains(err.Error(), "WRONGPASS") {
		err = fmt.Errorf("%w (%w)", iam.ErrRefused, err)
	}
	if strings.Contains(err.Error(), "executing the script") {
		// Redis 7.0 does not say which command of the script it refused.
		if refusal := refusedCommand(ctx, h.client, h.cfg); refusal != nil {
			err = fmt.Errorf("%w: %w", refusal, err)
		}
	}
	return &DownError{h.addr, h.advice, err}
}

// DownError means that Redis gave no answer, or refused a command. A command without
// an answer may have run.
type DownError struct {
	addr   string
	advice lang.Text
	cause  error
}

func (e *DownError) Error() string {
	verb := "does not answer"
	if _, replied := errors.AsType[redis.Error](e.cause); replied {
		verb = "refused"
	}
	return fmt.Sprintf("Redis at %s %s: %v", e.addr, verb, e.cause)
}

func (e *DownError) Unwrap() error { return e.cause }

// Explain returns the status, the title and the text of the error page. web.SetLogin
// adds what an outage means for the login.
func (e *DownError) Explain() (status int, title, text lang.Text) {
	title = lang.T("Redis does not answer", "Redis が応答しません")
	reply, replied := errors.AsType[redis.Error](e.cause)
	switch {
	case Refused(e.cause):
		text = lang.T("The app asked Redis at %s, and nothing answers there (connection refused). %s",
			"アプリは %s の Redis に問い合わせましたが、そこでは何も応答しません（接続拒否）。%s", e.addr, e.advice)
	case timedOut(e.cause), errors.Is(e.cause, redis.ErrPoolTimeout):
		text = lang.T("The app asked Redis at %s, and got no answer in time. %s",
			"アプリは %s の Redis に問い合わせましたが、時間内に応答がありませんでした。%s", e.addr, e.advice)
	case replied:
		title = lang.T("Redis refuses", "Redis が拒否しました")
		text = lang.T("The app asked Redis at %s, and it answered: %s (%s)",
			"アプリは %s の Redis に問い合わせましたが、拒否されました。%s（%s）", e.addr, meaning(reply.Error()), answer(reply))
	default:
		text = lang.T("The app asked Redis at %s, and the connection failed. %s",
			"アプリは %s の Redis に問い合わせましたが、通信に失敗しました。%s", e.addr, e.advice)
	}
	return http.StatusServiceUnavailable, title, text
}

// answer returns an answer of Redis in backticks.
func answer(reply error) string { return "`" + strings.ReplaceAll(reply.Error(), "`", "'") + "`" }

// refusals explain the words by which Redis refuses a command.
var refusals = map[string]lang.Text{
	"OOM":         lang.T("it has no memory left.", "メモリーに空きがありません。"),
	"MISCONF":     lang.T("it cannot write to its disk, and takes no changes until it can.", "ディスクに書き込めず、書き込めるようになるまで変更を受け付けません。"),
	"READONLY":    lang.T("it is a replica, which takes no changes. The app needs the primary.", "これはレプリカで、変更を受け付けません。アプリにはプライマリが必要です。"),
	"NOREPLICAS":  lang.T("it has too few replicas to take changes.", "レプリカの数が足りず、変更を受け付けません。"),
	"LOADING":     lang.T("it is still loading its data from its disk.", "まだディスクからデータを読み込んでいます。"),
	"BUSY":        lang.T("a script keeps it busy.", "スクリプトの実行が続いていて、応じられません。"),
	"MASTERDOWN":  lang.T("it is a replica that has lost its primary.", "これはレプリカで、プライマリとの接続を失っています。"),
	"CLUSTERDOWN": lang.T("a part of the cluster is down.", "クラスターの一部が停止しています。"),
	"clients":     lang.T("it has reached its maximum number of clients.", "クライアントの数が上限に達しています。"),
	"unknown":     lang.T("it does not know this command.", "このコマンドには対応していません。"),
	"NOAUTH":      lang.T("it asks for a password.", "パスワードが必要です。"),
	"WRONGPASS":   lang.T("the user name or the password of the app is wrong.", "アプリのユーザー名かパスワードが間違っています。"),
}

var (
	word      = regexp.MustCompile(`\w+`)
	forbidden = regexp.MustCompile(`NOPERM.* '(.+)'|(NOPERM.* key|one of the keys)|(executing the script)`)
)

// meaning explains the answer by which Redis refused a command. In the answer of a
// script the reason can be anywhere, because another error wraps it.
func meaning(reply string) lang.Text {
	switch found := forbidden.FindStringSubmatch(reply); {
	case found == nil:
	case found[1] != "":
		return lang.T("the app's user lacks the right %s.", "アプリのユーザーに、権限 %s がありません。", "`+"+found[1]+"`")
	case found[2] != "":
		return lang.T("the app's user lacks the right to the keys, `~workshop:*`.", "アプリのユーザーに、キーの権限 `~workshop:*` がありません。")
	default:
		return lang.T("the app's user lacks the right to a command of the script.", "アプリのユーザーに、スクリプトの中のコマンドの権限がありません。")
	}
	for _, word := range word.FindAllString(reply, -1) {
		if meant, ok := refusals[word]; ok {
			return meant
		}
	}
	return lang.T("it cannot do this.", "このコマンドは実行できません。")
}

// WrongDataError means that a key of the app holds data of another program.
type WrongDataError struct {
	// Type is the answer to TYPE Key.
	Key, Type string
	cause     error
}

func (e *WrongDataError) Error() string {
	return fmt.Sprintf("the key %s holds a %s that the app cannot use: %v", e.Key, e.Type, e.cause)
}

func (e *WrongDataError) Unwrap() error { return e.cause }

// Explain returns the status, the title and the text of the error page.
func (e *WrongDataError) Explain() (status int, title, text lang.Text) {
	return http.StatusInternalServerError, lang.T("The key %s is in the way", "キー %s に別のデータが入っています", e.Key),
		lang.T("It holds a %s that this app did not put there, and Redis refused: %s. "+
			"Look at it with redis-cli. If no program needs it, remove it: DEL %s",
			"このアプリのものではないデータ（型は %s）が入っているため、Redis が拒否しました（%s）。"+
				"redis-cli で中身を確かめてください。どのプログラムも使っていなければ、削除してください: DEL %s", e.Type, answer(e.cause), e.Key)
}

// dataErrors can be anywhere in the answer of a script, because another error wraps
// them.
var dataErrors = regexp.MustCompile(`WRONGTYPE|hash value is not an integer|increment or decrement would overflow`)

func wrongData(err error) bool {
	reply, replied := errors.AsType[redis.Error](err)
	return replied && dataErrors.MatchString(reply.Error())
}

// wrongDataError asks for the type of the key of the command that failed.
func (h hook) wrongDataError(ctx context.Context, err error, cmds []redis.Cmder) error {
	i := slices.IndexFunc(cmds, func(cmd redis.Cmder) bool { return wrongData(cmd.Err()) })
	key := keyOf(cmds[max(i, 0)])
	if key == "" {
		return err
	}
	kind, typeErr := h.client.Type(ctx, key).Result()
	if typeErr != nil {
		kind = "value"
	}
	return &WrongDataError{Key: key, Type: kind, cause: err}
}

// keyOf is the first key of a command, empty if it has none.
func keyOf(cmd redis.Cmder) string {
	position := 1
	if strings.HasPrefix(cmd.Name(), "eval") {
		// EVALSHA sha numkeys key …
		position = 3
	}
	if args := cmd.Args(); len(args) > position {
		return fmt.Sprint(args[position])
	}
	return ""
}
