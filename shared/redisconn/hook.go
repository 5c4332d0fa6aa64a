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
	"example.com/session-workshop/shared/redisconn/iam"
)

// hook stands between the app and the library, for every command.
type hook struct {
	client redis.UniversalClient
	addr   string
	advice string
	// cfg says what the app needs of Redis.
	cfg config.Config
	// tokens tells that they are what it logs in with.
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
		// EXEC says only that a command before it was refused. That one says why.
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

// leaveReplica makes the library close a connection to a primary that has
// become a replica, so that the next one is made to the new primary. It does so
// by itself where a command is refused with READONLY, but not within a MULTI,
// whose EXEC answers with another error. To delete a field that nobody has is
// such a command, and changes nothing wherever it arrives.
func (h hook) leaveReplica(refused redis.Cmder) {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	// That it fails is what it is for.
	_ = h.client.HDel(ctx, keyOf(refused), "@nobody has this").Err()
}

// additive commands change the data again each time they run. A script may do
// so: whether it can run twice is not known here.
var additive = map[string]bool{
	"append": true, "decr": true, "decrby": true, "eval": true, "evalsha": true, "fcall": true, "getdel": true, "hincrby": true, "hincrbyfloat": true,
	"incr": true, "incrby": true, "incrbyfloat": true, "linsert": true, "lpop": true, "lpush": true, "lpushx": true,
	"publish": true, "rpop": true, "rpush": true, "rpushx": true, "spop": true, "xadd": true, "zincrby": true,
}

// once is a command that the library must not send a second time.
type once struct{ redis.Cmder }

func (once) NoRetry() bool { return true }

// Unwrap is for hooks that look at the command itself.
func (o once) Unwrap() redis.Cmder { return o.Cmder }

// atMostOnce keeps an increment from being counted twice. The library sends
// any command again when its reply is lost, and then nobody knows whether the
// first one ran; a cluster client does so whatever MaxRetries says.
func atMostOnce(cmd redis.Cmder) redis.Cmder {
	if additive[cmd.Name()] {
		return once{cmd}
	}
	return cmd
}

// explain turns what a person should read about into an error that says so.
// The answers that programs ask for pass as they are: that there is nothing,
// that Redis does not know a script, that a watched key has changed.
func (h hook) explain(ctx context.Context, err error, cmds ...redis.Cmder) error {
	var explained *DownError
	switch {
	// A login that failed comes by twice: as itself, and as the end of the
	// command that needed it.
	case errors.As(err, &explained):
		return err
	case err == nil, errors.Is(err, redis.Nil), errors.Is(err, context.Canceled),
		errors.Is(err, redis.TxFailedErr), redis.HasErrorPrefix(err, "NOSCRIPT"):
		return err
	case wrongData(err):
		return h.wrongDataError(ctx, err, cmds)
	}
	if cluster, ok := h.client.(*redis.ClusterClient); ok {
		// By itself the library looks for a new master once a minute.
		cluster.ReloadState(ctx)
	}
	if h.tokens && strings.Contains(err.Error(), "WRONGPASS") {
		err = fmt.Errorf("%w (%w)", iam.ErrRefused, err)
	}
	if strings.Contains(err.Error(), "executing the script") {
		// Redis 7.0 does not say which command was refused to the script.
		if refusal := refusedCommand(ctx, h.client, h.cfg); refusal != nil {
			err = fmt.Errorf("%w: %w", refusal, err)
		}
	}
	return &DownError{Addr: h.addr, Advice: h.advice, cause: err}
}

// DownError says that Redis gave no answer, or refused what the app asked for.
// Whether a command that got no answer has run is not known.
type DownError struct {
	// Addr is host:port of the Redis that was asked.
	Addr string
	// Advice is what to do if there is no answer, a sentence.
	Advice string
	cause  error
}

func (e *DownError) Error() string {
	verb := "does not answer"
	if _, replied := errors.AsType[redis.Error](e.cause); replied {
		verb = "refused"
	}
	return fmt.Sprintf("Redis at %s %s: %v", e.Addr, verb, e.cause)
}

func (e *DownError) Unwrap() error { return e.cause }

// Explain gives the page that people see. What it means for the visitor, the
// app knows: see web.Login.
func (e *DownError) Explain() (status int, title, text string) {
	title, text = "Redis does not answer", "The app asked Redis at "+e.Addr+", and "
	reply, replied := errors.AsType[redis.Error](e.cause)
	switch {
	case Refused(e.cause):
		text += "nothing answers there (connection refused). " + e.Advice
	case timedOut(e.cause), errors.Is(e.cause, redis.ErrPoolTimeout):
		text += "got no answer in time. " + e.Advice
	case replied:
		title, text = "Redis refuses", text+"it answered: "+meaning(reply.Error())+" ("+reply.Error()+")"
	default:
		text += "the connection failed. " + e.Advice
	}
	return http.StatusServiceUnavailable, title, text
}

// refusals are what Redis says, in plain words.
var refusals = map[string]string{
	"OOM":         "it has no memory left.",
	"MISCONF":     "it cannot write to its disk, and takes no changes until it can.",
	"READONLY":    "it is a replica, which takes no changes. The app needs the primary.",
	"NOREPLICAS":  "it has too few replicas to take changes.",
	"LOADING":     "it still reads its data from its disk.",
	"BUSY":        "a script keeps it busy.",
	"MASTERDOWN":  "it is a replica that has lost its primary.",
	"CLUSTERDOWN": "a part of the cluster is away.",
	"clients":     "it has no place for one more client.",
	"unknown":     "it does not know this command.",
	"NOAUTH":      "it asks for a password.",
	"WRONGPASS":   "the user name or the password of the app is wrong.",
}

var (
	word      = regexp.MustCompile(`\w+`)
	forbidden = regexp.MustCompile(`NOPERM.* '(.+)'|(NOPERM.* key|one of the keys)|(executing the script)`)
)

// meaning looks anywhere in the text: from a script a refusal comes wrapped in
// another one.
func meaning(reply string) string {
	switch found := forbidden.FindStringSubmatch(reply); {
	case found == nil:
	case found[1] != "":
		return "the app's user lacks the right `+" + found[1] + "`."
	case found[2] != "":
		return "the app's user lacks the right to the keys, `~workshop:*`."
	default:
		return "the app's user lacks the right to a command of the script."
	}
	for _, word := range word.FindAllString(reply, -1) {
		if meant := refusals[word]; meant != "" {
			return meant
		}
	}
	return "it cannot do this."
}

// WrongDataError says that a key of ours holds something that we did not put
// there.
type WrongDataError struct {
	// Key is the key, Type what Redis answers to TYPE for it.
	Key, Type string
	cause     error
}

func (e *WrongDataError) Error() string {
	return fmt.Sprintf("the key %s holds a %s that the app cannot use: %v", e.Key, e.Type, e.cause)
}

func (e *WrongDataError) Unwrap() error { return e.cause }

// Explain gives the page that people see.
func (e *WrongDataError) Explain() (status int, title, text string) {
	return http.StatusInternalServerError, "The key " + e.Key + " is in the way",
		fmt.Sprintf("It holds a %s that this app did not put there, and Redis refused: %v. "+
			"Look at it with redis-cli. If nobody needs it, remove it: DEL %s", e.Type, e.cause, e.Key)
}

// wrongData looks anywhere in the text: from a script the same complaint comes
// wrapped in another one.
func wrongData(err error) bool {
	reply, replied := errors.AsType[redis.Error](err)
	if !replied {
		return false
	}
	return slices.ContainsFunc([]string{
		"WRONGTYPE", "hash value is not an integer", "increment or decrement would overflow",
	}, func(complaint string) bool { return strings.Contains(reply.Error(), complaint) })
}

// wrongDataError finds the command that failed and asks for the type of its
// key. That is one more round trip, on the way to an error page.
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

// keyOf is the first key of a command, empty where it has none.
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
